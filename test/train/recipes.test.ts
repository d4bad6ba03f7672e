import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { openEngine } from '../../core/engine/open.ts';
import { type Recipe, recipeFor, recipeNames, withResizedCrop } from '../../core/study/recipe.ts';
import { Steps } from '../../core/train/steps.ts';
import { assertBits, equalBits } from '../engine/support.ts';
import {
  assertSame,
  EPOCHS,
  interrupted,
  type Outcome,
  paper,
  prepare,
  small,
  teacher,
  trained,
} from './recipe-runs.ts';

const captured = await openEngine({ engine: 'tensorflow', threads: 2 });
const steps = new Steps(captured);
after(() => {
  steps.dispose();
  captured.dispose();
});

const weights = ({ end }: Outcome, node = 1): Float32Array => end.states.get(node)!.parameters;

describe('a run that was interrupted in every epoch equals one in one go, to the last bit', () => {
  const cases: Readonly<Record<string, Recipe>> = {
    ...Object.fromEntries(recipeNames.map((name) => [name, small(recipeFor(EPOCHS, name))])),
    'a warm-up of three epochs': { ...paper, warmup: 3 },
    'resized crops': withResizedCrop(paper),
    'a cosine with a warm-up': { ...small(recipeFor(EPOCHS, 'cosine')), warmup: 2 },
  };
  for (const [name, recipe] of Object.entries(cases))
    test(name, async () => {
      const straight = await trained(steps, recipe);
      assert.ok(straight.metrics.every(({ nodes }) => nodes[0]!.loss > 0));
      assertSame(await interrupted(steps, recipe), straight);
    });
});

describe('a recipe decides how networks learn', () => {
  test('the first epoch of a warm-up of two trains at half the rate', async () => {
    const warm = await trained(steps, { ...paper, warmup: 2 }, 1);
    const half = await trained(steps, { ...paper, learningRate: paper.learningRate / 2 }, 1);
    assertBits(weights(warm), weights(half), 'weights');
    assert.ok(!equalBits(weights(warm), weights(await trained(steps, paper, 1))));
  });

  test('a drop changes nothing before its epoch', async () => {
    assert.deepEqual(paper.drops, [2, 4]);
    const level = { ...paper, drops: [] };
    const [one, other] = [await trained(steps, paper, 2), await trained(steps, level, 2)];
    assert.deepEqual(one.metrics[0], other.metrics[0]);
    assert.notDeepEqual(one.metrics[1], other.metrics[1]);
  });

  test('a cosine begins at the full rate and ends below it', async () => {
    const cosine: Recipe = { ...paper, drops: [], schedule: 'cosine' };
    const level = { ...paper, drops: [] };
    const [one, other] = [await trained(steps, cosine, 2), await trained(steps, level, 2)];
    assert.deepEqual(one.metrics[0], other.metrics[0]);
    assert.notDeepEqual(one.metrics[1], other.metrics[1]);
  });

  test('normalisation by 0 and 1 changes no bit, by other numbers it does', async () => {
    const plain = await trained(steps, paper, 1);
    const by = (mean: number, std: number): Recipe => ({
      ...paper,
      normalise: { mean: [mean, mean, mean], std: [std, std, std] },
    });
    assertBits(weights(await trained(steps, by(0, 1), 1)), weights(plain), 'weights');
    assert.ok(!equalBits(weights(await trained(steps, by(0.5, 0.25), 1)), weights(plain)));
  });

  test('momentum without Nesterov and zero padding are other trainings', async () => {
    const plain = weights(await trained(steps, paper, 1));
    const others: Recipe[] = [
      { ...paper, nesterov: false },
      { ...paper, padding: { mode: 'zero', pixels: 4 } },
      withResizedCrop(paper),
    ];
    for (const other of others)
      assert.ok(!equalBits(weights(await trained(steps, other, 1)), plain), JSON.stringify(other));
  });

  test('statistics of a frozen network move in training mode and stay in evaluation mode', async () => {
    const statistics = ({ end }: Outcome): Float32Array => end.states.get(2)!.statistics;
    const moved = await trained(steps, paper, 1);
    const kept = await trained(steps, { ...paper, frozen: 'eval' }, 1);
    assert.ok(!equalBits(statistics(moved), teacher.statistics));
    assertBits(statistics(kept), teacher.statistics, 'statistics');
    for (const outcome of [moved, kept])
      assertBits(weights(outcome, 2), teacher.parameters, 'weights');
    assert.ok(!equalBits(weights(moved), weights(kept)), 'the student sees other answers');
  });
});

test('a checkpoint is of its recipe: another one is refused', async () => {
  const { end } = await trained(steps, paper, 1);
  const training = await prepare(steps, withResizedCrop(paper));
  assert.throws(() => training.restore(end), { code: 'checkpoint.other-run' });
  training.release();
});
