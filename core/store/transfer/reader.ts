import { createHash } from 'node:crypto';
import { LabError } from '../../base/errors.ts';

const NEWLINE = 10;

export interface Line {
  /** Without its end. */
  text: string;
  /** False when the stream ends before the line does, as far as that can be told. */
  ended: boolean;
  /** SHA-256 of everything before it, hexadecimal. */
  hashBefore: () => string;
}

/** Reads lines and counted bytes from a stream, and hashes all but the last line. */
export class Reader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #hash = createHash('sha256');
  #rest: Uint8Array = new Uint8Array(0);

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** The next line; undefined at the end of the stream. Throws `import.too-long`. */
  async line(most: number): Promise<Line | undefined> {
    const parts: Uint8Array[] = [];
    let length = 0;
    let ended = true;
    for (;;) {
      const end = this.#rest.indexOf(NEWLINE);
      if (end >= 0) {
        parts.push(this.#rest.subarray(0, end + 1));
        this.#rest = this.#rest.subarray(end + 1);
        break;
      }
      parts.push(this.#rest);
      length += this.#rest.length;
      if (length > most) throw new LabError('import.too-long', { most });
      if (!(await this.#more())) {
        if (length === 0) return undefined;
        this.#rest = new Uint8Array(0);
        ended = false;
        break;
      }
    }
    const bytes = Buffer.concat(parts);
    const before = this.#hash.copy();
    this.#hash.update(bytes);
    const text = bytes.toString('utf8', 0, bytes.length - Number(ended));
    return { text, ended, hashBefore: () => before.digest('hex') };
  }

  /** So many bytes, as they come. Throws `import.truncated`. */
  async *bytes(count: number): AsyncGenerator<Uint8Array> {
    for (let left = count; left > 0;) {
      if (this.#rest.length === 0 && !(await this.#more())) throw truncated();
      const part = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(part.length);
      left -= part.length;
      this.#hash.update(part);
      yield part;
    }
  }

  async #more(): Promise<boolean> {
    const next = await this.#chunks.next();
    if (next.done) return false;
    this.#rest = next.value;
    return true;
  }
}

export const truncated = (): LabError => new LabError('import.truncated');
