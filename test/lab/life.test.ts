import assert from 'node:assert/strict';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';
import fc from 'fast-check';
import { LabError } from '../../core/base/errors.ts';
import { openMemoryStore } from '../../core/store/memory.ts';
import type { Store } from '../../core/store/store.ts';
import { plan, training } from '../contract/samples.ts';
import type { Mishap } from '../search/scripted-runner.ts';
import { kdRerun, noFrozen } from '../search/studies.ts';
import { scriptedLab } from './support.ts';

/** A store that notes what is called after `close`, and refuses one transaction as busy. */
function watched(busyAt: number): { store: Store; late: string[] } {
  const late: string[] = [];
  let isClosed = false;
  let transactions = 0;
  const store = new Proxy(openMemoryStore(), {
    get(target, name: keyof Store) {
      const member = target[name];
      if (typeof member !== 'function') return member;
      return (...input: unknown[]): unknown => {
        if (isClosed && name !== 'close') late.push(name);
        if (name === 'close') isClosed = true;
        if (name === 'transaction' && ++transactions === busyAt)
          throw new LabError('store.busy', { file: 'lab' } as never);
        return Reflect.apply(member as (...input: unknown[]) => unknown, target, input);
      };
    },
  });
  return { store, late };
}

const moments = fc.record({
  slots: fc.integer({ min: 1, max: 5 }),
  /** Turns of the event loop before the lab is closed. */
  turns: fc.nat(150),
  how: fc.constantFrom('save' as const, 'at-once' as const),
  again: fc.constantFrom('not', 'meanwhile', 'afterwards'),
  mishaps: fc.array(
    fc.constantFrom<Mishap | undefined>('crash', 'lost', 'out-of-memory', undefined),
    { minLength: 1, maxLength: 5 },
  ),
  busyAt: fc.integer({ min: 5, max: 200 }),
});

test('a lab that is closed at any moment touches its store no more', async (t) => {
  const rejections: unknown[] = [];
  const note = (reason: unknown): void => void rejections.push(reason);
  process.on('unhandledRejection', note);
  t.after(() => process.off('unhandledRejection', note));
  await fc.assert(
    fc.asyncProperty(moments, async ({ slots, turns, how, again, mishaps, busyAt }) => {
      const { store, late } = watched(busyAt);
      const mishap = (job: { run: number; attempt: number }, epoch: number) =>
        mishaps[(job.run + job.attempt + epoch) % mishaps.length];
      const lab = scriptedLab({ slots, mishap, checkpointEach: 1 }, store);
      const study = { ...plan(), space: noFrozen, trials: 50, training: training({ epochs: 4 }) };
      await lab.request('studies.create', { name: 'A', plan: study, start: true }).catch(isBusy);
      await lab.request('reruns.resume', { rerun: kdRerun(store) }).catch(isBusy);
      for (let turn = 0; turn < turns; turn++) await setImmediate();
      const closing = lab.close(how);
      if (again === 'meanwhile') await lab.close('at-once');
      await closing;
      if (again === 'afterwards') await lab.close('at-once');
      // Longer than any delay of a run, a slot or an outage.
      await sleep(20);
      assert.deepEqual([late, rejections], [[], []]);
    }),
    { numRuns: 60 },
  );
});

function isBusy(error: unknown): void {
  assert.ok(error instanceof LabError && error.code === 'store.busy');
}

test('a request that is under way when the lab closes is answered, or refused as closed', async () => {
  const lab = scriptedLab({ pace: 1 });
  const input = { name: 'A', plan: { ...plan(), space: noFrozen, trials: 300 }, start: true };
  const { study } = await lab.request('studies.create', input);
  await sleep(50);
  const asked = [
    lab.request('studies.open', { study: study.id }),
    lab.request('trials.query', { study: study.id }),
    lab.request('studies.list', {}),
    lab.request('lab.compact', {}),
  ];
  const ends = Promise.allSettled(asked);
  await lab.close('at-once');
  for (const end of await ends)
    if (end.status === 'rejected')
      assert.equal((end.reason as LabError).code, 'lab.closed', String(end.reason));
});
