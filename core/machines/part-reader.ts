import { LabError } from '../base/errors.ts';
import type { WeightsSource } from '../search/runner.ts';
import { PART_BYTES } from './messages.ts';

/** Parts that may be asked for again without another start. */
const KEPT_PARTS = 8;

/** Reads weights at offsets, which nearly always follow one another. */
export class PartReader {
  readonly #source: WeightsSource;
  readonly #kept = new Map<number, Uint8Array>();
  #chunks: AsyncIterator<Uint8Array, undefined> | null = null;
  /** Offset of the first byte of `#rest`. */
  #position = 0;
  #rest: Uint8Array = new Uint8Array();
  #last: Promise<unknown> = Promise.resolve();

  constructor(source: WeightsSource) {
    this.#source = source;
  }

  /**
   * The part at an offset, a multiple of PART_BYTES; calls are served one after another. Throws
   * what the source throws, and LabError `agents.weights-gone` for a wrong offset.
   */
  part(offset: number): Promise<Uint8Array> {
    const part = this.#last.then(() => this.#read(offset));
    this.#last = part.catch(() => {
      this.#chunks = null; // the next try begins again
    });
    return part;
  }

  async #read(offset: number): Promise<Uint8Array> {
    const kept = this.#kept.get(offset);
    if (kept) return kept;
    const { bytes, sha256 } = this.#source;
    if (offset % PART_BYTES !== 0 || offset >= bytes)
      throw new LabError('agents.weights-gone', { sha256 });
    if (!this.#chunks || offset < this.#position) {
      this.#chunks = this.#source.chunks()[Symbol.asyncIterator]();
      this.#position = 0;
      this.#rest = new Uint8Array();
    }
    while (this.#position < offset) await this.#next();
    const part = await this.#next();
    return part;
  }

  /** The next part of the stream. */
  async #next(): Promise<Uint8Array> {
    const size = Math.min(PART_BYTES, this.#source.bytes - this.#position);
    while (this.#rest.length < size) {
      const { value, done } = await this.#chunks!.next();
      if (done) throw new LabError('agents.weights-gone', { sha256: this.#source.sha256 });
      this.#rest = this.#rest.length === 0 ? value : Buffer.concat([this.#rest, value]);
    }
    const part = this.#rest.subarray(0, size);
    this.#kept.set(this.#position, part);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT_PARTS && oldest !== undefined) this.#kept.delete(oldest);
    this.#rest = this.#rest.subarray(size);
    this.#position += size;
    return part;
  }
}
