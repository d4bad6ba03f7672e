import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { openDataset } from '../../core/data/resolve.ts';
import type { Engine, NodeState } from '../../core/engine/engine.ts';
import { openEngine } from '../../core/engine/open.ts';
import { fromText } from '../../core/graph/text.ts';
import { architecture } from '../../core/models/architecture.ts';
import { initialParameters, initialStatistics } from '../../core/models/initialise.ts';
import type { EpochMetrics } from '../../core/study/metrics.ts';
import { type Recipe, recipeFor, recipeNames, withResizedCrop } from '../../core/study/recipe.ts';
import {
  type Checkpoint,
  decodeCheckpoint,
  encodeCheckpoint,
} from '../../core/train/checkpoint.ts';
import { Steps } from '../../core/train/steps.ts';
import { Training, type TrainingSetup } from '../../core/train/training.ts';
import { assertBits, equalBits } from '../engine/support.ts';

/** Node 2 is pretrained and frozen; node 3 is not needed by it. */
const text = 'resnet8=TT@4C,resnet8=XXX,resnet8=TLX';
const CLASSES = 3;
const EPOCHS = 4;
const data = 'synthetic:seed=5,train=32,test=12,classes=3';
const dataset = await openDataset(data);
const captured = await openEngine({ engine: 'tensorflow', threads: 2 });
const steps = new Steps(captured);
after(() => {
  steps.dispose();
  captured.dispose();
});

const model = architecture('resnet8');
const parameters = initialParameters(model, CLASSES, 77, 1);
const teacher: NodeState = {
  parameters,
  momentum: new Float32Array(parameters.length),
  statistics: initialStatistics(model),
};

/** A published recipe for four epochs of tiny batches. */
const small = (recipe: Recipe): Recipe => ({ ...recipe, batch: 8, learningRate: 0.02 });
const paper = small(recipeFor(EPOCHS));

function prepare(recipe: Recipe, own: Partial<TrainingSetup> = {}): Promise<Training> {
  const plan = { data, protocol: 'paper', purpose: 'search', splitSeed: 1 } as const;
  return Training.prepare({
    graph: fromText(text),
    plan: { ...plan, epochs: EPOCHS, recipe },
    ...{ seed: 3, dataset, steps, teachers: new Map([[2, teacher]]), nodes: 'all' },
    ...own,
  });
}

interface Outcome {
  readonly metrics: readonly EpochMetrics[];
  readonly end: Checkpoint;
}

/** Trains `epochs` epochs. */
async function trained(recipe: Recipe, epochs = EPOCHS, own = {}): Promise<Outcome> {
  const training = await prepare(recipe, own);
  const metrics: EpochMetrics[] = [];
  while (training.epoch < epochs) metrics.push(timeless((await training.nextEpoch())!));
  const end = training.checkpoint();
  training.release();
  return { metrics, end };
}

/** Trains to the end, each epoch interrupted in its middle and continued from a file. */
async function interrupted(recipe: Recipe, own: Partial<TrainingSetup> = {}): Promise<Outcome> {
  let training = await prepare(recipe, own);
  const metrics: EpochMetrics[] = [];
  while (!training.finished) {
    const stop = new AbortController();
    const onStep = (step: number): void => {
      if (step === 2) stop.abort();
    };
    assert.equal(await training.nextEpoch({ signal: stop.signal, onStep }), undefined);
    const file = encodeCheckpoint(training.checkpoint());
    training.release();
    training = await prepare(recipe, own);
    training.restore(decodeCheckpoint(file, 'test'));
    metrics.push(timeless((await training.nextEpoch())!));
  }
  const end = training.checkpoint();
  training.release();
  return { metrics, end };
}

const timeless = (metrics: EpochMetrics): EpochMetrics => ({ ...metrics, seconds: 0 });
const weights = ({ end }: Outcome, node = 1): Float32Array => end.states.get(node)!.parameters;

function assertSame(actual: Outcome, expected: Outcome): void {
  assert.deepEqual(actual.metrics, expected.metrics);
  for (const [node, state] of expected.end.states)
    for (const part of ['parameters', 'momentum', 'statistics'] as const)
      assertBits(actual.end.states.get(node)![part], state[part], `${part} of node ${node}`);
}

describe('a run that was interrupted in every epoch equals one in one go, to the last bit', () => {
  const cases: Readonly<Record<string, Recipe>> = {
    ...Object.fromEntries(recipeNames.map((name) => [name, small(recipeFor(EPOCHS, name))])),
    'a warm-up of three epochs': { ...paper, warmup: 3 },
    'resized crops': withResizedCrop(paper),
    'a cosine with a warm-up': { ...small(recipeFor(EPOCHS, 'cosine')), warmup: 2 },
  };
  for (const [name, recipe] of Object.entries(cases))
    test(name, async () => {
      const straight = await trained(recipe);
      assert.ok(straight.metrics.every(({ nodes }) => nodes[0]!.loss > 0));
      assertSame(await interrupted(recipe), straight);
    });

  test('RepDistiller and resized crops on the portable engine', async () => {
    const portable: Engine = await openEngine({ engine: 'portable' });
    const own = { steps: new Steps(portable) };
    const recipe = withResizedCrop(small(recipeFor(EPOCHS, 'repdistiller')));
    assertSame(await interrupted(recipe, own), await trained(recipe, EPOCHS, own));
    own.steps.dispose();
    portable.dispose();
  });
});

describe('a recipe decides how networks learn', () => {
  test('the first epoch of a warm-up of two trains at half the rate', async () => {
    const warm = await trained({ ...paper, warmup: 2 }, 1);
    const half = await trained({ ...paper, learningRate: paper.learningRate / 2 }, 1);
    assertBits(weights(warm), weights(half), 'weights');
    assert.ok(!equalBits(weights(warm), weights(await trained(paper, 1))));
  });

  test('a drop changes nothing before its epoch', async () => {
    assert.deepEqual(paper.drops, [2, 4]);
    const level = { ...paper, drops: [] };
    const [one, other] = [await trained(paper, 2), await trained(level, 2)];
    assert.deepEqual(one.metrics[0], other.metrics[0]);
    assert.notDeepEqual(one.metrics[1], other.metrics[1]);
  });

  test('a cosine begins at the full rate and ends below it', async () => {
    const cosine: Recipe = { ...paper, drops: [], schedule: 'cosine' };
    const level = { ...paper, drops: [] };
    const [one, other] = [await trained(cosine, 2), await trained(level, 2)];
    assert.deepEqual(one.metrics[0], other.metrics[0]);
    assert.notDeepEqual(one.metrics[1], other.metrics[1]);
  });

  test('normalisation by 0 and 1 changes no bit, by other numbers it does', async () => {
    const plain = await trained(paper, 1);
    const by = (mean: number, std: number): Recipe => ({
      ...paper,
      normalise: { mean: [mean, mean, mean], std: [std, std, std] },
    });
    assertBits(weights(await trained(by(0, 1), 1)), weights(plain), 'weights');
    assert.ok(!equalBits(weights(await trained(by(0.5, 0.25), 1)), weights(plain)));
  });

  test('momentum without Nesterov and zero padding are other trainings', async () => {
    const plain = weights(await trained(paper, 1));
    const others: Recipe[] = [
      { ...paper, nesterov: false },
      { ...paper, padding: { mode: 'zero', pixels: 4 } },
      withResizedCrop(paper),
    ];
    for (const other of others)
      assert.ok(!equalBits(weights(await trained(other, 1)), plain), JSON.stringify(other));
  });

  test('statistics of a frozen network move in training mode and stay in evaluation mode', async () => {
    const statistics = ({ end }: Outcome): Float32Array => end.states.get(2)!.statistics;
    const moved = await trained(paper, 1);
    const kept = await trained({ ...paper, frozen: 'eval' }, 1);
    assert.ok(!equalBits(statistics(moved), teacher.statistics));
    assertBits(statistics(kept), teacher.statistics, 'statistics');
    for (const outcome of [moved, kept])
      assertBits(weights(outcome, 2), teacher.parameters, 'weights');
    assert.ok(!equalBits(weights(moved), weights(kept)), 'the student sees other answers');
  });
});

test('a checkpoint is of its recipe: another one is refused', async () => {
  const { end } = await trained(paper, 1);
  const training = await prepare(withResizedCrop(paper));
  assert.throws(() => training.restore(end), { code: 'checkpoint.other-run' });
  training.release();
});
