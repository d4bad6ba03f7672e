import { createReadStream } from 'node:fs';
import { open, readFile, readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
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
  /** Largest size of each file, by its name without folders; larger files are refused unread. */
  maxBytes: ReadonlyMap<string, number>;
  /** Largest size of all of them together. */
  maxTotalBytes: number;
}

/** Most unpacked bytes, those of other files included. */
const MAX_ARCHIVE_BYTES = 2 ** 30;
/** A chunk of a gzip file can become a thousand times as large. */
const CHUNK_BYTES = 2 ** 16;
/** Bytes of the archive between two signs of progress. */
const PACE_BYTES = 2 ** 20;
/** The first bytes of every gzip file. */
const GZIP = Buffer.from([0x1f, 0x8b]);

/**
 * Reads the wanted files of a folder (or of the folders in it), or of a tar archive, gzip or not,
 * with whatever folders inside. Archives are read in memory: nothing is ever written to disk.
 *
 * @returns what was found, by file name
 * @throws LabError `data.not-found`, `data.unreadable`, `data.not-an-archive`, `data.truncated`,
 * `data.damaged`, `data.unsafe-archive`, `data.too-large`, `data.ambiguous`
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
    // An aborted step reports itself in many ways; the reason is the caller's.
    options.signal?.throwIfAborted();
    if (error instanceof LabError) throw error;
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const cause = { cause: error };
    throw missing
      ? new LabError('data.not-found/path', { path }, cause)
      : new LabError('data.unreadable/reason', { path, reason: messageOf(error) }, cause);
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
      if (wanted.maxBytes.has(name)) {
        const file = join(folder, name);
        const earlier = files.get(name);
        if (earlier) throw ambiguous(path, relative(path, earlier.file), relative(path, file));
        const there = await stat(file);
        if (!there.isFile()) throw noFile(file);
        const { size } = there;
        const max = wanted.maxBytes.get(name)!;
        if (size > max) throw tooLarge(file, size, max);
        files.set(name, { file, size });
      }

  const total = [...files.values()].reduce((sum, { size }) => sum + size, 0);
  if (total > wanted.maxTotalBytes) throw tooLarge(path, total, wanted.maxTotalBytes);
  const members = new Map<string, Member>();
  let done = 0;
  for (const [name, { file, size }] of files) {
    // A file without a size may be one of the system that has no end.
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
  options: DataOptions,
): Promise<Map<string, Member>> {
  const found = new Found(path, wanted);
  try {
    for await (const chunk of unpacked(path, size, options)) found.take(chunk);
  } catch (error) {
    if (!isOfZlib(error)) throw error;
    throw unreadable(path, error, found.sawEntry);
  }
  return found.end();
}

/**
 * The bytes of a tar archive, unpacked where it is gzip, and never more than `MAX_ARCHIVE_BYTES`.
 */
async function* unpacked(
  path: string,
  size: number,
  { signal, onProgress }: DataOptions,
): AsyncGenerator<Buffer> {
  if (size === 0) return; // as files of /proc, some of which have no end
  const isGzip = await beginsLikeGzip(path);
  const source = createReadStream(path, { highWaterMark: CHUNK_BYTES, signal });
  // An error of either stream ends both and is thrown by the loop.
  const plain = isGzip
    ? pipeline(source, createGunzip({ chunkSize: CHUNK_BYTES }), () => undefined)
    : source;
  let told = 0;
  let bytes = 0;
  for await (const chunk of plain as AsyncIterable<Buffer>) {
    // The parser would unpack it once more, all at once.
    if (isGzip && bytes === 0 && isGzipStart(chunk))
      throw notAnArchive(path, 'it is compressed twice');
    bytes += chunk.length;
    if (bytes > MAX_ARCHIVE_BYTES) throw tooLarge(path, bytes, MAX_ARCHIVE_BYTES);
    yield chunk;
    const done = source.bytesRead;
    if (done - told < PACE_BYTES && (done < size || done === told)) continue;
    onProgress?.({ phase: 'read', done: (told = done), total: size });
  }
}

async function beginsLikeGzip(path: string): Promise<boolean> {
  const handle = await open(path);
  try {
    const { buffer } = await handle.read(Buffer.alloc(GZIP.length), 0, GZIP.length, 0);
    return isGzipStart(buffer);
  } finally {
    await handle.close();
  }
}

const isGzipStart = (bytes: Uint8Array): boolean => GZIP.equals(bytes.subarray(0, GZIP.length));

const isOfZlib = (error: unknown): boolean =>
  /^Z_/.test((error as NodeJS.ErrnoException).code ?? '');

/** The wanted files of an archive whose bytes come chunk by chunk. */
class Found {
  sawEntry = false;
  readonly #path: string;
  readonly #wanted: Wanted;
  readonly #members = new Map<string, Member>();
  readonly #parser: Parser;
  readonly #ended: Promise<void>;
  #sawEnd = false;
  /** Bytes that the headers so far speak of, in all and of wanted files. */
  #announced = 0;
  #taken = 0;
  /**
   * The first thing that went wrong. The parser goes on after an error, and errors cannot be thrown
   * through it.
   */
  #problem: LabError | undefined;

  constructor(path: string, wanted: Wanted) {
    this.#path = path;
    this.#wanted = wanted;
    this.#parser = new Parser({
      strict: true,
      brotli: false,
      zstd: false,
      // The parser never passes file system facts here.
      filter: (_path, entry) => this.#isTaken(entry as ReadEntry),
      onReadEntry: (entry) => {
        this.#read(entry);
      },
    });
    this.#parser.on(
      'error',
      (error: unknown) => (this.#problem ??= unreadable(path, error, this.sawEntry)),
    );
    this.#parser.on('eof', () => (this.#sawEnd = true));
    this.#ended = new Promise((resolve) =>
      this.#parser.on('end', resolve).on('abort', () => resolve()),
    );
  }

  /**
   * Entries are taken as they come, so there is nothing to drain. The parser gathers what follows
   * the end.
   */
  take(chunk: Buffer): void {
    if (!this.#sawEnd) this.#parser.write(chunk);
    if (this.#problem) throw this.#problem;
  }

  async end(): Promise<Map<string, Member>> {
    this.#parser.end();
    if (!this.#problem) await this.#ended;
    if (this.#problem) throw this.#problem;
    return this.#members;
  }

  #isTaken(entry: ReadEntry): boolean {
    this.sawEntry = true;
    this.#problem ??= objection(this.#path, entry, this.#wanted);
    const isWanted = this.#wanted.maxBytes.has(nameOf(entry));
    this.#announced += entry.remain;
    if (isWanted) this.#taken += entry.remain;
    for (const [bytes, max] of [
      [this.#announced, MAX_ARCHIVE_BYTES],
      [this.#taken, this.#wanted.maxTotalBytes],
    ] as const)
      if (bytes > max) this.#problem ??= tooLarge(this.#path, bytes, max);
    return this.#problem === undefined && isWanted;
  }

  #read(entry: ReadEntry): void {
    const name = nameOf(entry);
    const where = `${this.#path}: ${entry.path}`;
    const earlier = this.#members.get(name);
    if (earlier) this.#problem ??= ambiguous(this.#path, earlier.where, where);
    const bytes = new Uint8Array(entry.remain);
    let at = 0;
    entry.on('data', (chunk: Buffer) => {
      bytes.set(chunk, at);
      at += chunk.length;
    });
    entry.on('end', () => this.#members.set(name, { bytes, where }));
  }
}

const nameOf = (entry: ReadEntry): string => entry.path.split('/').at(-1)!;

/**
 * Why an archive with this entry is refused. Nothing is unpacked, but such an archive is not what
 * it claims to be.
 */
function objection(archive: string, entry: ReadEntry, wanted: Wanted): LabError | undefined {
  if (
    entry.path.startsWith('/') ||
    /^[A-Za-z]:/.test(entry.path) ||
    entry.path.split('/').includes('..')
  )
    return new LabError('data.unsafe-archive/outside', { archive, entry: entry.path });
  const max = wanted.maxBytes.get(nameOf(entry));
  if (max === undefined) return undefined;
  if (!['File', 'OldFile', 'ContiguousFile'].includes(entry.type))
    return new LabError('data.unsafe-archive/type', {
      archive,
      entry: entry.path,
      type: entry.type,
    });
  if (entry.remain > max) return tooLarge(`${archive}: ${entry.path}`, entry.remain, max);
  return undefined;
}

function unreadable(path: string, error: unknown, sawEntry: boolean): LabError {
  const message = messageOf(error);
  const options = { cause: error };
  if (/unexpected end|Truncated input/i.test(message))
    return new LabError('data.truncated', { path, message }, options);
  if (sawEntry || (error as NodeJS.ErrnoException).code === 'Z_DATA_ERROR')
    return new LabError('data.damaged', { path, message }, options);
  // The reader's own code, `TAR_BAD_ARCHIVE: `, says nothing to a person.
  return notAnArchive(path, message.replace(/^[A-Z_]+: /, ''), options);
}

const notAnArchive = (path: string, found: string, options?: ErrorOptions): LabError =>
  new LabError('data.not-an-archive', { path, found }, options);

/** Who reads a pipe waits for ever, and from a device without end. */
const noFile = (path: string): LabError => new LabError('data.unreadable', { path });

const tooLarge = (where: string, bytes: number, max: number): LabError =>
  new LabError('data.too-large/file', { where, bytes, max });

const ambiguous = (path: string, first: string, second: string): LabError =>
  new LabError('data.ambiguous/files', { path, first, second });
