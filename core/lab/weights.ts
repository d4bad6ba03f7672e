import { LabError } from '../base/errors.ts';
import { architecture } from '../models/architecture.ts';
import { conventionsText } from '../models/conventions.ts';
import { statistics } from '../models/tensors.ts';
import type { Store } from '../store/store.ts';
import type { Environment } from '../study/environment.ts';

/**
 * Bytes of the length before a safetensors header, and the longest header that is taken seriously.
 */
const PREFIX = 8;
const MAX_HEADER = 16 << 20;
const PORTION = 1 << 20;

interface Tensor {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

export interface Header {
  json: Record<string, unknown>;
  /** Bytes of the JSON text and its padding. */
  length: number;
}

/** What a file says of the training that it comes from, beside its tensors. */
export type Provenance = Readonly<Record<string, unknown>>;

/** Where a run's last attempt was made; null before the first. */
export function environmentOf(store: Store, run: number): Environment | null {
  const id = store.attempts({ run }).at(-1)?.environment ?? null;
  return id === null ? null : store.environment(id);
}

/**
 * Format of a file with one network: its parameters and statistics by their own names, for other
 * programs as well.
 */
const NETWORK = 'ktg-network';

/** Notes for other programs; weights of older versions get the conventions here. */
const notesOf = (made: Provenance): Record<string, string> => ({
  conventions: conventionsText,
  made: JSON.stringify(made),
});

/**
 * Weights with where they come from. Works on the stream, as all here, so that nothing large is
 * ever held.
 */
export async function* weightsWith(
  made: Provenance,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* rewritten(chunks, ({ __metadata__: metadata, ...tensors }) => ({
    header: { __metadata__: { ...(metadata as object), ...notesOf(made) }, ...tensors },
    kept: null,
  }));
}

/**
 * One node of a checkpoint as a file of its own: parameters and statistics by their names, without
 * momentum.
 */
export async function* weightsOfNode(
  made: Provenance,
  chunks: AsyncIterable<Uint8Array>,
  node: number,
): AsyncGenerator<Uint8Array> {
  yield* rewritten(chunks, (json) => {
    const wanted = Object.entries(json)
      .flatMap(([name, tensor]) => {
        const own = new RegExp(`^node${node}/(?:parameters|statistics)/(.+)$`).exec(name)?.[1];
        return own === undefined ? [] : [[own, tensor as Tensor] as const];
      })
      .sort(([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0]);
    if (wanted.length === 0) throw new LabError('runs.no-such-node', { node });
    const info = infoOf(json);
    const ktg = JSON.stringify({ ...info, format: NETWORK, nodes: { '1': info.nodes[node] } });
    const header: Record<string, unknown> = { __metadata__: { ktg, ...notesOf(made) } };
    let end = 0;
    for (const [name, { dtype, shape, data_offsets: range }] of wanted)
      header[name] = { dtype, shape, data_offsets: [end, (end += range[1] - range[0])] };
    return {
      header,
      kept: wanted.map(
        ([
          ,
          {
            data_offsets: [start, end],
          },
        ]) => ({ start, end }),
      ),
    };
  });
}

/**
 * What `weightsOfNode` made as the checkpoint of a network that was trained alone; other weights as
 * they are.
 */
export async function* asCheckpoint(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let momentum = 0;
  yield* rewritten(chunks, (json) => {
    const { __metadata__: metadata, ...tensors } = json;
    const info = infoOf(json);
    if (info.format !== NETWORK) return { header: json, kept: null };
    const header: Record<string, unknown> = {
      __metadata__: {
        ...(metadata as object),
        ktg: JSON.stringify({ ...info, format: 'ktg-checkpoint' }),
      },
    };
    const running = new Set(
      statistics(architecture(info.nodes['1'] ?? '')).map(({ name }) => name),
    );
    const start = Math.max(
      0,
      ...Object.values(tensors).map((tensor) => (tensor as Tensor).data_offsets[1]),
    );
    for (const [name, tensor] of Object.entries(tensors as Record<string, Tensor>)) {
      header[`node1/${running.has(name) ? 'statistics' : 'parameters'}/${name}`] = tensor;
      if (running.has(name)) continue;
      const [from, to] = tensor.data_offsets;
      const at = start + momentum;
      momentum += to - from;
      header[`node1/momentum/${name}`] = { ...tensor, data_offsets: [at, start + momentum] };
    }
    return { header, kept: null };
  });
  // It begins at rest.
  for (; momentum > 0; momentum -= PORTION) yield new Uint8Array(Math.min(momentum, PORTION));
}

/**
 * A file with another header, and of its data only the ranges that are kept, in their order; all
 * for null.
 */
async function* rewritten(
  chunks: AsyncIterable<Uint8Array>,
  decide: (json: Record<string, unknown>) => {
    header: Record<string, unknown>;
    kept: { start: number; end: number }[] | null;
  },
): AsyncGenerator<Uint8Array> {
  let before = Buffer.alloc(0);
  let kept: { start: number; end: number }[] | null = null;
  let at = -1;
  for await (const chunk of chunks) {
    let data = chunk;
    if (at < 0) {
      before = Buffer.concat([before, chunk]);
      const header = headerOf(before);
      if (!header) continue;
      const decided = decide(header.json);
      yield headerBytes(decided.header);
      ({ kept } = decided);
      data = before.subarray(PREFIX + header.length);
      at = 0;
    }
    if (kept) yield* cut(data, at, kept);
    else if (data.length > 0) yield data;
    at += data.length;
  }
}

/** The header, once enough has come. */
export function headerOf(bytes: Buffer): Header | null {
  if (bytes.length < PREFIX) return null;
  const length = Number(bytes.readBigUInt64LE(0));
  if (length > MAX_HEADER) throw notWeights();
  if (bytes.length < PREFIX + length) return null;
  try {
    const json: unknown = JSON.parse(bytes.toString('utf8', PREFIX, PREFIX + length));
    if (typeof json === 'object' && json !== null)
      return { json: json as Record<string, unknown>, length };
  } catch {
    // falls through
  }
  throw notWeights();
}

/** Bytes that a file with this header has. */
export function sizeOf({ json, length }: Header): number {
  const ends = Object.entries(json)
    .filter(([name]) => name !== '__metadata__')
    .map(([, tensor]) => (tensor as Partial<Tensor> | null)?.data_offsets?.[1] ?? NaN);
  return PREFIX + length + Math.max(0, ...ends);
}

/** What a file of this program says of itself. Throws LabError `runs.not-weights`. */
export function infoOf(header: Record<string, unknown>): {
  format?: unknown;
  nodes: Record<string, string>;
} {
  try {
    const { ktg } = header.__metadata__ as { ktg: string };
    const info = JSON.parse(ktg) as { format?: unknown; nodes: unknown };
    if (typeof info.nodes === 'object' && info.nodes !== null)
      return info as { format?: unknown; nodes: Record<string, string> };
  } catch {
    // falls through
  }
  throw notWeights();
}

function headerBytes(header: Record<string, unknown>): Uint8Array {
  const text = JSON.stringify(header);
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

const notWeights = (): LabError => new LabError('runs.not-weights');
