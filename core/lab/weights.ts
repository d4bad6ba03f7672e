import { LabError } from '../base/errors.ts';

/** Bytes of the length before a safetensors header, and the longest header that is taken seriously. */
const PREFIX = 8;
const MOST_HEADER = 16 << 20;

interface Tensor {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

/**
 * One node of a checkpoint as a safetensors file of its own: parameters and statistics by their names, without momentum.
 * Works on the stream, so that nothing large is ever held.
 */
export async function* weightsOfNode(
  chunks: AsyncIterable<Uint8Array>,
  node: number,
): AsyncGenerator<Uint8Array> {
  let before = Buffer.alloc(0);
  let kept: { start: number; end: number }[] | null = null;
  let at = 0;
  for await (const chunk of chunks) {
    if (!kept) {
      before = Buffer.concat([before, chunk]);
      const header = headerOf(before);
      if (!header) continue;
      const { json, length } = header;
      const wanted = Object.entries(json)
        .flatMap(([name, tensor]) => {
          const own = new RegExp(`^node${node}/(?:parameters|statistics)/(.+)$`).exec(name)?.[1];
          return own === undefined ? [] : [[own, tensor as Tensor] as const];
        })
        .sort(([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0]);
      if (wanted.length === 0)
        throw new LabError('runs.no-such-node', `The weights hold no node ${node}.`, 'Nodes that cannot reach the target are not trained.'); // prettier-ignore
      yield newHeader(wanted);
      kept = wanted.map(([, { data_offsets: [start, end] }]) => ({ start, end })); // prettier-ignore
      const rest = before.subarray(PREFIX + length);
      yield* cut(rest, 0, kept);
      at = rest.length;
      continue;
    }
    yield* cut(chunk, at, kept);
    at += chunk.length;
  }
}

/** The header, once enough has come. */
export function headerOf(bytes: Buffer): { json: Record<string, unknown>; length: number } | null {
  if (bytes.length < PREFIX) return null;
  const length = Number(bytes.readBigUInt64LE(0));
  if (length > MOST_HEADER) throw notWeights();
  if (bytes.length < PREFIX + length) return null;
  try {
    const json: unknown = JSON.parse(bytes.toString('utf8', PREFIX, PREFIX + length));
    if (typeof json === 'object' && json !== null) return { json: json as Record<string, unknown>, length };
  } catch {
    // falls through
  }
  throw notWeights();
}

/** Bytes that a file with this header has. */
export function sizeOf({ json, length }: { json: Record<string, unknown>; length: number }): number {
  const ends = Object.entries(json)
    .filter(([name]) => name !== '__metadata__')
    .map(([, tensor]) => (tensor as Partial<Tensor> | null)?.data_offsets?.[1] ?? NaN);
  return PREFIX + length + Math.max(0, ...ends);
}

/** What the metadata of a checkpoint say of its networks: models by node number. */
export function modelsOf(header: Record<string, unknown>): Record<string, string> {
  try {
    const { ktg } = header.__metadata__ as { ktg: string };
    const { nodes } = JSON.parse(ktg) as { nodes: Record<string, string> };
    if (typeof nodes === 'object') return nodes;
  } catch {
    // falls through
  }
  throw notWeights();
}

function newHeader(tensors: readonly (readonly [string, Tensor])[]): Uint8Array {
  const json: Record<string, Tensor> = {};
  let end = 0;
  for (const [name, { dtype, shape, data_offsets: range }] of tensors) {
    const start = end;
    end += range[1] - range[0];
    json[name] = { dtype, shape, data_offsets: [start, end] };
  }
  const text = JSON.stringify(json);
  const length = Math.ceil(Buffer.byteLength(text) / 8) * 8;
  const bytes = Buffer.alloc(PREFIX + length, ' ');
  bytes.writeBigUInt64LE(BigInt(length), 0);
  bytes.write(text, PREFIX);
  return bytes;
}

/** The parts of a chunk, which lies at `at` in the data, that fall into some ranges. */
function* cut(
  chunk: Uint8Array,
  at: number,
  ranges: readonly { start: number; end: number }[],
): Generator<Uint8Array> {
  for (const { start, end } of ranges) {
    const from = Math.max(start - at, 0);
    const to = Math.min(end - at, chunk.length);
    if (from < to) yield chunk.subarray(from, to);
  }
}

const notWeights = (): LabError =>
  new LabError('runs.not-weights', 'This is no checkpoint of this program (safetensors with a description of its networks).', 'Choose weights that this program has exported.'); // prettier-ignore
