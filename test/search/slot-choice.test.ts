import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fitOf, lastTryStep, mayTake } from '../../core/search/slot-choice.ts';
import type { LastTryFacts } from '../../core/search/slot-choice.ts';

describe('which slot a run may take', () => {
  test('a run does not start again where it failed, as long as there are other slots', () => {
    const facts = { isLastTry: false, hasFailedHere: true, slotsInOrder: 2 };
    assert.deepEqual(fitOf(facts), { suits: false, reason: 'failed-here' });
    assert.deepEqual(fitOf({ ...facts, slotsInOrder: 1 }), { suits: true, reason: 'only-slot' });
    assert.deepEqual(fitOf({ ...facts, hasFailedHere: false }), {
      suits: true,
      reason: 'nothing-against-it',
    });
  });

  test('a run before its last try takes no slot, not even the last free one', () => {
    const fit = fitOf({ isLastTry: true, hasFailedHere: false, slotsInOrder: 1 });
    assert.deepEqual(fit, { suits: false, reason: 'waits-for-its-device' });
    assert.equal(mayTake(fit, true), false);
  });

  test('the last free slot is not kept for a better fit', () => {
    const fit = fitOf({ isLastTry: false, hasFailedHere: true, slotsInOrder: 2 });
    assert.deepEqual([mayTake(fit, false), mayTake(fit, true)], [false, true]);
  });
});

describe('a last try', () => {
  const facts = (change: Partial<LastTryFacts> = {}): LastTryFacts => ({
    run: 1,
    isWanted: true,
    slotsInOrder: ['gpu:0:0', 'gpu:0:1'],
    free: ['gpu:1:0', 'gpu:0:1'],
    live: [],
    isFirst: true,
    ...change,
  });

  test('starts on a slot of its own device when nothing runs there', () => {
    assert.deepEqual(lastTryStep(facts()), {
      do: 'start',
      slot: 'gpu:0:1',
      reason: 'device-is-free',
    });
    assert.deepEqual(lastTryStep(facts({ free: ['gpu:1:0'] })), {
      do: 'wait',
      reason: 'no-slot-is-free',
    });
  });

  test('clears its device of other runs first', () => {
    assert.deepEqual(lastTryStep(facts({ live: [2, 3] })), {
      do: 'clear-device',
      reason: 'others-run',
    });
    assert.deepEqual(lastTryStep(facts({ live: [2, 1] })), {
      do: 'wait',
      reason: 'has-its-device',
    });
  });

  test('waits for the one before it on the same device', () => {
    assert.deepEqual(lastTryStep(facts({ isFirst: false })), {
      do: 'wait',
      reason: 'another-is-first',
    });
  });

  test('is given up with its study, and when its device has no slot in order', () => {
    assert.deepEqual(lastTryStep(facts({ isWanted: false })), {
      do: 'forget',
      reason: 'not-wanted',
    });
    assert.deepEqual(lastTryStep(facts({ slotsInOrder: [] })), {
      do: 'forget',
      reason: 'no-slot-in-order',
    });
  });
});
