import * as v from 'valibot';
import { LabError } from '../base/errors.ts';
import { GENERATOR } from '../base/random.ts';
import type { NodeState } from '../engine/engine.ts';
import { architecture, type ImageSize, usualImages } from '../models/architecture.ts';
import { conventionsText } from '../models/conventions.ts';
import type { Architecture } from '../models/layers.ts';
import { sizeOf, statistics, tensors, type TensorSpec } from '../models/tensors.ts';
import { decodeSafetensors, encodeSafetensors, type NamedTensor } from './safetensors.ts';

/** Sums over the epoch in progress; fields as in StepMetrics, nodes in the step's order. */
const sums = v.object({
  raw: v.array(v.number()),
  gated: v.array(v.number()),
  bothRight: v.array(v.number()),
  nodeLoss: v.array(v.number()),
  /** Samples that the ensemble classified correctly; absent without one. */
  ensembleRight: v.optional(v.number()),
});
export type EpochSums = v.InferOutput<typeof sums>;

const infoSchema = v.object({
  format: v.literal('ktg-checkpoint'),
  version: v.literal(1),
  /** Architectures of the saved nodes, by node number. */
  nodes: v.record(v.string(), v.string()),
  classes: v.number(),
  /** Pixels on a side of the images; absent for the usual size. */
  side: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(1))),
  /** Identity of the data set (Dataset.identity). */
  data: v.string(),
  seed: v.number(),
  generator: v.literal(GENERATOR),
  /** Completed epochs. */
  epoch: v.number(),
  /** Completed updates of the next epoch. */
  step: v.number(),
  /** Seconds spent on the epoch in progress. */
  seconds: v.number(),
  sums: v.nullable(sums),
  /**
   * Canonical key of the graph and everything else that decides the run; another run's checkpoint
   * is refused.
   */
  run: v.string(),
});

/**
 * Everything that a run needs to continue exactly. Order and augmentation depend only on (seed,
 * epoch), so name, seed and position describe the random state.
 */
export type CheckpointInfo = v.InferOutput<typeof infoSchema>;

export interface Checkpoint {
  readonly info: CheckpointInfo;
  /** By node number, from 1; nodes that are not trained for the target are absent. */
  readonly states: ReadonlyMap<number, NodeState>;
}

const imagesOf = ({ side = usualImages.side }: CheckpointInfo): ImageSize => ({ side });

/**
 * Returns the file form: tensors `node1/parameters/stem/conv`, `node1/momentum/...`,
 * `node1/statistics/...`, and the info as metadata.
 */
export function encodeCheckpoint({ info, states }: Checkpoint): Uint8Array {
  const all = [...states].flatMap(([node, state]) => {
    const model = architecture(info.nodes[String(node)]!, imagesOf(info));
    return parts(model, info.classes).flatMap(([part, specs]) =>
      cut(`node${node}/${part}/`, specs, state[part]),
    );
  });
  return encodeSafetensors(all, { ktg: JSON.stringify(info), conventions: conventionsText });
}

/**
 * Reads a checkpoint; `source` names the file in errors.
 *
 * @throws LabError `checkpoint.*`
 */
export function decodeCheckpoint(bytes: Uint8Array, source: string): Checkpoint {
  const { tensors: found, metadata } = decodeSafetensors(bytes, source);
  const info = readInfo(metadata.ktg, source);
  const states = new Map(
    Object.entries(info.nodes).map(([node, name]) => {
      const model = architecture(name, imagesOf(info));
      const state = Object.fromEntries(
        parts(model, info.classes).map(([part, specs]) => [
          part,
          join(found, `node${node}/${part}/`, specs, source),
        ]),
      ) as unknown as NodeState;
      return [Number(node), state];
    }),
  );
  return { info, states };
}

/**
 * Returns the weights of a checkpoint's target node for a frozen node, which needs the same
 * architecture.
 */
export function teacherState(
  checkpoint: Checkpoint,
  expected: Architecture,
  classes: number,
  source: string,
): NodeState {
  const { info, states } = checkpoint;
  const state = states.get(1);
  if (state && info.nodes['1'] === expected.name && info.classes === classes) {
    return { ...state, momentum: new Float32Array(state.parameters.length) };
  }
  throw new LabError('checkpoint.wrong-network', {
    source,
    found: info.nodes['1'] ?? 'no network',
    foundClasses: info.classes,
    model: expected.name,
    classes,
  });
}

function readInfo(text: string | undefined, source: string): CheckpointInfo {
  let json: unknown;
  try {
    json = JSON.parse(text ?? '');
  } catch {
    json = undefined;
  }
  const result = v.safeParse(infoSchema, json);
  if (result.success) return result.output;
  const version = (json as { version?: unknown } | undefined)?.version;
  throw typeof version === 'number' && version > 1
    ? new LabError('checkpoint.foreign/newer', { source, version })
    : new LabError('checkpoint.foreign', { source });
}

type Part = keyof NodeState;
const parts = (model: Architecture, classes: number): [Part, TensorSpec[]][] => [
  ['parameters', tensors(model, classes)],
  ['momentum', tensors(model, classes)],
  ['statistics', statistics(model)],
];

function cut(prefix: string, specs: readonly TensorSpec[], flat: Float32Array): NamedTensor[] {
  let offset = 0;
  return specs.map(({ name, shape }) => {
    const values = flat.subarray(offset, (offset += sizeOf(shape)));
    return { name: prefix + name, shape, values };
  });
}

function join(
  found: Map<string, NamedTensor>,
  prefix: string,
  specs: readonly TensorSpec[],
  source: string,
): Float32Array {
  const flat = new Float32Array(specs.reduce((size, spec) => size + sizeOf(spec.shape), 0));
  let offset = 0;
  for (const { name, shape } of specs) {
    const tensor = found.get(prefix + name);
    if (tensor?.shape.join() !== shape.join()) {
      throw new LabError('checkpoint.wrong-shape', {
        source,
        name: prefix + name,
        found: tensor ? `has the shape [${tensor.shape.join(', ')}]` : 'is missing',
        shape: shape.join(', '),
      });
    }
    flat.set(tensor.values, offset);
    offset += tensor.values.length;
  }
  return flat;
}
