import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TrainingPlan } from '../../../core/lab/api.ts';
import { recipeFor } from '../../../core/study/recipe.ts';
import {
  precisionChoices,
  withDeterminism,
  withPrecision,
} from '../../../renderer/words/computation.ts';
import { computationFor } from '../../../core/engine/computation.ts';

const plain: TrainingPlan = {
  data: 'synthetic',
  protocol: 'held-out',
  purpose: 'search',
  splitSeed: 0,
  epochs: 8,
  recipe: recipeFor(8),
};

describe('how numbers are made', () => {
  test('a plan speaks of it only where something is chosen', () => {
    const chosen = withDeterminism(withPrecision(plain, 'float32'), true);
    assert.deepEqual(chosen.computation, { precision: 'float32', deterministic: true });
    assert.deepEqual(withPrecision(chosen, null).computation, { deterministic: true });
    assert.deepEqual(withPrecision(withDeterminism(chosen, false), null), plain);
    assert.equal('computation' in withDeterminism(plain, false), false);
  });

  test('a precision leaves the compiler to the device', () => {
    assert.deepEqual(withPrecision(plain, 'bfloat16').computation, { precision: 'bfloat16' });
  });

  for (const kind of ['cpu', 'gpu'] as const)
    test(`the form offers exactly the choices of the engine: ${kind}`, () => {
      for (const { precision, obstacle } of precisionChoices({ kind, bfloat16: true })) {
        const ask = (): unknown =>
          computationFor(kind, withPrecision(plain, precision).computation);
        if (obstacle === '') assert.doesNotThrow(ask, `${precision}`);
        else assert.throws(ask, { code: 'engine.precision' }, `${precision}`);
      }
    });

  test('a processor without bfloat16 says so', () => {
    const [last] = precisionChoices({ kind: 'cpu', bfloat16: false }).slice(-1);
    assert.equal(last!.obstacle, 'this processor has no instructions for it');
  });

  test('the portable engine computes in float32 only', () => {
    const offered = precisionChoices({ kind: 'portable', bfloat16: false }).filter(
      ({ obstacle }) => obstacle === '',
    );
    assert.deepEqual(
      offered.map(({ precision }) => precision),
      [null, 'float32'],
    );
  });
});
