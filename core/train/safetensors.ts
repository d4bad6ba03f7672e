import { LabError } from '../base/errors.ts';
import { sizeOf } from '../models/tensors.ts';

/** A float32 tensor with a name. */
export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/**
 * Longest JSON header that is read, bytes: one of seven deep networks has less than 1 MiB (the
 * format allows 100 MB).
 */
const MAX_HEADER = 16 << 20;
/** Lists and objects inside each other; a header has three. */
const MAX_DEPTH = 16;
/** Bytes of the length before the header. */
export const PREFIX = 8;

/** A tensor as the header describes it. */
export interface TensorEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Begin and end in the data that follow the header, bytes. */
  readonly data_offsets: readonly [number, number];
}

/** The JSON of a header: tensors by name, and `__metadata__`. */
export type HeaderJson = Readonly<Record<string, unknown>>;

/** A range of the data that follow the header, bytes. */
export interface DataRange {
  readonly start: number;
  readonly end: number;
}

/** The bytes are no safetensors file; the message says why. */
export class NotSafetensors extends Error {}

/**
 * Returns tensors and metadata as one safetensors file (format of Hugging Face: 8 bytes
 * little-endian header length, JSON header padded with spaces to 8 bytes, then the data). The same
 * input gives the same bytes.
 */
export function encodeSafetensors(
  tensors: readonly NamedTensor[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let end = 0;
  for (const { name, shape, values } of tensors) {
    const start = end;
    end += values.byteLength;
    header[name] = { dtype: 'F32', shape, data_offsets: [start, end] };
  }
  const head = encodeHeader(header);
  const bytes = new Uint8Array(head.length + end);
  bytes.set(head);
  let offset = head.length;
  for (const { values } of tensors) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), offset);
    offset += values.byteLength;
  }
  return bytes;
}

/** A header as bytes: its length, and its JSON padded with spaces to 8 bytes. */
function encodeHeader(json: HeaderJson): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(json));
  const length = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(PREFIX + length).fill(0x20, PREFIX);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(text, PREFIX);
  return bytes;
}

/** Bytes of a file that begins with this header; NaN when a tensor has no offsets. */
export function fileSize({ json, length }: Header): number {
  const ends = tensorsOf(json).map(
    ([, entry]) => (entry as Partial<TensorEntry>).data_offsets?.[1] ?? NaN,
  );
  return PREFIX + length + Math.max(0, ...ends);
}

/** The tensors of a header, without its metadata; their fields are not checked. */
export const tensorsOf = (json: HeaderJson): [name: string, entry: TensorEntry][] =>
  Object.entries(json).filter(([name]) => name !== '__metadata__') as [string, TensorEntry][];

/**
 * Reads float32 tensors and metadata; `source` names the file in errors.
 *
 * @throws LabError `checkpoint.not-safetensors`, `checkpoint.truncated`
 */
export function decodeSafetensors(
  bytes: Uint8Array,
  source: string,
): { tensors: Map<string, NamedTensor>; metadata: Record<string, string> } {
  const header = completeHeader(bytes, source);
  const data = PREFIX + header.length;
  const tensors = new Map<string, NamedTensor>();
  for (const [name, entry] of tensorsOf(header.json)) {
    const { dtype, shape, data_offsets: offsets } = entry as Partial<TensorEntry>;
    if (!areSizes(shape) || !areSizes(offsets) || offsets.length !== 2)
      throw broken(source, `tensor "${name}" has no shape or offsets`);
    if (dtype !== 'F32') throw broken(source, `tensor "${name}" is ${String(dtype)}, expected F32`);
    const [start, end] = offsets as [number, number];
    if (end - start !== 4 * sizeOf(shape))
      throw broken(source, `tensor "${name}" has offsets that do not fit its shape`);
    if (data + end > bytes.length) {
      throw new LabError('checkpoint.truncated', {
        source,
        bytes: bytes.length,
        name,
        needed: data + end,
      });
    }
    // A copy: the bytes may not be aligned to 4, and Buffer's slice would share them.
    const values = new Float32Array(
      new Uint8Array(bytes.subarray(data + start, data + end)).buffer,
    );
    tensors.set(name, { name, shape, values });
  }
  const { __metadata__: metadata = {} } = header.json;
  return { tensors, metadata: metadata as Record<string, string> };
}

/** A header that was read. */
export interface Header {
  readonly json: HeaderJson;
  /** Bytes of the JSON text and its padding. */
  readonly length: number;
}

/**
 * The header at the beginning of a file; null while more bytes must come.
 *
 * @throws NotSafetensors
 */
function headerIn(bytes: Uint8Array): Header | null {
  const length = neededFor(bytes) - PREFIX;
  if (length > MAX_HEADER)
    throw new NotSafetensors('its header is longer than the file, or than 16 MiB');
  if (bytes.length < PREFIX + length || length < 0) return null;
  const text = bytes.subarray(PREFIX, PREFIX + length);
  try {
    // JSON.parse takes 100 bytes of memory for each of a million lists inside each other
    const json: unknown = isFlat(text) && JSON.parse(utf8.decode(text));
    if (isHeader(json)) return { json, length };
  } catch {
    // falls through: not JSON
  }
  throw new NotSafetensors('its header is not a JSON object of tensors');
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Bytes of the length and the header; 0 while the length has not come. */
const neededFor = (bytes: Uint8Array): number =>
  bytes.length < PREFIX
    ? 0
    : PREFIX + Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));

const code = (character: string): number => character.charCodeAt(0);
const QUOTE = code('"');
const BACKSLASH = code('\\');
const OPENING = [code('['), code('{')];
const CLOSING = [code(']'), code('}')];

/** Whether lists and objects of a JSON text lie at most `MAX_DEPTH` deep. */
function isFlat(text: Uint8Array): boolean {
  let depth = 0;
  let isInString = false;
  for (let at = 0; at < text.length && depth <= MAX_DEPTH; at++) {
    const byte = text[at]!;
    if (byte === QUOTE) isInString = !isInString;
    else if (isInString) at += byte === BACKSLASH ? 1 : 0;
    else if (OPENING.includes(byte)) depth++;
    else if (CLOSING.includes(byte)) depth--;
  }
  return depth <= MAX_DEPTH;
}

const isHeader = (json: unknown): json is HeaderJson =>
  typeof json === 'object' &&
  json !== null &&
  !Array.isArray(json) &&
  Object.values(json).every((entry) => typeof entry === 'object' && entry !== null);

/** Reads the header of a file that comes in chunks. */
export class HeaderReader {
  #chunks: Uint8Array[] = [];
  #size = 0;
  #needed = PREFIX;

  /**
   * Takes the next chunk.
   *
   * @returns the header and the data that came behind it; null until enough has come
   * @throws NotSafetensors
   */
  add(chunk: Uint8Array): { header: Header; data: Uint8Array } | null {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#size < this.#needed) return null;
    const bytes = Buffer.concat(this.#chunks);
    this.#chunks = [bytes];
    this.#needed = neededFor(bytes);
    const header = headerIn(bytes);
    return header && { header, data: bytes.subarray(PREFIX + header.length) };
  }
}

/**
 * The chunks of a file with another header, and of its data only some ranges. Never holds more
 * than the header and one chunk.
 *
 * @param decide the new header, and the ranges of the data to keep, ascending; null: all data
 * @throws NotSafetensors
 */
export async function* rewritten(
  chunks: AsyncIterable<Uint8Array>,
  decide: (json: HeaderJson) => { header: HeaderJson; kept: readonly DataRange[] | null },
): AsyncGenerator<Uint8Array> {
  const reader = new HeaderReader();
  let kept: readonly DataRange[] | null = null;
  let offset = -1;
  for await (const chunk of chunks) {
    let data = chunk;
    if (offset < 0) {
      const found = reader.add(chunk);
      if (!found) continue;
      const decided = decide(found.header.json);
      yield encodeHeader(decided.header);
      ({ kept } = decided);
      ({ data } = found);
      offset = 0;
    }
    if (kept) yield* cut(data, offset, kept);
    else if (data.length > 0) yield data;
    offset += data.length;
  }
}

/** The parts of a chunk, which lies at `offset` in the data, that fall into some ranges. */
function* cut(
  chunk: Uint8Array,
  offset: number,
  ranges: readonly DataRange[],
): Generator<Uint8Array> {
  for (const { start, end } of ranges) {
    const from = Math.max(start - offset, 0);
    const to = Math.min(end - offset, chunk.length);
    if (from < to) yield chunk.subarray(from, to);
  }
}

/** The header of a file that is complete. */
function completeHeader(bytes: Uint8Array, source: string): Header {
  try {
    const header = headerIn(bytes);
    if (header) return header;
  } catch (error) {
    if (!(error instanceof NotSafetensors)) throw error;
    throw broken(source, error.message);
  }
  throw broken(
    source,
    bytes.length < PREFIX
      ? `it has only ${bytes.length} bytes`
      : 'its header is longer than the file',
  );
}

/** True for a list of whole numbers from 0: a shape, or offsets. */
export const areSizes = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((one) => Number.isSafeInteger(one) && one >= 0);

const broken = (source: string, why: string): LabError =>
  new LabError('checkpoint.not-safetensors', { source, why });
