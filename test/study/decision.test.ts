import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as v from 'valibot';
import { explainDecision } from '../../core/study/decision.ts';
import { pretrainedKey } from '../../core/study/pretrained.ts';
import { recipeFor, trainingSchema } from '../../core/study/plan.ts';
import { training } from '../contract/samples.ts';

const asha = { rung: 4, value: 0.312, go: false, n: 14, rank: 9, limit: 7, median: null };

void test('every decision explains itself in a line', () => {
  assert.equal(explainDecision(asha), 'stopped at epoch 4: 31.2 %, rank 9 of 14, needs <= 7');
  assert.equal(
    explainDecision({ ...asha, go: true, rank: 7 }),
    'went on at epoch 4: 31.2 %, rank 7 of 14, needs <= 7',
  );
  assert.equal(
    explainDecision({ ...asha, value: null, rank: null, limit: null }),
    'stopped at epoch 4: the accuracy is not a number',
  );
  assert.equal(
    explainDecision({ ...asha, rank: null, limit: null, median: 0.4 }),
    'stopped at epoch 4: best 31.2 %, median of 14 others 40.0 %',
  );
});

void test('the drops of the learning rate keep their shares of a run', () => {
  assert.deepEqual(recipeFor(200).drops, [60, 120, 180]);
  assert.deepEqual(recipeFor(20).drops, [6, 12, 18]);
});

void test('a plan of before, without a computation, reads as it is; one may ask for a part of it', () => {
  const read = (change: object) => v.safeParse(trainingSchema, { ...training(), ...change });
  assert.deepEqual(read({}).output, training());
  for (const computation of [
    { precision: 'bfloat16', compiler: 'xla' },
    { deterministic: true },
    {},
  ])
    assert.deepEqual(read({ computation }).output, { ...training(), computation });
  for (const computation of [{ precision: 'float16' }, { device: 'gpu' }, null])
    assert.equal(read({ computation }).success, false);
});

void test('pretrained networks are interchangeable when they saw the same images in the same way', () => {
  const key = (change: Parameters<typeof training>[0], seed = 1): string =>
    pretrainedKey('resnet8', training(change), seed);
  assert.equal(
    key({ protocol: 'paper', purpose: 'final' }),
    key({ protocol: 'paper', splitSeed: 99 }),
  );
  assert.equal(key({ purpose: 'final', splitSeed: 1 }), key({ purpose: 'final', splitSeed: 2 }));
  assert.notEqual(key({ splitSeed: 1 }), key({ splitSeed: 2 }));
  assert.notEqual(key({ protocol: 'paper' }), key({}));
  assert.notEqual(key({}), key({ epochs: 17 }));
  assert.notEqual(key({}), key({}, 2));
  assert.notEqual(key({}), key({ computation: { precision: 'float32' } }));
});
