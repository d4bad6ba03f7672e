import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GENERATOR } from '../../core/base/random.ts';
import { openDataset } from '../../core/data/resolve.ts';
import { type EngineName, engineNames } from '../../core/engine/engine.ts';
import { stateSizes } from '../../core/engine/flat.ts';
import { openEngine } from '../../core/engine/open.ts';
import { fromText } from '../../core/graph/text.ts';
import { architecture } from '../../core/models/architecture.ts';
import type { EpochMetrics } from '../../core/study/metrics.ts';
import { recipeFor } from '../../core/study/recipe.ts';
import { decodeCheckpoint, encodeCheckpoint } from '../../core/train/checkpoint.ts';
import { Steps } from '../../core/train/steps.ts';
import { Training } from '../../core/train/training.ts';

const SIDE = 20;
const EPOCHS = 2;
const data = `synthetic:seed=5,train=17,test=6,classes=3,side=${SIDE}`;
const dataset = await openDataset(data);
const setup = {
  graph: fromText('resnet8=TL,wrn-10-1=TC'),
  plan: {
    data,
    protocol: 'paper',
    purpose: 'search',
    splitSeed: 1,
    epochs: EPOCHS,
    recipe: { ...recipeFor(EPOCHS), batch: 8, learningRate: 0.05 },
  },
  seed: 3,
  dataset,
  teachers: new Map(),
  nodes: 'all',
} as const;

/** Two epochs, the second one after a way through the checkpoint's file form. */
async function trained(name: EngineName): Promise<EpochMetrics[]> {
  const engine = await openEngine({ engine: name });
  const steps = new Steps(engine);
  const first = await Training.prepare({ ...setup, steps });
  const metrics = [(await first.nextEpoch())!];
  const file = encodeCheckpoint(first.checkpoint());
  first.release();
  const second = await Training.prepare({ ...setup, steps });
  second.restore(decodeCheckpoint(file, 'test'));
  metrics.push((await second.nextEpoch())!);
  second.release();
  steps.dispose();
  engine.dispose();
  return metrics;
}

describe(`a data set of ${SIDE} x ${SIDE} pixels`, () => {
  test('says its size', () => {
    assert.equal(dataset.side, SIDE);
    assert.equal(dataset.images.length, (17 + 6) * SIDE * SIDE * 3);
  });

  test('trains, is judged and goes on from a checkpoint alike on every engine', async () => {
    const all: EpochMetrics[][] = [];
    for (const name of engineNames) all.push(await trained(name)); // one tfjs backend at a time
    const [captured, ...others] = all;
    assert.equal(captured!.length, EPOCHS);
    const losses = (metrics: EpochMetrics[]): number[] =>
      metrics.flatMap(({ nodes }) => nodes.flatMap(({ loss, trainLoss }) => [loss, trainLoss]));
    for (const other of others)
      for (const [i, loss] of losses(other).entries()) {
        const expected = losses(captured!)[i]!;
        assert.ok(Number.isFinite(loss) && loss > 0);
        assert.ok(Math.abs(loss - expected) < 1e-3 * expected, `${i}: ${loss}, ${expected}`);
      }
  });
});

test('a checkpoint keeps the tensors of networks that depend on the size of images', () => {
  const large = { classes: 3, side: 96 };
  const model = architecture('resnet18', large);
  const { parameters, momentum, statistics } = stateSizes(model, large.classes);
  assert.notEqual(parameters, stateSizes(architecture('resnet18'), large.classes).parameters);
  const state = {
    parameters: new Float32Array(parameters).fill(2),
    momentum: new Float32Array(momentum),
    statistics: new Float32Array(statistics),
  };
  const info = {
    format: 'ktg-checkpoint',
    version: 1,
    nodes: { 1: 'resnet18' },
    ...large,
    data: 'x:0',
    seed: 1,
    generator: GENERATOR,
    epoch: 1,
    step: 0,
    seconds: 0,
    sums: null,
    run: '',
  } as const;
  const file = encodeCheckpoint({ info, states: new Map([[1, state]]) });
  const found = decodeCheckpoint(file, 'test');
  assert.equal(found.info.side, large.side);
  assert.deepEqual(found.states.get(1), state);
});
