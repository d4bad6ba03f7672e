import { createHash } from 'node:crypto';
import { GENERATOR } from '../../core/base/random.ts';
import { graphKey } from '../../core/graph/canonical.ts';
import type { Graph } from '../../core/graph/graph.ts';
import { paperSpace } from '../../core/graph/space.ts';
import { template } from '../../core/graph/templates.ts';
import { architecture } from '../../core/models/architecture.ts';
import { sizeOf, statistics, tensors } from '../../core/models/tensors.ts';
import { type EpochMetrics, unmeasuredEdge, unmeasuredNode } from '../../core/study/metrics.ts';
import { paperRule } from '../../core/study/plan.ts';
import { recipeFor } from '../../core/study/recipe.ts';
import type { StudyPlan, TrainingPlan } from '../../core/study/plan.ts';
import type { Checkpoint } from '../../core/train/checkpoint.ts';
import type { NewCheckpoint, NewRun, NewStudy } from '../../core/store/store.ts';

export const AT = 1_700_000_000_000;

export const training = (change: Partial<TrainingPlan> = {}): TrainingPlan => ({
  data: 'synthetic',
  protocol: 'held-out',
  purpose: 'search',
  splitSeed: 7,
  epochs: 16,
  recipe: recipeFor(16),
  ...change,
});

export const plan = (change: Partial<StudyPlan> = {}): StudyPlan => ({
  seed: 7,
  trials: 10,
  space: paperSpace(2, 'resnet8', ['resnet8', 'wrn-10-1']),
  rule: paperRule,
  sampler: 'random',
  training: training(),
  rejected: 'resample',
  duplicates: 'reuse',
  retries: 2,
  ...change,
});

export const newStudy = (name = 'M2', change: Partial<StudyPlan> = {}): NewStudy => ({
  name,
  plan: plan(change),
  priority: 0,
  notes: '',
  createdAt: AT,
});

export const dml: Graph = template('dml', ['resnet8', 'wrn-10-1']);

export const newTrial = (study: number, number: number, change: Partial<NewRun> = {}): NewRun => ({
  kind: 'trial',
  study,
  rerun: null,
  number,
  variant: '',
  graph: dml,
  key: graphKey(dml),
  seed: 1000 + number,
  training: training(),
  createdAt: AT,
  ...change,
});

/** Metrics of a graph of two nodes whose numbers all differ and are exact in single precision. */
export const metrics = (epoch: number, accuracy = epoch / 64): EpochMetrics => ({
  epoch,
  seconds: 1.5,
  nodes: [
    { ...unmeasuredNode, accuracy, loss: 2 - accuracy, trainAccuracy: accuracy / 2, trainLoss: 3 },
    { ...unmeasuredNode, accuracy: accuracy / 4, loss: 2.5, trainAccuracy: 0.125, trainLoss: NaN },
  ],
  edges: [
    {
      ...unmeasuredEdge,
      rawLoss: 1.5,
      gatedLoss: 0.75,
      weight: 0.5,
      bothRight: 10,
      onlySourceRight: 20,
      onlyDestinationRight: 30,
      bothWrong: 40 + epoch,
    },
    null,
    null,
    null,
  ],
});

/** A checkpoint of so many bytes that come in uneven chunks. */
export function newCheckpoint(run: number | null, epoch: number, bytes = 700_001): NewCheckpoint {
  const data = contentOf(bytes, epoch);
  return {
    run,
    epoch,
    purpose: 'resume',
    bytes,
    sha256: createHash('sha256').update(data).digest('hex'),
    chunks: [data.subarray(0, 1000), data.subarray(1000, 1000), data.subarray(1000)],
  };
}

export const contentOf = (bytes: number, salt: number): Uint8Array =>
  Uint8Array.from({ length: bytes }, (_, index) => (index * 31 + salt * 7 + (index >> 8)) & 255);

export async function joined(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return new Uint8Array(Buffer.concat(parts));
}

export const CLASSES = 10;

/**
 * A checkpoint of networks by the numbers of their nodes; no two of its numbers are equal within a
 * network.
 */
export const networks = (models: Readonly<Record<number, string>>): Checkpoint => ({
  info: {
    format: 'ktg-checkpoint',
    version: 1,
    nodes: { ...models },
    classes: CLASSES,
    data: 'synthetic:0',
    seed: 5,
    generator: GENERATOR,
    epoch: 8,
    step: 0,
    seconds: 0,
    sums: null,
    run: 'r',
  },
  states: new Map(
    Object.entries(models).map(([node, model]) => [
      Number(node),
      stateOf(model, 100 * Number(node)),
    ]),
  ),
});

function stateOf(name: string, from: number) {
  const model = architecture(name);
  const count = (specs: readonly { shape: readonly number[] }[]): number =>
    specs.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const fill = (size: number, first: number) =>
    Float32Array.from({ length: size }, (_, i) => first + i / 7);
  const parameters = count(tensors(model, CLASSES));
  return {
    parameters: fill(parameters, from),
    momentum: fill(parameters, from + 1),
    statistics: fill(count(statistics(model)), from + 2),
  };
}
