import { LabError } from '../base/errors.ts';

/** A float32 tensor with a name. */
export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Limit of the safetensors format for its JSON header, bytes. */
const LARGEST_HEADER = 100_000_000;
const PREFIX = 8;

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
  const json = new TextEncoder().encode(JSON.stringify(header));
  const length = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(PREFIX + length + end).fill(0x20, PREFIX, PREFIX + length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, PREFIX);
  let at = PREFIX + length;
  for (const { values } of tensors) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += values.byteLength;
  }
  return bytes;
}

/**
 * Reads float32 tensors and metadata; `source` names the file in errors.
 *
 * @throws LabError `checkpoint.not-safetensors`, `checkpoint.truncated`
 */
export function decodeSafetensors(
  bytes: Uint8Array,
  source: string,
): { tensors: Map<string, NamedTensor>; metadata: Record<string, string> } {
  const header = readHeader(bytes, source);
  const data = PREFIX + header.length;
  const tensors = new Map<string, NamedTensor>();
  let metadata: Record<string, string> = {};
  for (const [name, entry] of Object.entries(header.json)) {
    if (name === '__metadata__') {
      metadata = entry as Record<string, string>;
      continue;
    }
    const {
      dtype,
      shape,
      data_offsets: offsets,
    } = entry as { dtype?: unknown; shape?: unknown; data_offsets?: unknown };
    if (!isSizes(shape) || !isSizes(offsets) || offsets.length !== 2)
      throw broken(source, `tensor "${name}" has no shape or offsets`);
    if (dtype !== 'F32') throw broken(source, `tensor "${name}" is ${String(dtype)}, expected F32`);
    const [start, end] = offsets as [number, number];
    if (end - start !== 4 * shape.reduce((size, dimension) => size * dimension, 1))
      throw broken(source, `tensor "${name}" has offsets that do not fit its shape`);
    if (data + end > bytes.length) {
      throw new LabError(
        'checkpoint.truncated',
        `${source} ends after ${bytes.length} bytes; tensor "${name}" needs ${data + end}.`,
        'Use an intact copy of the file.',
      );
    }
    // A copy: the bytes may not be aligned to 4, and Buffer's slice would share them.
    const values = new Float32Array(
      new Uint8Array(bytes.subarray(data + start, data + end)).buffer,
    );
    tensors.set(name, { name, shape, values });
  }
  return { tensors, metadata };
}

function readHeader(
  bytes: Uint8Array,
  source: string,
): { json: Record<string, unknown>; length: number } {
  if (bytes.length < PREFIX) throw broken(source, `it has only ${bytes.length} bytes`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (length > LARGEST_HEADER || PREFIX + length > bytes.length)
    throw broken(source, 'its header is longer than the file');
  try {
    const json: unknown = JSON.parse(
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(PREFIX, PREFIX + length)),
    );
    if (
      typeof json === 'object' &&
      json !== null &&
      !Array.isArray(json) &&
      Object.values(json).every((entry) => typeof entry === 'object' && entry !== null)
    ) {
      return { json: json as Record<string, unknown>, length };
    }
  } catch {
    // falls through: not JSON
  }
  throw broken(source, 'its header is not a JSON object of tensors');
}

const isSizes = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((one) => Number.isSafeInteger(one) && one >= 0);

const broken = (source: string, why: string): LabError =>
  new LabError(
    'checkpoint.not-safetensors',
    `${source} is not a usable safetensors file: ${why}.`,
    'Use a checkpoint written by this program.',
  );
