import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aboutSilence } from '../../core/workers/silence-watch.ts';

const minutes = (count: number): number => count * 60_000;
const compiling = { step: 0, steps: 0 };
const evaluating = { step: 10, steps: 10 };
const training = { step: 3, steps: 10 };

test('the lab vouches for a worker that compiles, loads or evaluates and computes', () => {
  for (const progress of [compiling, evaluating])
    assert.deepEqual(aboutSilence(progress, minutes(14), true), { do: 'vouch', reason: 'blocked' });
});

test('a worker that is idle, trains, or is silent for 15 minutes counts as silent', () => {
  assert.deepEqual(aboutSilence(compiling, 1, false), { do: 'wait', reason: 'idle' });
  assert.deepEqual(aboutSilence(training, 1, true), { do: 'wait', reason: 'may-speak' });
  assert.deepEqual(aboutSilence(compiling, minutes(15), true), {
    do: 'wait',
    reason: 'silent-too-long',
  });
});
