import { type Dirent, readdirSync, statSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { LabError, messageOf } from '../../base/errors.ts';

/** A file below the root of a data set. */
export interface PlacedFile {
  /** From the root, with `/`. */
  readonly path: string;
  readonly bytes: number;
  /** Changes when the content does: the time of its last change, or its checksum. */
  readonly stamp: string;
  /** Why it cannot be an image, whatever its name; such a file is never read. */
  readonly fault?: string;
}

/** A folder or zip archive with image files. */
export interface ImagePlace {
  /** By path, in the order of its characters. */
  readonly files: readonly PlacedFile[];
  /** @throws errors of the file system, with their codes, or of a damaged archive */
  read(file: PlacedFile): Promise<Buffer>;
  close(): void;
}

/** Folders inside each other; Tiny-ImageNet has three. */
const MAX_DEPTH = 8;
const MAX_FILES = 5_000_000;
/** Why a file is left out that this user may not read; it may be read later. */
export const NOT_ALLOWED = 'cannot be read: this user has no permission';
/** Bytes of one file; larger ones are listed and never read. */
export const MAX_IMAGE_BYTES = 64 << 20;

/**
 * Lists the files of a folder or zip archive. Links to files are read; links to folders are listed
 * and not followed, because they may lead in circles.
 *
 * @throws LabError `data.not-found`, `data.unreadable`, `data.damaged`, `data.too-many-files`
 */
export async function openPlace(path: string): Promise<ImagePlace> {
  try {
    const found = await stat(path);
    return found.isDirectory() ? openFolder(path) : await openZip(path);
  } catch (error) {
    if (error instanceof LabError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new LabError('data.not-found/path', { path }, { cause: error });
    throw new LabError(
      'data.unreadable/reason',
      { path, reason: messageOf(error) },
      { cause: error },
    );
  }
}

/** Reads names and sizes at once: waiting for each of 100,000 files would take seconds. */
function openFolder(root: string): ImagePlace {
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
    close: () => undefined,
  };
}

const hiddenFolder = (path: string): PlacedFile => ({
  path,
  bytes: 0,
  stamp: '',
  fault: 'is a hidden folder, because its name begins with a dot',
});

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

async function openZip(path: string): Promise<ImagePlace> {
  const zip = await openPromise(path, { autoClose: false }).catch((error: unknown) => {
    throw new LabError('data.not-an-archive/zip', { path, reason: messageOf(error) });
  });
  try {
    const { entries, hidden } = await entriesOf(zip, path);
    const files: PlacedFile[] = [...entries].map(([name, { uncompressedSize, crc32 }]) => ({
      path: name,
      bytes: uncompressedSize,
      stamp: String(crc32),
    }));
    for (const path of hidden) files.push(hiddenFolder(path));
    return {
      files: sorted(files),
      read: async (file) => zip.openReadStreamPromise(entries.get(file.path)!).then(buffer),
      close: () => {
        zip.close();
      },
    };
  } catch (error) {
    zip.close();
    if (error instanceof LabError) throw error;
    throw new LabError('data.damaged', { path, message: `${messageOf(error)}.` }, { cause: error });
  }
}

async function entriesOf(
  zip: ZipFile,
  path: string,
): Promise<{ entries: Map<string, Entry>; hidden: Set<string> }> {
  const entries = new Map<string, Entry>();
  const hidden = new Set<string>();
  for await (const entry of zip.eachEntry()) {
    const { fileName } = entry;
    const names = fileName.split('/');
    const at = names.findIndex(isHidden);
    const isFolder = at >= 0 && at < names.length - 1;
    if (isFolder && names[at] !== MAC_FOLDER) hidden.add(names.slice(0, at + 1).join('/'));
    if (at >= 0 || fileName.endsWith('/')) continue;
    entries.set(fileName, entry);
    if (entries.size > MAX_FILES)
      throw new LabError('data.too-many-files', { path, limit: MAX_FILES });
  }
  return { entries, hidden };
}

/** Notes of macOS beside each file of an archive. */
const MAC_FOLDER = '__MACOSX';

/** What systems leave in folders. */
const isHidden = (name: string): boolean =>
  name.startsWith('.') || ['Thumbs.db', 'desktop.ini', MAC_FOLDER].includes(name);

const sorted = (files: PlacedFile[]): PlacedFile[] =>
  files.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
