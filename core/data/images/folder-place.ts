import { isUtf8 } from 'node:buffer';
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
    for (const { name, entry, isText } of entriesOf(join(root, folder))) {
      const path = folder === '' ? name : `${folder}/${name}`;
      if (!isText) add({ path, bytes: 0, stamp: '', fault: 'has a name that is not UTF-8' });
      else if (isHidden(name)) {
        if (entry.isDirectory() && name !== MAC_FOLDER) add(hiddenFolder(path));
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

interface Listed {
  readonly name: string;
  readonly entry: Pick<Dirent, 'isDirectory' | 'isFile' | 'isSymbolicLink'>;
  /** False where no path leads to it, because its name is not UTF-8. */
  readonly isText: boolean;
}

/** Node replaces what is not UTF-8 in a name by this character. */
const REPLACED = '\u{FFFD}';

function entriesOf(folder: string): Listed[] {
  const entries = readdirSync(folder, { withFileTypes: true });
  if (!entries.some(({ name }) => name.includes(REPLACED)))
    return entries.map((entry) => ({ name: entry.name, entry, isText: true }));
  return readdirSync(folder, { withFileTypes: true, encoding: 'buffer' }).map((entry) => {
    const isText = isUtf8(entry.name);
    return { name: isText ? String(entry.name) : escaped(entry.name), entry, isText };
  });
}

/** A name that is not UTF-8 for a person: `caf\xE9`. */
const escaped = (name: Buffer): string =>
  name
    .toString('latin1')
    .replace(/[^ -~]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).toUpperCase()}`);

function fileAt(root: string, path: string, entry: Listed['entry']): PlacedFile {
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
