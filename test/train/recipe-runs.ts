import assert from 'node:assert/strict';
import { openDataset } from '../../core/data/resolve.ts';
import type { NodeState } from '../../core/engine/engine.ts';
import { fromText } from '../../core/graph/text.ts';
import { architecture } from '../../core/models/architecture.ts';
import { initialParameters, initialStatistics } from '../../core/models/initialise.ts';
import type { EpochMetrics } from '../../core/study/metrics.ts';
import { type Recipe, recipeFor } from '../../core/study/recipe.ts';
import type { Checkpoint } from '../../core/train/checkpoint.ts';
import type { Steps } from '../../core/train/steps.ts';
import { Training } from '../../core/train/training.ts';
import { assertBits } from '../engine/support.ts';
import { interruptedInEpoch } from './interrupt.ts';

/** Node 2 is pretrained and frozen. */
const text = 'resnet8=TT@4C,resnet8=XXX,resnet8=TLX';
const CLASSES = 3;
export const EPOCHS = 4;
const data = 'synthetic:seed=5,train=32,test=12,classes=3';
const dataset = await openDataset(data);

const model = architecture('resnet8');
const parameters = initialParameters(model, CLASSES, 77, 1);
export const teacher: NodeState = {
  parameters,
  momentum: new Float32Array(parameters.length),
  statistics: initialStatistics(model),
};

/** A recipe for tiny batches. */
export const small = (recipe: Recipe): Recipe => ({ ...recipe, batch: 8, learningRate: 0.02 });
export const paper = small(recipeFor(EPOCHS));

/** The same training of four epochs by any recipe. */
export function prepare(steps: Steps, recipe: Recipe): Promise<Training> {
  const plan = { data, protocol: 'paper', purpose: 'search', splitSeed: 1 } as const;
  return Training.prepare({
    graph: fromText(text),
    plan: { ...plan, epochs: EPOCHS, recipe },
    ...{ seed: 3, dataset, steps, teachers: new Map([[2, teacher]]), nodes: 'all' },
  });
}

export interface Outcome {
  readonly metrics: readonly EpochMetrics[];
  readonly end: Checkpoint;
}

const timeless = (metrics: EpochMetrics): EpochMetrics => ({ ...metrics, seconds: 0 });

/** Trains `epochs` epochs. */
export async function trained(steps: Steps, recipe: Recipe, epochs = EPOCHS): Promise<Outcome> {
  const training = await prepare(steps, recipe);
  const metrics: EpochMetrics[] = [];
  while (training.epoch < epochs) metrics.push(timeless((await training.nextEpoch())!));
  const end = training.checkpoint();
  training.release();
  return { metrics, end };
}

/** Trains to the end, each epoch interrupted in its middle and continued from a file. */
export async function interrupted(steps: Steps, recipe: Recipe): Promise<Outcome> {
  let training = await prepare(steps, recipe);
  const metrics: EpochMetrics[] = [];
  while (!training.finished) {
    training = await interruptedInEpoch(training, () => prepare(steps, recipe));
    metrics.push(timeless((await training.nextEpoch())!));
  }
  const end = training.checkpoint();
  training.release();
  return { metrics, end };
}

/** Equal metrics and states to the last bit. */
export function assertSame(actual: Outcome, expected: Outcome): void {
  assert.deepEqual(actual.metrics, expected.metrics);
  for (const [node, state] of expected.end.states)
    for (const part of ['parameters', 'momentum', 'statistics'] as const)
      assertBits(actual.end.states.get(node)![part], state[part], `${part} of node ${node}`);
}
