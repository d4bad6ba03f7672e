import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as v from 'valibot';
import { reasonSchema, rules } from '../../core/search/rules/rules.ts';
import {
  type RungDecision,
  explainDecision,
  reasonFrom,
  wireDecision,
} from '../../core/study/decision.ts';
import { pretrainedKey } from '../../core/study/pretrained.ts';
import { trainingSchema } from '../../core/study/plan.ts';
import { recipeFor } from '../../core/study/recipe.ts';
import { training } from '../contract/samples.ts';

const asha: RungDecision = {
  rung: 4,
  value: 0.312,
  go: false,
  reason: { kind: 'asha', n: 14, rank: 9, limit: 7 },
};
const median = (middle: number | null): RungDecision => ({
  ...asha,
  reason: { kind: 'median', n: 14, median: middle },
});
const notANumber: RungDecision = { ...asha, value: null, reason: { kind: 'not-a-number', n: 14 } };

void test('every decision explains itself in a line', () => {
  assert.equal(explainDecision(asha), 'stopped at epoch 4: 31.2 %, rank 9 of 14, needs <= 7');
  assert.equal(
    explainDecision({ ...asha, go: true, reason: { kind: 'asha', n: 14, rank: 7, limit: 7 } }),
    'continued at epoch 4: 31.2 %, rank 7 of 14, needs <= 7',
  );
  assert.equal(explainDecision(notANumber), 'stopped at epoch 4: the accuracy is not a number');
  assert.equal(
    explainDecision(median(0.4)),
    'stopped at epoch 4: best 31.2 %, median of 14 others 40.0 %',
  );
  assert.equal(
    explainDecision(median(null)),
    'stopped at epoch 4: 31.2 %, 14 others are too few to compare with',
  );
});

void test('programs get the numbers of a reason under their known keys', () => {
  const flat = { rung: 4, value: 0.312, go: false, n: 14, rank: null, limit: null, median: null };
  assert.deepEqual(wireDecision(asha), { ...asha, ...flat, rank: 9, limit: 7 });
  assert.deepEqual(wireDecision(median(0.4)), { ...median(0.4), ...flat, median: 0.4 });
  assert.deepEqual(wireDecision(notANumber), { ...notANumber, ...flat, value: null });
});

void test('every reason follows from its numbers, as study files of version 1 have them', () => {
  for (const decision of [asha, median(0.4), median(null), notANumber])
    assert.deepEqual(reasonFrom(decision.value, wireDecision(decision)), decision.reason);
});

void test('every rule that decides has a reason of its own kind', () => {
  for (const { kind, reason } of rules) {
    const known = reasonSchema.options.some(({ entries }) => entries.kind.literal === kind);
    assert.equal(known, reason !== null, kind);
  }
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
