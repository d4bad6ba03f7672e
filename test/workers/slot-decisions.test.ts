import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { placesFor } from '../../core/workers/placement.ts';
import { afterExit, afterJob, slotState } from '../../core/workers/slot-decisions.ts';
import type { SlotFacts } from '../../core/workers/slot-decisions.ts';
import { cpu } from './jobs.ts';

describe('the state of a slot', () => {
  const [place] = placesFor([cpu(1)], 2);
  const problem = { code: '', message: 'No engine.', next: 'Install it.' };
  const stateOf = (change: Partial<SlotFacts>, occupants = 0) =>
    slotState(
      {
        place: place!,
        retired: false,
        hasJob: false,
        ending: false,
        problem: null,
        waitsForSharing: false,
        ...change,
      },
      [{ slot: 'cpu:1', device: 'cpu', threads: occupants }],
      2,
    );

  test('a slot without a reason against it is ready', () => {
    assert.deepEqual(stateOf({}), { state: 'ready', problem: '' });
  });

  test('a retired slot is retired even while it works, a working one busy even when it ends', () => {
    assert.equal(stateOf({ retired: true, hasJob: true }).state, 'retired');
    assert.equal(stateOf({ hasJob: true, ending: true, problem }).state, 'busy');
  });

  test('a broken slot gives its reason and the next step', () => {
    assert.deepEqual(stateOf({ problem, ending: true }), {
      state: 'broken',
      problem: 'No engine. Install it.',
    });
  });

  test('a slot starts while its last process ends, its card is prepared or its cores are used', () => {
    assert.equal(stateOf({ ending: true }).state, 'starting');
    assert.equal(stateOf({ waitsForSharing: true }).state, 'starting');
    const { state, problem: why } = stateOf({}, 1);
    assert.equal(state, 'starting');
    assert.match(why, /cpu:1 uses 1 of 2/);
  });
});

describe('a process after its job', () => {
  const facts = { tainted: false, retired: false, ready: true, fitsPlace: true, memory: [1] };

  test('stays for the next one', () => {
    assert.deepEqual(afterJob(facts), { do: 'keep', reason: 'in-order' });
  });

  test('ends for each reason against it', () => {
    for (const [change, reason] of [
      [{ tainted: true }, 'failed'],
      [{ retired: true }, 'retired'],
      [{ ready: false }, 'not-ready'],
      [{ fitsPlace: false }, 'other-place'],
      [{ memory: [1e9, 1e9, 1e9, 4e9] }, 'leaks'],
      [{ memory: [Infinity, 1] }, 'leaks'],
    ] as const)
      assert.deepEqual(afterJob({ ...facts, ...change }), { do: 'end', reason });
  });
});

describe('a slot after the end of its process', () => {
  const facts = { hasJob: true, ready: true, ending: false, falseStarts: 0 };

  test('fails the job of a process that ended by itself', () => {
    const failed = { do: 'fail-job', reason: 'ended-by-itself' };
    assert.deepEqual(afterExit(facts), failed);
    assert.deepEqual(afterExit({ ...facts, ready: false, falseStarts: 1 }), failed);
  });

  test('is broken after the second process that never became ready', () => {
    assert.deepEqual(afterExit({ ...facts, ready: false, falseStarts: 2 }), {
      do: 'break-slot',
      reason: 'cannot-begin',
    });
  });

  test('starts the process that its job waits for', () => {
    assert.deepEqual(afterExit({ ...facts, ending: true, ready: false, falseStarts: 2 }), {
      do: 'start-process',
      reason: 'job-waits',
    });
  });

  test('does nothing without a job', () => {
    assert.deepEqual(afterExit({ ...facts, hasJob: false, ready: false, falseStarts: 2 }), {
      do: 'nothing',
      reason: 'no-job',
    });
  });
});
