import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareTrials, epochNote, rankTrials, type Rankable } from '../../core/study/best.ts';
import type { RunState } from '../../core/study/run.ts';

const trial = (
  number: number,
  state: RunState,
  epoch: number,
  accuracy: number | null,
): Rankable => ({
  number,
  state,
  epoch,
  accuracy,
});

const trials = [
  trial(0, 'stopped', 1, 0.99),
  trial(1, 'completed', 8, 0.6),
  trial(2, 'running', 5, 0.5),
  trial(3, 'completed', 8, 0.7),
  trial(4, 'waiting', 0, null),
  trial(5, 'stopped', 4, 0.65),
  trial(6, 'failed', 4, 0.66),
  trial(7, 'completed', 8, 0.7),
  trial(8, 'rejected', 0, null),
];

test('completed trials come first; others by epoch, then by accuracy at that epoch', () => {
  assert.deepEqual(
    rankTrials(trials).map(({ number }) => number),
    [3, 7, 1, 2, 6, 5, 0],
  );
});

test('the order is total: any permutation gives the same rank', () => {
  const sorted = trials.toSorted(compareTrials);
  assert.deepEqual(
    sorted.map(({ number }) => number),
    [3, 7, 1, 2, 6, 5, 0, 4, 8],
  );
  for (let from = 1; from < trials.length; from++) {
    const turned = [...trials.slice(from), ...trials.slice(0, from)].reverse();
    assert.deepEqual(turned.sort(compareTrials), sorted);
  }
});

test('an accuracy that is not final says its epoch', () => {
  assert.deepEqual(trials.slice(0, 5).map(epochNote), [' at epoch 1', '', ' at epoch 5', '', '']);
});
