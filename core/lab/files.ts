import { randomUUID } from 'node:crypto';
import { type FileHandle, open, rm, stat, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, isAbsolute, join } from 'node:path';
import { ChunkReceiver } from '../base/chunks.ts';
import { LabError, messageOf, problemOf } from '../base/errors.ts';
import { makeTemporary } from '../base/temporary.ts';
import type { Download, FileInput } from './api.ts';

/** Largest file that may be sent, bytes: a study with the weights of hundreds of trials. */
const MAX_BYTES = 64 * 2 ** 30;
/** Largest portion of a file that crosses the connection at once, bytes. */
const MAX_PORTION = 1 << 20;
/** Portions of one upload that may wait to be written at once. */
const PORTIONS_AHEAD = 16;
const MAX_FILES = 64;
/** Milliseconds after which a file that nobody has touched is forgotten. */
const FORGET_AFTER = 60 * 60_000;

interface Kept {
  path: string;
  name: string;
  bytes: number;
  /** What has come of an upload; of a download nothing may come. */
  chunks: ChunkReceiver;
  handle: FileHandle;
  touched: number;
}

/**
 * Files on their way between lab and screen, in a folder that goes with the lab. Names from outside
 * are never paths.
 */
export class Files {
  #folder: string | null = null;
  readonly #uploads = new Map<string, Kept>();
  readonly #downloads = new Map<string, Kept>();
  readonly #free: (folder: string) => Promise<number>;

  /** @param free bytes that a folder's disk has room for */
  constructor(free: (folder: string) => Promise<number> = freeBytes) {
    this.#free = free;
  }

  /** Announces a file that comes in portions. */
  async begin(name: string, bytes: number, signal?: AbortSignal): Promise<{ upload: string }> {
    if (bytes > MAX_BYTES) throw new LabError('files.too-large', { name, bytes, limit: MAX_BYTES });
    await this.#requireRoom(name, bytes);
    const [id] = await this.#make(this.#uploads, name, bytes);
    if (signal?.aborted) await this.forget(id); // nobody will hear of it
    return { upload: id };
  }

  async append(id: string, offset: number, base64: string): Promise<{ received: number }> {
    const upload = this.#find(this.#uploads, id);
    const data = Buffer.from(base64, 'base64');
    const { chunks } = upload;
    // Counted before the wait: the next portion may come meanwhile.
    if (chunks.receive({ offset }, data.length) !== null)
      throw new LabError('files.out-of-order', {
        bytes: data.length,
        offset,
        received: chunks.received,
        total: upload.bytes,
      });
    try {
      await writeAll(upload, data, offset);
    } catch (error) {
      await this.forget(id);
      throw error;
    }
    chunks.take();
    return { received: offset + data.length };
  }

  /** A file that was named or sent: its path, and its name for people. */
  async #input(file: FileInput): Promise<{ path: string; name: string }> {
    if ('upload' in file) {
      const upload = this.#find(this.#uploads, file.upload);
      if (!upload.chunks.complete)
        throw new LabError('files.incomplete', {
          name: upload.name,
          received: upload.chunks.received,
          total: upload.bytes,
        });
      return { path: upload.path, name: upload.name };
    }
    if (!isAbsolute(file.path))
      throw new LabError('files.relative-path', { path: file.path.slice(0, 200) });
    const found = await stat(file.path).catch((error: unknown) => {
      throw unreadable(file.path, error);
    });
    // Reading a pipe may wait for ever, and a device has no end.
    if (!found.isFile() && !found.isDirectory())
      throw new LabError('files.no-file', { path: file.path });
    // Files of /proc and the like have no size, and reading some of them waits for ever.
    if (found.isFile() && found.size === 0) throw new LabError('files.empty', { path: file.path });
    return { path: file.path, name: basename(file.path) };
  }

  /**
   * Does something with a file that was named or sent. What was sent is used once and then
   * forgotten, and is called by its own name in what is said of it.
   */
  async use<T>(file: FileInput, work: (path: string, name: string) => Promise<T>): Promise<T> {
    const { path, name } = await this.#input(file);
    try {
      return await work(path, name);
    } catch (error) {
      const known = isFull(error)
        ? noSpace(name, messageOf(error))
        : isOfSystem(error)
          ? unreadable(path, error)
          : error;
      if (!('upload' in file) || !(known instanceof LabError)) throw known;
      throw new LabError(
        { ...problemOf(known), message: known.message.replaceAll(path, name) },
        { cause: error },
      );
    } finally {
      if ('upload' in file) await this.forget(file.upload);
    }
  }

  /** Makes content ready to be fetched; aborted, it stops and leaves nothing behind. */
  async offer(
    name: string,
    type: string,
    content: AsyncIterable<Uint8Array> | Iterable<Uint8Array> | string,
    signal?: AbortSignal,
  ): Promise<Download> {
    const [id, kept] = await this.#make(this.#downloads, name, 0);
    try {
      for await (const chunk of typeof content === 'string' ? [Buffer.from(content)] : content) {
        await writeAll(kept, chunk, kept.bytes);
        kept.bytes += chunk.length;
        signal?.throwIfAborted();
      }
    } catch (error) {
      await this.forget(id);
      throw error;
    }
    return { download: id, name, type, bytes: kept.bytes };
  }

  /**
   * Makes a file ready to be fetched that `make` writes to a path where nothing is yet.
   *
   * @param bytes about how many it will have
   */
  async offerMade(
    name: string,
    type: string,
    bytes: number,
    make: (path: string) => Promise<void>,
    signal?: AbortSignal,
  ): Promise<Download> {
    await this.#requireRoom(name, bytes);
    const [id, kept] = await this.#make(this.#downloads, name, 0);
    try {
      await rm(kept.path);
      await make(kept.path);
      await kept.handle.close();
      kept.handle = await open(kept.path, 'r');
      kept.bytes = (await kept.handle.stat()).size;
      signal?.throwIfAborted();
    } catch (error) {
      await this.forget(id);
      throw error;
    }
    return { download: id, name, type, bytes: kept.bytes };
  }

  async portion(id: string, offset: number): Promise<{ data: string; last: boolean }> {
    const download = this.#find(this.#downloads, id);
    const size = Math.max(0, Math.min(MAX_PORTION, download.bytes - offset));
    const data = Buffer.alloc(size);
    let read = 0;
    while (read < size) {
      const { bytesRead } = await download.handle.read(data, read, size - read, offset + read);
      if (bytesRead === 0) break;
      read += bytesRead;
    }
    return { data: data.toString('base64'), last: offset + size >= download.bytes };
  }

  /** Idempotent. */
  async forget(id: string): Promise<void> {
    for (const files of [this.#uploads, this.#downloads]) {
      const kept = files.get(id);
      if (!kept) continue;
      files.delete(id);
      await kept.handle.close();
      await rm(kept.path, { force: true });
    }
  }

  async close(): Promise<void> {
    for (const id of [...this.#uploads.keys(), ...this.#downloads.keys()]) await this.forget(id);
    if (this.#folder) await rm(this.#folder, { recursive: true, force: true });
  }

  /** What others have announced before has its room. */
  async #requireRoom(name: string, bytes: number): Promise<void> {
    const [free, announced] = [await this.#free(tmpdir()), [...this.#uploads.values()]];
    const room = announced.reduce(
      (left, other) => left - (other.bytes - other.chunks.received),
      free,
    );
    if (bytes > room)
      throw noSpace(
        name,
        `${bytes} bytes are needed in ${tmpdir()}, ${Math.max(0, room)} are free`,
      );
  }

  async #make(files: Map<string, Kept>, name: string, bytes: number): Promise<[string, Kept]> {
    const now = Date.now();
    for (const [id, { touched }] of files) if (now - touched > FORGET_AFTER) await this.forget(id);
    if (files.size >= MAX_FILES) throw new LabError('files.too-many', { count: files.size });
    this.#folder ??= madeFolder();
    const id = randomUUID();
    const path = join(this.#folder, id);
    const kept = {
      path,
      name: basename(name),
      bytes,
      chunks: new ChunkReceiver({ total: bytes, largest: MAX_PORTION, ahead: PORTIONS_AHEAD }),
      handle: await open(path, 'wx+'),
      touched: now,
    };
    files.set(id, kept);
    return [id, kept];
  }

  #find(files: Map<string, Kept>, id: string): Kept {
    const kept = files.get(id);
    if (!kept) throw new LabError('files.unknown');
    kept.touched = Date.now();
    return kept;
  }
}

function madeFolder(): string {
  try {
    return makeTemporary('lab');
  } catch (error) {
    throw noFolder(tmpdir(), error);
  }
}

const noFolder = (folder: string, error: unknown): LabError =>
  new LabError('files.no-folder', { folder, reason: messageOf(error) });

/** A disk that gets full takes a part first. */
async function writeAll({ handle, name }: Kept, data: Uint8Array, at: number): Promise<void> {
  try {
    for (let done = 0; done < data.length;) {
      const { bytesWritten } = await handle.write(data, done, data.length - done, at + done);
      done += bytesWritten;
    }
  } catch (error) {
    throw isFull(error) ? noSpace(name, messageOf(error)) : error;
  }
}

async function freeBytes(folder: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch (error) {
    throw noFolder(folder, error);
  }
}

const isFull = (error: unknown): boolean =>
  ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');

const noSpace = (name: string, found: string): LabError =>
  new LabError('files.no-space', { name, found });

/** Of a file that is not there, may not be read, or is a folder. */
const isOfSystem = (error: unknown): boolean => error instanceof Error && 'syscall' in error;

const unreadable = (path: string, error: unknown): LabError =>
  new LabError('files.unreadable', { path, reason: messageOf(error) });
