import { type Dirent, readdirSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from '../../base/errors.ts';
import {
  hiddenFolder,
  type ImagePlace,
  isHidden,
  MAC_FOLDER,
  MAX_FILES,
  type PlacedFile,
  sorted,
} from './place.ts';

/** Folders inside each other; Tiny-ImageNet has three. */
const MAX_DEPTH = 8;

/** Reads names and sizes at once: waiting for each of 100,000 files would take seconds. */
export function openFolder(root: string): ImagePlace {
  const files: PlacedFile[] = [];
  const visit = (folder: string, depth: number): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (isHidden(entry.name)) {
        if (entry.isDirectory() && entry.name !== MAC_FOLDER) add(hiddenFolder(path));
      } else if (!entry.isDirectory()) add(fileAt(root, path, entry));
      else if (depth < MAX_DEPTH) visit(path, depth + 1);
      else add({ path, bytes: 0, stamp: '', fault: `is a folder inside ${MAX_DEPTH} others` });
    }
  };
  const add = (file: PlacedFile): void => {
    files.push(file);
    if (files.length > MAX_FILES)
      throw new LabError('data.too-many-files', { path: root, limit: MAX_FILES });
  };
  visit('', 0);
  return {
    files: sorted(files),
    read: async ({ path }) => readFile(join(root, path)),
    close: async () => Promise.resolve(),
  };
}

function fileAt(root: string, path: string, entry: Dirent): PlacedFile {
  const isPlain = entry.isFile() || entry.isSymbolicLink();
  // `join` would take as long as the system does
  const found = isPlain ? statSync(`${root}/${path}`, { throwIfNoEntry: false }) : undefined;
  if (found?.isFile()) return { path, bytes: found.size, stamp: String(found.mtimeMs) };
  const fault = !isPlain
    ? 'is no regular file'
    : found?.isDirectory()
      ? 'is a link to a folder, which is not followed'
      : 'is a link that leads to no file';
  return { path, bytes: 0, stamp: '', fault };
}
