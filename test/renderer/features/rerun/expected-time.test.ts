import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectedTime } from '../../../../renderer/features/rerun/expected-time.ts';
import { trial } from '../../rows.ts';

const search = { protocol: 'held-out', purpose: 'search' } as const;

test('runs take as long as the trial did, on all images, side by side on the slots', () => {
  const row = trial(1, { seconds: 40, epoch: 4, epochs: 200 });
  assert.equal(expectedTime(row, search, 20, 1), 20 * 200 * 10 * 1.25);
  assert.equal(expectedTime(row, search, 20, 8), 3 * 200 * 10 * 1.25);
  assert.equal(expectedTime(row, { ...search, protocol: 'paper' }, 1, 2), 200 * 10);
});

test('there is no estimate before the first epoch, or without a slot', () => {
  assert.equal(expectedTime(trial(1, { seconds: 3, epoch: 0 }), search, 5, 2), null);
  assert.equal(expectedTime(trial(1, { seconds: 3, epoch: 1 }), search, 5, 0), null);
});
