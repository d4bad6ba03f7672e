import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectedEpochs, timeLeft } from '../../core/search/time-left.ts';
import type { Outlook } from '../../core/search/time-left.ts';

const outlook = (change: Partial<Outlook> = {}): Outlook => ({
  epochs: 8,
  survival: [],
  expectedShare: 0.5,
  fresh: 0,
  underWay: [],
  before: 0,
  secondsPerEpoch: 2,
  slots: 2,
  ...change,
});

/** Exactly half of very many continued. */
const half = [1, 2, 4].map((rung) => ({ rung, decided: 1e9, wentOn: 5e8 }));

void test('expected epochs follow from the survival of each rung', () => {
  // From 0: epoch 1, then half see epoch 2, a quarter 3 and 4, an eighth 5 to 8.
  const beyond = expectedEpochs(outlook({ survival: half }));
  assert.ok(Math.abs(beyond[0]! - (1 + 1 / 2 + 2 / 4 + 4 / 8)) < 1e-6);
  assert.ok(Math.abs(beyond[4]! - 4) < 1e-6, 'who has survived rung 4 goes to the end');
  assert.equal(beyond[8], 0);
  assert.equal(expectedEpochs(outlook())[0], 8, 'without rungs every trial goes to the end');
});

void test('little seen counts little', () => {
  const none = expectedEpochs(outlook({ survival: [{ rung: 1, decided: 0, wentOn: 0 }] }))[0]!;
  assert.equal(none, 1 + 0.5 * 7);
  const one = expectedEpochs(outlook({ survival: [{ rung: 1, decided: 1, wentOn: 1 }] }))[0]!;
  assert.equal(one, 1 + (2 / 3) * 7);
});

void test('work is shared by the slots, but no trial by two', () => {
  assert.equal(timeLeft(outlook({ fresh: 3 })), (3 * 8 * 2) / 2);
  assert.equal(timeLeft(outlook({ underWay: [2], slots: 8 })), 6 * 2);
  assert.equal(timeLeft(outlook({ before: 10, underWay: [8] })), 10);
});

void test('there is no estimate before an epoch was timed or without a slot', () => {
  assert.equal(timeLeft(outlook({ fresh: 3, secondsPerEpoch: null })), null);
  assert.equal(timeLeft(outlook({ fresh: 3, slots: 0 })), null);
});
