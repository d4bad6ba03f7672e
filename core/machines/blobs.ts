import { createHash, randomBytes } from 'node:crypto';
import { copyFile, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../base/folder.js';
import { LabError } from '../base/errors.ts';
import { filePart } from './file-part.ts';

const NAME = /^[0-9a-f]{64}$/;
/** Bytes that all files may have together; pinned ones are kept even above it. */
const MOST_BYTES = 20e9;

interface Blob {
  bytes: number;
  /** Milliseconds since 1970, only compared with one another. */
  usedAt: number;
  pins: number;
}

/**
 * Files of an agent under the SHA-256 of their content: teachers and checkpoints cross the network
 * once. The ones that were not used for longest go first.
 */
export class Blobs {
  readonly #folder: string;
  readonly #most: number;
  readonly #blobs = new Map<string, Blob>();
  readonly #coming = new Map<string, Promise<void>>();

  private constructor(folder: string, most: number) {
    this.#folder = folder;
    this.#most = most;
  }

  /** @param most bytes of all files together */
  static async open(folder: string, most = MOST_BYTES): Promise<Blobs> {
    makeFolder(folder);
    const blobs = new Blobs(folder, most);
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      if (!NAME.test(name)) {
        await rm(path, { force: true }); // a file that was not complete when its agent ended
        continue;
      }
      const { size, mtimeMs } = await stat(path);
      blobs.#blobs.set(name, { bytes: size, usedAt: mtimeMs, pins: 0 });
    }
    return blobs;
  }

  has(sha256: string): boolean {
    return this.#blobs.has(sha256);
  }

  /** Keeps a file until `unpin`. */
  pin(sha256: string): void {
    const blob = this.#blobs.get(sha256);
    if (blob) blob.pins++;
  }

  unpin(sha256: string): void {
    const blob = this.#blobs.get(sha256);
    if (blob) blob.pins = Math.max(0, blob.pins - 1);
  }

  /**
   * Makes sure that a file is there, and pins it.
   *
   * @param chunks read only when the file is missing
   * @throws LabError `agents.disk-full`, `workers.weights-damaged` when the hash differs, and what the
   * source throws
   */
  async obtain(
    sha256: string,
    bytes: number,
    chunks: () => AsyncIterable<Uint8Array>,
  ): Promise<void> {
    for (let coming = this.#coming.get(sha256); coming; coming = this.#coming.get(sha256))
      await coming.catch(() => undefined); // the transfer of another job; this one tries its own
    if (!this.#blobs.has(sha256)) {
      const writing = this.#write(sha256, bytes, chunks);
      this.#coming.set(sha256, writing);
      await writing.finally(() => this.#coming.delete(sha256));
    }
    const blob = this.#blobs.get(sha256)!;
    blob.pins++;
    blob.usedAt = Date.now();
    await utimes(join(this.#folder, sha256), new Date(), new Date()).catch(() => undefined);
  }

  /** One part of a file; shorter at its end. Throws LabError `agents.weights-gone`. */
  part(sha256: string, offset: number): Promise<Uint8Array> {
    return filePart(join(this.#folder, sha256), sha256, offset);
  }

  /** A whole file in parts. Throws LabError `agents.weights-gone`. */
  async *read(sha256: string): AsyncGenerator<Uint8Array> {
    for (let offset = 0; ;) {
      const data = await this.part(sha256, offset);
      if (data.length === 0) return;
      yield data;
      offset += data.length;
    }
  }

  /** Copies a file to a path outside. Throws LabError `agents.weights-gone`. */
  async copy(sha256: string, path: string): Promise<void> {
    await copyFile(join(this.#folder, sha256), path).catch((error: unknown) => {
      throw new LabError('agents.weights-gone', { sha256 }, { cause: error });
    });
  }

  async #write(
    sha256: string,
    bytes: number,
    chunks: () => AsyncIterable<Uint8Array>,
  ): Promise<void> {
    await this.#makeRoom(bytes, this.#most);
    const path = join(this.#folder, `${randomBytes(8).toString('hex')}.part`);
    try {
      const file = await open(path, 'wx', 0o600);
      const hash = createHash('sha256');
      try {
        for await (const chunk of chunks()) {
          hash.update(chunk);
          await file.writeFile(chunk);
        }
      } finally {
        await file.close();
      }
      if (hash.digest('hex') !== sha256)
        throw new LabError('workers.weights-damaged', { what: 'A transfer' });
      await rename(path, join(this.#folder, sha256));
      this.#blobs.set(sha256, { bytes, usedAt: Date.now(), pins: 0 });
    } catch (error) {
      await rm(path, { force: true });
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      await this.#makeRoom(bytes, 0); // so that the next try finds room
      throw new LabError('agents.disk-full', { folder: this.#folder }, { cause: error });
    }
  }

  /** Removes files that are not pinned, until there is room for `bytes` below `most`. */
  async #makeRoom(bytes: number, most: number): Promise<void> {
    let total = [...this.#blobs.values()].reduce((sum, blob) => sum + blob.bytes, bytes);
    const oldest = [...this.#blobs].sort(([, a], [, b]) => a.usedAt - b.usedAt);
    for (const [sha256, blob] of oldest) {
      if (total <= most) return;
      if (blob.pins > 0) continue;
      this.#blobs.delete(sha256);
      total -= blob.bytes;
      await rm(join(this.#folder, sha256), { force: true });
    }
  }
}
