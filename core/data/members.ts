import { createReadStream } from 'node:fs';
import { readFile, readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Parser } from 'tar';
import type { ReadEntry } from 'tar';
import { LabError, messageOf } from '../base/errors.ts';
import type { DataOptions } from './progress.ts';

/** A file's bytes and where it was found: a path, or `archive: member`. */
export interface Member {
  bytes: Uint8Array;
  where: string;
}

export interface Wanted {
  /** File names without folders. */
  names: readonly string[];
  /** Larger files are refused unread. */
  maxBytes: number;
}

/** An archive may hold other files; past this many unpacked bytes it is not one of ours. */
const MAX_ARCHIVE_BYTES = 2 ** 30;
const CHUNK_BYTES = 2 ** 20;

/**
 * Reads the wanted files of a folder (or of the folders in it), or of a tar archive, gzip or not, with whatever
 * folders inside. Archives are read in memory: nothing is ever written to disk.
 *
 * @returns what was found, by file name
 * @throws LabError `data.not-found`, `data.unreadable`, `data.not-an-archive`, `data.truncated`, `data.damaged`, `data.unsafe-archive`,
 *   `data.too-large`, `data.ambiguous`
 */
export async function readMembers(
  path: string,
  wanted: Wanted,
  options: DataOptions = {},
): Promise<Map<string, Member>> {
  try {
    const found = await stat(path);
    if (!found.isFile() && !found.isDirectory()) throw noFile(path);
    return found.isDirectory()
      ? await readFolder(path, wanted, options)
      : await readArchive(path, found.size, wanted, options);
  } catch (error) {
    options.signal?.throwIfAborted(); // an aborted step reports itself in many ways; the reason is the caller's
    if (error instanceof LabError) throw error;
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new LabError(
      missing ? 'data.not-found' : 'data.unreadable',
      missing ? `there is no file or folder ${path}` : `${path} cannot be read: ${messageOf(error)}`,
      'Give the path of an archive (.tar.gz or .tar) or of a folder with the .bin files.',
      { cause: error },
    );
  }
}

async function readFolder(
  path: string,
  wanted: Wanted,
  { signal, onProgress }: DataOptions,
): Promise<Map<string, Member>> {
  const here = await readdir(path, { withFileTypes: true });
  const folders = [
    path,
    ...here.filter((entry) => entry.isDirectory()).map((entry) => join(path, entry.name)),
  ];
  const files = new Map<string, { file: string; size: number }>();
  for (const folder of folders)
    for (const name of await readdir(folder))
      if (wanted.names.includes(name)) {
        const file = join(folder, name);
        const earlier = files.get(name);
        if (earlier) throw ambiguous(path, relative(path, earlier.file), relative(path, file));
        const there = await stat(file);
        if (!there.isFile()) throw noFile(file);
        const { size } = there;
        if (size > wanted.maxBytes) throw tooLarge(file, size, wanted.maxBytes);
        files.set(name, { file, size });
      }

  const total = [...files.values()].reduce((sum, { size }) => sum + size, 0);
  const members = new Map<string, Member>();
  let done = 0;
  for (const [name, { file, size }] of files) {
    // Files of /proc and the like have no size, and reading some of them waits for ever.
    const bytes = size === 0 ? new Uint8Array() : await readFile(file, { signal });
    members.set(name, { bytes, where: file });
    onProgress?.({ phase: 'read', done: (done += size), total });
  }
  return members;
}

async function readArchive(
  path: string,
  size: number,
  wanted: Wanted,
  { signal, onProgress }: DataOptions,
): Promise<Map<string, Member>> {
  const members = new Map<string, Member>();
  let unpacked = 0;
  let sawEntry = false;
  /** The first thing that went wrong. The parser goes on after an error, and errors cannot be thrown through it. */
  let problem: LabError | undefined;

  const parser = new Parser({
    strict: true,
    filter: (_path, entry) => {
      sawEntry = true;
      const header = entry as ReadEntry; // the parser never passes file system facts here
      problem ??= objection(path, header, wanted);
      unpacked += header.remain;
      if (unpacked > MAX_ARCHIVE_BYTES) problem ??= tooLarge(path, unpacked, MAX_ARCHIVE_BYTES);
      return problem === undefined && wanted.names.includes(nameOf(header));
    },
    onReadEntry: (entry) => {
      const name = nameOf(entry);
      const where = `${path}: ${entry.path}`;
      const earlier = members.get(name);
      if (earlier) problem ??= ambiguous(path, earlier.where, where);
      const bytes = new Uint8Array(entry.remain);
      let at = 0;
      entry.on('data', (chunk: Buffer) => {
        bytes.set(chunk, at);
        at += chunk.length;
      });
      entry.on('end', () => members.set(name, { bytes, where }));
    },
  });
  parser.on('error', (error: unknown) => (problem ??= unreadable(path, error, sawEntry)));
  const ended = new Promise<void>((resolve) => parser.on('end', resolve).on('abort', () => resolve()));

  let done = 0;
  // Files of /proc and the like have no size, and reading some of them waits for ever.
  const chunks = size === 0 ? [] : createReadStream(path, { highWaterMark: CHUNK_BYTES, signal });
  for await (const chunk of chunks) {
    parser.write(chunk as Buffer); // entries are taken as they come, so there is nothing to drain
    if (problem) throw problem;
    onProgress?.({ phase: 'read', done: (done += (chunk as Buffer).length), total: size });
  }
  parser.end();
  if (!problem) await ended;
  if (problem) throw problem as LabError;
  return members;
}

const nameOf = (entry: ReadEntry): string => entry.path.split('/').at(-1)!;

/** Why an archive with this entry is refused. Nothing is unpacked, but such an archive is not what it claims to be. */
function objection(archive: string, entry: ReadEntry, wanted: Wanted): LabError | undefined {
  const official = 'Use the official archive.';
  if (entry.path.startsWith('/') || /^[A-Za-z]:/.test(entry.path) || entry.path.split('/').includes('..'))
    return new LabError(
      'data.unsafe-archive',
      `${archive}: the entry "${entry.path}" points outside the archive, expected plain names in folders`,
      official,
    );
  if (!wanted.names.includes(nameOf(entry))) return undefined;
  if (!['File', 'OldFile', 'ContiguousFile'].includes(entry.type))
    return new LabError(
      'data.unsafe-archive',
      `${archive}: the entry "${entry.path}" is of type ${entry.type}, expected a plain file`,
      official,
    );
  if (entry.remain > wanted.maxBytes)
    return tooLarge(`${archive}: ${entry.path}`, entry.remain, wanted.maxBytes);
  return undefined;
}

function unreadable(path: string, error: unknown, sawEntry: boolean): LabError {
  const message = messageOf(error);
  const options = { cause: error };
  if (/unexpected end|Truncated input/i.test(message))
    return new LabError(
      'data.truncated',
      `${path} ends too early (${message})`,
      'Copy or download the archive again.',
      options,
    );
  if (sawEntry || (error as NodeJS.ErrnoException).code === 'Z_DATA_ERROR')
    return new LabError(
      'data.damaged',
      `${path} is damaged: ${message}`,
      'Copy or download the archive again.',
      options,
    );
  return new LabError(
    'data.not-an-archive',
    `${path} is not an archive that can be read (${message}), expected .tar.gz or .tar`,
    'Give the path of the official binary archive, or of a folder with the .bin files.',
    options,
  );
}

/** Who reads a pipe waits for ever, and from a device without end. */
const noFile = (path: string): LabError =>
  new LabError(
    'data.unreadable',
    `${path} is neither a file nor a folder`,
    'Give the path of an archive (.tar.gz or .tar) or of a folder with the .bin files.',
  );

const tooLarge = (where: string, bytes: number, max: number): LabError =>
  new LabError(
    'data.too-large',
    `${where} holds ${bytes} bytes, expected at most ${max}`,
    'Use the official files or a part of them.',
  );

const ambiguous = (path: string, first: string, second: string): LabError =>
  new LabError(
    'data.ambiguous',
    `${path} holds the same file twice: ${first} and ${second}`,
    'Give the path of one data set.',
  );
