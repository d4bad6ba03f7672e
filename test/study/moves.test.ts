import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { openMemoryStore } from '../../core/store/memory.ts';
import {
  checkJobMove,
  checkRunMove,
  hasEnded,
  mayMoveJob,
  mayMoveRun,
} from '../../core/study/moves.ts';
import type { RunState } from '../../core/study/run.ts';
import type { JobState } from '../../core/study/study.ts';
import { newStudy, newTrial } from '../contract/samples.ts';

const runStates: RunState[] = [
  'waiting',
  'running',
  'completed',
  'stopped',
  'failed',
  'out-of-memory',
  'cancelled',
  'rejected',
  'duplicate',
];
const jobStates: JobState[] = ['ready', 'running', 'paused', 'stopped', 'completed'];

void test('decisions and results are final; what failed or was cancelled may be tried again', () => {
  const final = runStates.filter((from) => runStates.every((to) => !mayMoveRun(from, to)));
  assert.deepEqual(final, ['completed', 'stopped', 'rejected', 'duplicate']);
  for (const state of ['failed', 'out-of-memory', 'cancelled'] as const)
    assert.deepEqual(
      runStates.filter((to) => mayMoveRun(state, to)),
      ['waiting'],
    );
  assert.ok(runStates.every((from) => !mayMoveRun(from, from)));
  assert.deepEqual(
    runStates.filter((state) => !hasEnded(state)),
    ['waiting', 'running'],
  );
});

void test('nothing ends without having run, but by a person, the rules of the space, a twin or a damaged record', () => {
  assert.deepEqual(
    runStates.filter((to) => mayMoveRun('waiting', to)),
    ['running', 'failed', 'cancelled', 'rejected', 'duplicate'],
  );
});

void test('every job can be got to run again and to be stopped', () => {
  for (const from of jobStates) assert.ok(from === 'running' || mayMoveJob(from, 'running'));
  for (const from of ['ready', 'running', 'paused'] as const)
    assert.ok(mayMoveJob(from, 'stopped'));
  assert.ok(jobStates.every((from) => !mayMoveJob(from, 'ready')));
});

void test('a refusal names what is, what was wanted and what is possible', () => {
  assert.throws(
    () => {
      checkRunMove('waiting', 'stopped', 'Trial 7');
    },
    {
      code: 'study.illegal-move',
      message:
        /Trial 7 is waiting and cannot become stopped; expected one of running, failed, cancelled/,
    },
  );
  assert.throws(
    () => {
      checkJobMove('ready', 'completed', 'Study 1');
    },
    { code: 'study.illegal-move' },
  );
});

void test('whatever is asked of a store, a state changes only by a legal move', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...runStates), { maxLength: 20 }),
      fc.array(fc.constantFrom(...jobStates), { maxLength: 20 }),
      (runWishes, jobWishes) => {
        const store = openMemoryStore();
        const { id } = store.addStudy(newStudy());
        const run = store.addRun(newTrial(id, 0));
        for (const to of runWishes) {
          const from = store.run(run.id).state;
          const legal = from === to || mayMoveRun(from, to);
          const change = (): void => {
            store.changeRun(run.id, { state: to });
          };
          // A run is added as rejected or as a duplicate, with its reason: the state alone is refused.
          const lacksReason = legal && (to === 'rejected' || to === 'duplicate');
          if (lacksReason) assert.throws(change, /CHECK constraint/);
          else if (legal) change();
          else assert.throws(change, { code: 'study.illegal-move' });
          assert.equal(store.run(run.id).state, legal && !lacksReason ? to : from);
        }
        for (const to of jobWishes) {
          const from = store.study(id).state;
          const legal = from === to || mayMoveJob(from, to);
          if (legal) store.changeStudy(id, { state: to });
          else
            assert.throws(() => store.changeStudy(id, { state: to }), {
              code: 'study.illegal-move',
            });
          assert.equal(store.study(id).state, legal ? to : from);
        }
      },
    ),
  );
});
