import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { nextInQueue } from '../../core/search/queue.ts';
import type { QueueState } from '../../core/search/queue.ts';
import type { Fit } from '../../core/search/slot-choice.ts';

interface NamedWork {
  name: string;
  priority: number;
  live: ReadonlySet<number>;
  ready: readonly number[];
}

const work = (change: Partial<NamedWork> & { name: string }): NamedWork => ({
  priority: 0,
  live: new Set(),
  ready: [],
  ...change,
});

const suits: Fit = { suits: true, reason: 'nothing-against-it' };
const failedHere: Fit = { suits: false, reason: 'failed-here' };
const lastTry: Fit = { suits: false, reason: 'waits-for-its-device' };

const next = (works: NamedWork[], change: Partial<QueueState<NamedWork>> = {}) =>
  nextInQueue({
    works,
    pretrainings: [],
    fitOf: () => suits,
    isLastSlot: false,
    mayDraw: () => false,
    ...change,
  });

describe('queue', () => {
  test('the highest priority comes first, then the one with the fewest runs on slots', () => {
    const low = work({ name: 'low', ready: [1] });
    const busy = work({ name: 'busy', priority: 5, live: new Set([7, 8]), ready: [2] });
    const idle = work({ name: 'idle', priority: 5, live: new Set([9]), ready: [3] });
    assert.deepEqual(next([low, busy, idle]), {
      do: 'start',
      run: 3,
      work: idle,
      reason: 'waits',
    });
    assert.equal(next([low, busy]).do === 'start' && next([low, busy]).reason, 'waits');
    const equal = [work({ name: 'first', ready: [4] }), work({ name: 'second', ready: [5] })];
    assert.deepEqual(next(equal), { do: 'start', run: 4, work: equal[0], reason: 'waits' });
  });

  test('an important study without a run leaves the slot to the next one', () => {
    const empty = work({ name: 'empty', priority: 5 });
    const low = work({ name: 'low', ready: [1] });
    assert.deepEqual(next([empty, low]), { do: 'start', run: 1, work: low, reason: 'waits' });
  });

  test('waiting runs start before new trials are drawn, earlier ones first', () => {
    const both = work({ name: 'both', ready: [4, 6] });
    const mayDraw = () => true;
    assert.deepEqual(next([both], { mayDraw }), {
      do: 'start',
      run: 4,
      work: both,
      reason: 'waits',
    });
    const none = work({ name: 'none' });
    assert.deepEqual(next([none], { mayDraw }), { do: 'draw', work: none, reason: 'no-run-waits' });
  });

  test('pretraining goes first among equals and waits for a higher priority', () => {
    const study = work({ name: 'study', priority: 3, ready: [1] });
    const pretrainings = (priority: number) => [
      { run: 8, priority: priority - 1 },
      { run: 9, priority },
      { run: 10, priority },
    ];
    assert.deepEqual(next([study], { pretrainings: pretrainings(3) }), {
      do: 'pretrain',
      run: 9,
      reason: 'same-or-higher-priority',
    });
    assert.equal(next([study], { pretrainings: pretrainings(2) }).do, 'start');
    assert.deepEqual(next([{ ...study, ready: [] }], { pretrainings: pretrainings(2) }), {
      do: 'pretrain',
      run: 9,
      reason: 'nothing-else-waits',
    });
  });

  test('a run that failed on the slot takes it only when no other slot is free', () => {
    const study = work({ name: 'study', ready: [1] });
    const fitOf = () => failedHere;
    assert.deepEqual(next([study], { fitOf }), { do: 'nothing', reason: 'kept-for-other-slots' });
    assert.deepEqual(next([study], { fitOf, isLastSlot: true }), {
      do: 'start',
      run: 1,
      work: study,
      reason: 'last-free-slot',
    });
    const drawn = next([study], { fitOf, isLastSlot: true, mayDraw: () => true });
    assert.equal(drawn.do, 'draw', 'a new trial comes first');
    const pretrainings = [{ run: 5, priority: 0 }];
    assert.equal(next([], { fitOf, pretrainings }).reason, 'kept-for-other-slots');
    assert.equal(next([], { fitOf, pretrainings, isLastSlot: true }).do, 'pretrain');
  });

  test('with nothing to do the slot stays free', () => {
    assert.deepEqual(next([work({ name: 'done' })]), { do: 'nothing', reason: 'nothing-waits' });
  });

  test('no slot stays free while a run suits it, and none gets a run that waits for its device', () => {
    const fits = fc.constantFrom(suits, failedHere, lastTry);
    const run = fc.record({ priority: fc.integer({ min: 0, max: 2 }), fit: fits });
    fc.assert(
      fc.property(
        fc.array(fc.array(run, { maxLength: 3 }), { maxLength: 4 }),
        fc.array(run, { maxLength: 3 }),
        fc.boolean(),
        (studies, alone, isLastSlot) => {
          const fitByRun: Fit[] = [];
          const add = ({ fit }: { fit: Fit }): number => fitByRun.push(fit) - 1;
          const works = studies.map((runs, index) =>
            work({ name: `S${index}`, priority: index % 3, ready: runs.map(add) }),
          );
          const pretrainings = alone.map((each) => ({
            run: add(each),
            priority: each.priority,
          }));
          const fitOf = (id: number) => fitByRun[id]!;
          const found = next(works, { pretrainings, fitOf, isLastSlot });
          const may = (fit: Fit) => fit.suits || (isLastSlot && fit.reason === 'failed-here');
          assert.equal(found.do === 'nothing', !fitByRun.some(may));
          if (found.do !== 'start' && found.do !== 'pretrain') return;
          assert.ok(may(fitOf(found.run)));
          const highest = Math.max(
            ...works
              .filter(({ ready }) => ready.some((id) => may(fitOf(id))))
              .map((w) => w.priority),
            ...pretrainings.filter(({ run: id }) => may(fitOf(id))).map((p) => p.priority),
          );
          const priority =
            found.do === 'start'
              ? found.work.priority
              : pretrainings.find(({ run: id }) => id === found.run)!.priority;
          assert.equal(priority, highest);
        },
      ),
    );
  });
});
