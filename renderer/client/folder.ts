/**
 * A folder as one file: a tar archive around the files themselves, which are only read when it is
 * sent.
 */
import { LabError } from '../../core/base/errors.ts';

const BLOCK = 512;
/** Bytes of a name in a header. */
const MAX_NAME = 100;
/** Of a folder of data or images: more files, or deeper folders, are no data set. */
const MAX_FILES = 200_000;
const MAX_DEPTH = 6;

/** As `webkitGetAsEntry` gives them: what is dropped, files and folders alike. */
export interface Entry {
  readonly name: string;
  readonly isDirectory: boolean;
}
interface FileEntry extends Entry {
  file(done: (file: Blob) => void, failed: (error: Error) => void): void;
}
export interface FolderEntry extends Entry {
  createReader(): {
    readEntries(done: (entries: Entry[]) => void, failed: (error: Error) => void): void;
  };
}

/** Throws LabError `files.too-many` and `files.unreadable`. */
export async function folderAsFile(folder: FolderEntry): Promise<File> {
  return archiveOf(folder.name, await filesIn(folder, folder.name, MAX_DEPTH));
}

/** A file of a folder that was chosen, with its path from that folder on. */
type ChosenFile = Blob & { readonly webkitRelativePath: string };

/** The files of a folder that was chosen in a dialog. Throws LabError `files.too-many`. */
export function filesAsFile(files: readonly ChosenFile[]): File {
  const [name = 'folder'] = files[0]?.webkitRelativePath.split('/') ?? [];
  if (files.length > MAX_FILES)
    throw new LabError('files.too-many/folder', { name, limit: MAX_FILES });
  return archiveOf(
    name,
    files.map((file) => [file.webkitRelativePath, file]),
  );
}

function archiveOf(name: string, files: readonly [path: string, file: Blob][]): File {
  const parts = files.flatMap(([path, file]) => [
    ...longName(path),
    header(shortened(path), file.size),
    file,
    padding(file.size),
  ]);
  return new File([...parts, new Uint8Array(2 * BLOCK)], `${name}.tar`);
}

const padding = (size: number): Uint8Array<ArrayBuffer> =>
  new Uint8Array((BLOCK - (size % BLOCK)) % BLOCK);

async function filesIn(
  folder: FolderEntry,
  path: string,
  depth: number,
): Promise<[path: string, file: Blob][]> {
  const found: [string, Blob][] = [];
  for (const entry of await entriesOf(folder)) {
    const inner = `${path}/${entry.name}`;
    if (!entry.isDirectory) found.push([inner, await fileOf(entry as FileEntry)]);
    else if (depth > 1) found.push(...(await filesIn(entry as FolderEntry, inner, depth - 1)));
    if (found.length > MAX_FILES)
      throw new LabError('files.too-many/folder', { name: folder.name, limit: MAX_FILES });
  }
  return found;
}

/** A reader gives a hundred at a time. */
async function entriesOf(folder: FolderEntry): Promise<Entry[]> {
  const reader = folder.createReader();
  const all: Entry[] = [];
  for (;;) {
    const more = await new Promise<Entry[]>((done, failed) =>
      reader.readEntries(done, failed),
    ).catch(() => Promise.reject(unreadable(folder)));
    if (more.length === 0) return all;
    all.push(...more);
  }
}

const fileOf = (entry: FileEntry): Promise<Blob> =>
  new Promise<Blob>((done, failed) => entry.file(done, failed)).catch(() =>
    Promise.reject(unreadable(entry)),
  );

const unreadable = ({ name }: Entry): LabError => new LabError('files.unreadable/entry', { name });

/**
 * POSIX.1-2001 (pax): an entry before a file whose path is longer than 100 bytes. It holds one
 * record, "LENGTH path=PATH\n", whose length counts itself.
 */
function longName(path: string): Uint8Array<ArrayBuffer>[] {
  const encoder = new TextEncoder();
  if (encoder.encode(path).length <= MAX_NAME) return [];
  const bytes = encoder.encode(` path=${path}\n`).length;
  let length = bytes;
  while (length !== bytes + String(length).length) length = bytes + String(length).length;
  const record = encoder.encode(`${length} path=${path}\n`);
  return [header('name', record.length, 'x'), record, padding(record.length)];
}

/** POSIX.1-1988 (ustar): name, mode, owners, size, time, sum, kind; numbers octal, times 0. */
function header(name: string, size: number, kind: '0' | 'x' = '0'): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(BLOCK);
  const encoder = new TextEncoder();
  const put = (at: number, text: string): void => void encoder.encodeInto(text, block.subarray(at));
  const octal = (at: number, digits: number, value: number): void =>
    put(at, value.toString(8).padStart(digits, '0'));
  put(0, name);
  octal(100, 7, 0o644);
  octal(108, 7, 0);
  octal(116, 7, 0);
  octal(124, 11, size);
  octal(136, 11, 0);
  put(148, ' '.repeat(8)); // the sum, while it is summed up
  put(156, kind);
  put(257, 'ustar\u000000');
  octal(
    148,
    6,
    block.reduce((sum, byte) => sum + byte, 0),
  );
  block[154] = 0;
  return block;
}

/** At most 100 bytes, for readers that know no long names: the file's own name counts. */
function shortened(path: string): string {
  const encoder = new TextEncoder();
  let rest = path;
  while (encoder.encode(rest).length > MAX_NAME) rest = rest.slice(1);
  return rest;
}
