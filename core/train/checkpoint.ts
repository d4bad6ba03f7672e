import * as v from 'valibot';
import { LabError } from '../base/errors.ts';
import { GENERATOR } from '../base/random.ts';
import type { NodeState } from '../engine/engine.ts';
import { architecture } from '../models/architecture.ts';
import { conventionsText } from '../models/conventions.ts';
import type { Architecture } from '../models/layers.ts';
import { sizeOf, statistics, tensors, type TensorSpec } from '../models/tensors.ts';
import { decodeSafetensors, encodeSafetensors, type NamedTensor } from './safetensors.ts';

/**
 * What has been summed over the epoch in progress; numbers as in StepMetrics, in the step's order
 * of nodes.
 */
const sums = v.object({
  raw: v.array(v.number()),
  gated: v.array(v.number()),
  bothRight: v.array(v.number()),
  nodeLoss: v.array(v.number()),
});
export type EpochSums = v.InferOutput<typeof sums>;

const infoSchema = v.object({
  format: v.literal('ktg-checkpoint'),
  version: v.literal(1),
  /** Architectures of the saved nodes, by node number. */
  nodes: v.record(v.string(), v.string()),
  classes: v.number(),
  /** Of the data set (Dataset.identity). */
  data: v.string(),
  seed: v.number(),
  generator: v.literal(GENERATOR),
  /** Epochs done. */
  epoch: v.number(),
  /** Updates done in the epoch after those. */
  step: v.number(),
  /** Seconds already spent on the epoch in progress. */
  seconds: v.number(),
  sums: v.nullable(sums),
  /**
   * Canonical key of the graph and everything else that decides the run, to refuse what does not
   * belong to it.
   */
  run: v.string(),
});

/**
 * All that a run needs to go on exactly where it was. Order and augmentation come from (seed,
 * epoch), so that the generator is its name, the seed and the position.
 */
export type CheckpointInfo = v.InferOutput<typeof infoSchema>;

export interface Checkpoint {
  readonly info: CheckpointInfo;
  /** By node number, 1-based; nodes that are not trained for the target are absent. */
  readonly states: ReadonlyMap<number, NodeState>;
}

/**
 * The file form: tensors `node1/parameters/stem/conv`, `node1/momentum/...`,
 * `node1/statistics/...`, info as metadata.
 */
export function encodeCheckpoint({ info, states }: Checkpoint): Uint8Array {
  const all = [...states].flatMap(([node, state]) => {
    const model = architecture(info.nodes[String(node)]!);
    return parts(model, info.classes).flatMap(([part, specs]) =>
      cut(`node${node}/${part}/`, specs, state[part]),
    );
  });
  return encodeSafetensors(all, { ktg: JSON.stringify(info), conventions: conventionsText });
}

/** Reads a checkpoint back. Throws `checkpoint.*`; `source` names the file. */
export function decodeCheckpoint(bytes: Uint8Array, source: string): Checkpoint {
  const { tensors: found, metadata } = decodeSafetensors(bytes, source);
  const info = readInfo(metadata.ktg, source);
  const states = new Map(
    Object.entries(info.nodes).map(([node, name]) => {
      const model = architecture(name);
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
 * Weights of a trained network for a frozen node: its target node, which must be of the wanted
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
  throw new LabError(
    'checkpoint.wrong-network',
    `${source} holds ${info.nodes['1'] ?? 'no network'} for ${info.classes} classes; the frozen node needs ${expected.name} for ${classes} classes.`,
    `Make one with: ktg pretrain ${expected.name}`,
  );
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
  throw new LabError(
    'checkpoint.foreign',
    typeof version === 'number' && version > 1
      ? `${source} was written by a newer version of this program (checkpoint format ${version}, expected 1).`
      : `${source} holds tensors but no description of a training run.`,
    'Use a checkpoint written by ktg train or ktg pretrain.',
  );
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
      throw new LabError(
        'checkpoint.wrong-shape',
        `${source}: tensor "${prefix + name}" ${tensor ? `has the shape [${tensor.shape.join(', ')}]` : 'is missing'}, expected [${shape.join(', ')}].`,
        'Use an intact checkpoint of the same architecture.',
      );
    }
    flat.set(tensor.values, offset);
    offset += tensor.values.length;
  }
  return flat;
}
