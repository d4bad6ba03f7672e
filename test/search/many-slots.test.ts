import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { describe, test } from 'node:test';
import { Scheduler } from '../../core/search/scheduler.ts';
import { slotTable } from '../../core/search/slot-table.ts';
import { openMemoryStore } from '../../core/store/memory.ts';
import type { FailureKind } from '../../core/study/run.ts';
import { newStudy } from '../contract/samples.ts';
import { ManySlots } from './many-slots.ts';
import { noFrozen } from './studies.ts';

/** All slots of a lab have a run; gives how often the slots are read when some of them fail. */
async function readsOf(slots: number, kind: FailureKind, failures: number): Promise<number> {
  const store = openMemoryStore();
  const runner = new ManySlots(slots);
  const scheduler = new Scheduler(store, runner, { delayDivisor: 1 });
  const plan = { space: noFrozen, trials: slots, duplicates: 'train' as const };
  scheduler.resume({ study: store.addStudy(newStudy('A', plan)).id });
  while (runner.starts < slots) await setImmediate();
  await setImmediate();
  const before = runner.reads;
  runner.fail(kind, failures);
  const reads = runner.reads - before;
  await scheduler.close('at-once');
  assert.equal(store.trialCounts(1).waiting, slots);
  store.close();
  return reads;
}

describe('runs that fail together', () => {
  for (const kind of ['crash', 'lost', 'out-of-memory'] as const)
    test(`${kind}: the slots are read once, however many runs and slots there are`, async () => {
      const reads = [
        await readsOf(50, kind, 10),
        await readsOf(200, kind, 10),
        await readsOf(200, kind, 100),
      ];
      assert.deepEqual(reads, [1, 1, 1]);
    });
});

test('starting runs reads the slots once a turn, not once a run', async () => {
  const store = openMemoryStore();
  const runner = new ManySlots(64);
  const scheduler = new Scheduler(store, runner);
  const plan = { space: noFrozen, trials: 64, duplicates: 'train' as const };
  scheduler.resume({ study: store.addStudy(newStudy('A', plan)).id });
  let turns = 0;
  for (; runner.starts < 64; turns++) await setImmediate();
  assert.ok(runner.reads <= turns + 1, `${runner.reads} reads in ${turns} turns`);
  await scheduler.close('at-once');
  store.close();
});

test('a slot has neighbours where another usable slot is on its device', () => {
  const slot = (name: string, device: string, state: 'ready' | 'busy' | 'broken' | 'retired') => ({
    ...{ name, device, state, problem: '' },
  });
  const table = slotTable([
    slot('a:0', 'a', 'busy'),
    slot('a:1', 'a', 'ready'),
    slot('b:0', 'b', 'ready'),
    slot('b:1', 'b', 'broken'),
    slot('c:0', 'c', 'retired'),
    slot('c:1', 'c', 'ready'),
  ]);
  const found = ['a:0', 'a:1', 'b:0', 'b:1', 'c:0', 'c:1', 'gone'].map(table.hasNeighbours);
  assert.deepEqual(found, [true, true, false, true, true, false, false]);
  assert.deepEqual(table.usable, ['a:0', 'a:1', 'b:0', 'c:1']);
  assert.equal(table.deviceOf('b:1'), 'b');
});
