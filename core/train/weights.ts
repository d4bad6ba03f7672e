import { LabError } from '../base/errors.ts';
import { architecture } from '../models/architecture.ts';
import { conventionsText } from '../models/conventions.ts';
import { statistics } from '../models/tensors.ts';
import {
  type DataRange,
  type Header,
  type HeaderJson,
  HeaderReader,
  NotSafetensors,
  rewritten,
  tensorsOf,
} from './safetensors.ts';

/** Bytes of zeros that are made at once. */
const PORTION = 1 << 20;

/** Notes about a training that travel with its weights. */
export type Provenance = Readonly<Record<string, unknown>>;

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
 * Weights with notes about their training. A stream, as all here: nothing large is ever held.
 *
 * @throws LabError `runs.not-weights`
 */
export async function* weightsWith(
  made: Provenance,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* edited(chunks, ({ __metadata__: metadata, ...tensors }) => ({
    header: { __metadata__: { ...(metadata as object), ...notesOf(made) }, ...tensors },
    kept: null,
  }));
}

/**
 * One node of a checkpoint as a file of its own: parameters and statistics by their names, without
 * momentum.
 *
 * @throws LabError `runs.no-such-node`, `runs.not-weights`
 */
export async function* weightsOfNode(
  made: Provenance,
  chunks: AsyncIterable<Uint8Array>,
  node: number,
): AsyncGenerator<Uint8Array> {
  yield* edited(chunks, (json) => {
    const own = new RegExp(`^node${node}/(?:parameters|statistics)/(.+)$`);
    const wanted = tensorsOf(json)
      .flatMap(([name, entry]) => {
        const ownName = own.exec(name)?.[1];
        return ownName === undefined ? [] : [[ownName, entry] as const];
      })
      .sort(([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0]);
    if (wanted.length === 0) throw new LabError('runs.no-such-node', { node });
    const info = infoOf(json);
    const ktg = JSON.stringify({ ...info, format: NETWORK, nodes: { '1': info.nodes[node] } });
    const header: Record<string, unknown> = { __metadata__: { ktg, ...notesOf(made) } };
    const kept: DataRange[] = [];
    let length = 0;
    for (const [name, { dtype, shape, data_offsets: offsets }] of wanted) {
      const [start, end] = offsets;
      header[name] = { dtype, shape, data_offsets: [length, (length += end - start)] };
      kept.push({ start, end });
    }
    return { header, kept };
  });
}

/**
 * A file of one network, made by `weightsOfNode`, as the checkpoint of a network that was trained
 * alone; other weights as they are.
 *
 * @throws LabError `runs.not-weights`
 */
export async function* asCheckpoint(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let momentum = 0;
  yield* edited(chunks, (json) => {
    const info = infoOf(json);
    if (info.format !== NETWORK) return { header: json, kept: null };
    const { __metadata__: metadata } = json;
    const ktg = JSON.stringify({ ...info, format: 'ktg-checkpoint' });
    const header: Record<string, unknown> = { __metadata__: { ...(metadata as object), ktg } };
    const running = new Set(
      statistics(architecture(info.nodes['1'] ?? '')).map(({ name }) => name),
    );
    const tensors = tensorsOf(json);
    const start = Math.max(0, ...tensors.map(([, entry]) => entry.data_offsets[1]));
    for (const [name, entry] of tensors) {
      header[`node1/${running.has(name) ? 'statistics' : 'parameters'}/${name}`] = entry;
      if (running.has(name)) continue;
      const [from, to] = entry.data_offsets;
      const begin = start + momentum;
      momentum += to - from;
      header[`node1/momentum/${name}`] = { ...entry, data_offsets: [begin, start + momentum] };
    }
    return { header, kept: null };
  });
  // The momentum begins at zero.
  for (; momentum > 0; momentum -= PORTION) yield new Uint8Array(Math.min(momentum, PORTION));
}

/**
 * The header of a weights file that comes in chunks.
 *
 * @throws LabError `runs.not-weights`
 */
export async function readHeader(chunks: AsyncIterable<Uint8Array>): Promise<Header> {
  const reader = new HeaderReader();
  try {
    for await (const chunk of chunks) {
      const found = reader.add(chunk);
      if (found) return found.header;
    }
  } catch (error) {
    throw error instanceof NotSafetensors ? notWeights() : error;
  }
  throw new LabError('runs.not-weights/header');
}

/** `rewritten`, with the errors of weights. */
async function* edited(...args: Parameters<typeof rewritten>): AsyncGenerator<Uint8Array> {
  try {
    yield* rewritten(...args);
  } catch (error) {
    throw error instanceof NotSafetensors ? notWeights() : error;
  }
}

/**
 * The description of a training in the header of a file of this program.
 *
 * @throws LabError `runs.not-weights`
 */
export function infoOf(header: HeaderJson): {
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

const notWeights = (): LabError => new LabError('runs.not-weights');
