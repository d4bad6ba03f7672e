import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LabError } from '../../core/base/errors.ts';
import { actionAfter, hopeless } from '../../core/search/failures.ts';
import { openMemoryStore } from '../../core/store/memory.ts';
import type { Store } from '../../core/store/store.ts';
import type { FailureKind } from '../../core/study/run.ts';
import { scriptedLab } from './lab.ts';
import { metricsOf } from './scripted-runner.ts';
import { noFrozen } from './studies.ts';

const failure = (kind: FailureKind) => ({ kind, code: '', message: '', next: '', epoch: 1 });

/**
 * A store that refuses changes with an error while `refuse` is set, as a full disk or another
 * program's lock would.
 */
function refusing(): { store: Store; refuse: (error: LabError | null) => void } {
  const store = openMemoryStore();
  let error: LabError | null = null;
  return {
    refuse: (next) => (error = next),
    store: {
      ...store,
      transaction(work) {
        if (error) throw error;
        return store.transaction(work);
      },
      async saveCheckpoint(checkpoint, at) {
        if (error) throw error;
        return store.saveCheckpoint(checkpoint, at);
      },
    },
  };
}

describe('failures', () => {
  test('each kind of failure has its action', () => {
    assert.deepEqual(
      [0, 1, 2, 3].map((before) => actionAfter(failure('crash'), before, 3)),
      [
        { do: 'retry', afterSeconds: 1 },
        { do: 'retry', afterSeconds: 2 },
        { do: 'retry', afterSeconds: 4 },
        { do: 'give-up', state: 'failed' },
      ],
    );
    assert.deepEqual(actionAfter(failure('hang'), 20, 50), { do: 'retry', afterSeconds: 60 });
    assert.deepEqual(actionAfter(failure('nan'), 0, 3), { do: 'give-up', state: 'failed' });
    assert.deepEqual(
      [0, 1].map((before) => actionAfter(failure('out-of-memory'), before, 0)),
      [
        { do: 'retry', afterSeconds: 30 },
        { do: 'give-up', state: 'out-of-memory' },
      ],
    );
    assert.deepEqual(actionAfter(failure('lost'), 99, 0), { do: 'retry', afterSeconds: 1 });
    for (const kind of ['data', 'teacher', 'precision'] as const)
      assert.deepEqual(actionAfter(failure(kind), 0, 3), { do: 'pause' });
  });

  test('a study pauses after eight failed starts in a row, or two for each slot', () => {
    const crash = { ...failure('crash'), message: 'It broke.' };
    assert.equal(hopeless(7, 1, crash), null);
    assert.match(hopeless(8, 1, crash)!.message, /^8 starts in a row failed, .*: It broke\.$/);
    assert.equal(hopeless(9, 5, crash), null);
    assert.match(hopeless(10, 5, crash)!.next, /ktg doctor/);
    assert.match(hopeless(8, 1, failure('out-of-memory'))!.next, /fewer slots/);
  });

  test('a full disk stops all work with the reason; resuming loses nothing', async () => {
    const { store, refuse } = refusing();
    const { scheduler, runner, events, until, study } = scriptedLab(
      { checkpointEach: 1 },
      {},
      store,
    );
    const { id } = study({ trials: 10, space: noFrozen });
    scheduler.resume({ study: id });
    await until(() => runner.reports >= 8);
    refuse(new LabError({ code: 'store.disk-full', message: 'no space', next: 'Free some.' }));
    await until(() => scheduler.trouble !== null);
    assert.equal(scheduler.trouble!.code, 'store.disk-full');
    assert.deepEqual(scheduler.occupations(), []);
    assert.throws(
      () => {
        scheduler.resume({ study: id });
      },
      { code: 'store.disk-full' },
    );
    const started = runner.started.length;
    refuse(null);
    scheduler.resume({ study: id });
    assert.equal(scheduler.trouble, null);
    await until(() => store.study(id).state === 'completed');
    assert.ok(runner.started.length > started);
    const resumed = store.runs({ study: id }).filter((run) => run.attempts > 1);
    assert.ok(resumed.length > 0);
    for (const run of store.runs({ study: id }))
      assert.equal(store.epochs(run.id).length, run.epoch);
    assert.ok(events.some((event) => event.type === 'trouble' && event.problem === null));
    await scheduler.close('save');
  });

  for (const code of ['store.disk-full', 'store.busy'])
    test(`a lab stopped by ${code} continues by itself when the store takes changes again`, async () => {
      const { store, refuse } = refusing();
      const { scheduler, runner, events, until, study } = scriptedLab(
        { checkpointEach: 1 },
        {},
        store,
      );
      const { id } = study({ trials: 10, space: noFrozen });
      scheduler.resume({ study: id });
      await until(() => runner.reports >= 8);
      refuse(new LabError({ code, message: 'no space', next: 'Free some.' }));
      await until(() => scheduler.trouble !== null);
      refuse(null);
      await until(() => store.study(id).state === 'completed');
      assert.ok(events.some((event) => event.type === 'trouble' && event.problem === null));
      await scheduler.close('save');
    });

  test('a lab whose file is deleted stops at once, even between two writes', async () => {
    const store = openMemoryStore();
    let tell: (trouble: LabError) => void = () => undefined;
    const watched: Store = { ...store, onTrouble: (listener) => (tell = listener) };
    const { scheduler, runner, until, study } = scriptedLab({ checkpointEach: 1 }, {}, watched);
    scheduler.resume({ study: study({ trials: 10, space: noFrozen }).id });
    await until(() => runner.reports >= 3);
    tell(
      new LabError({ code: 'store.deleted', message: 'The file was deleted.', next: 'Copy it.' }),
    );
    assert.equal(scheduler.trouble!.code, 'store.deleted');
    assert.deepEqual(scheduler.occupations(), []);
    await scheduler.close('save');
  });

  test('a lab whose store refuses changes can be closed', async () => {
    const { store, refuse } = refusing();
    const { scheduler, runner, until, study } = scriptedLab({}, {}, store);
    scheduler.resume({ study: study({ trials: 10, space: noFrozen }).id });
    await until(() => runner.reports >= 3);
    refuse(new LabError({ code: 'store.disk-full', message: 'no space', next: '' }));
    await scheduler.close('at-once');
  });

  test('a checkpoint that cannot be saved causes a log line and does not stop its run', async () => {
    const store = openMemoryStore();
    const full: Store = {
      ...store,
      saveCheckpoint: (checkpoint, at) =>
        checkpoint.purpose === 'resume'
          ? Promise.reject(new LabError({ code: 'store.disk-full', message: 'no space', next: '' }))
          : store.saveCheckpoint(checkpoint, at),
    };
    const { scheduler, events, until, study } = scriptedLab({ checkpointEach: 1 }, {}, full);
    const { id } = study({ trials: 2, space: noFrozen, rule: { kind: 'none' } });
    scheduler.resume({ study: id });
    await until(() => full.study(id).state === 'completed');
    assert.ok(events.some((event) => event.type === 'log' && /not saved/.test(event.text)));
    await scheduler.close('save');
  });

  test('a worker with false reports is replaced: gaps, wrong nodes, a false end', async () => {
    for (const lie of ['gap', 'nodes', 'end'] as const) {
      const { store, scheduler, runner, until, study } = scriptedLab({ slots: 1 });
      let told = false;
      const start = runner.start.bind(runner);
      runner.start = (slot, job, listener) => {
        const handle = start(slot, job, listener);
        if (told) return handle;
        told = true;
        setImmediate(() => {
          const honest = metricsOf(job, 1, 0.5, 1);
          if (lie === 'gap') void listener.epoch({ ...honest, epoch: 7 });
          if (lie === 'nodes') void listener.epoch({ ...honest, epoch: 2, nodes: [] });
          if (lie === 'end') listener.ended('completed');
        });
        return handle;
      };
      const { id } = study({ trials: 2, space: noFrozen, rule: { kind: 'none' } });
      scheduler.resume({ study: id });
      await until(() => store.study(id).state === 'completed');
      const [first] = store.runs({ study: id });
      assert.deepEqual(
        store.attempts({ run: first!.id }).map((attempt) => attempt.outcome),
        ['protocol', 'completed'],
        lie,
      );
      await scheduler.close('save');
    }
  });

  for (const last of ['silence', 'gap', 'crash'] as const) {
    test(`a stored result stands when the worker fails after its verdict or final weights: ${last}`, async () => {
      const disturbed = new Set<string>();
      const { store, runner, scheduler, until, study } = scriptedLab(
        {
          accuracy: ({ run }) => (run === 1 ? 0.5 : 0.1),
          lastMishap: (job, end, listener) => {
            if (disturbed.has(end)) return undefined;
            disturbed.add(end);
            if (last === 'gap')
              void listener.epoch(metricsOf(job, end === 'completed' ? 17 : 20, 0.5, 1));
            return last === 'silence' ? last : 'crash';
          },
        },
        { hangAfter: 1 },
      );
      const { id } = study({ trials: 4, space: noFrozen, duplicates: 'train' });
      scheduler.resume({ study: id });
      await until(() => store.study(id).state === 'completed' || scheduler.trouble !== null);
      assert.equal(scheduler.trouble, null);
      assert.deepEqual([...disturbed].sort(), ['completed', 'stopped']);
      assert.deepEqual(
        store.runs({ study: id }).map(({ state, attempts }) => [state, attempts]),
        [['completed', 1], ...[2, 3, 4].map(() => ['stopped', 1])],
      );
      assert.equal(runner.started.length, 4);
      await scheduler.close('save');
    });
  }

  test('a report that the store refuses as illegal fails its run, not the lab', async () => {
    const store = openMemoryStore();
    let refused = false;
    const strict: Store = {
      ...store,
      addEpoch(run, metrics, accuracy) {
        if (!refused) {
          refused = true;
          throw new LabError({ code: 'study.illegal-move', message: 'not from here', next: '' });
        }
        store.addEpoch(run, metrics, accuracy);
      },
    };
    const { scheduler, until, study } = scriptedLab({ slots: 1 }, {}, strict);
    const { id } = study({ trials: 2, space: noFrozen });
    scheduler.resume({ study: id });
    await until(() => store.study(id).state === 'completed' || scheduler.trouble !== null);
    assert.equal(scheduler.trouble, null);
    assert.equal(store.attempts({ run: 1 })[0]!.outcome, 'protocol');
    await scheduler.close('save');
  });

  test('a device that disappears costs its runs nothing but time, however often', async () => {
    const { store, scheduler, until, study } = scriptedLab({
      mishap: (job, epoch) => (job.attempt <= 6 && epoch === 2 ? 'lost' : undefined),
    });
    const { id } = study({ trials: 3, space: noFrozen, rule: { kind: 'none' }, retries: 0 });
    scheduler.resume({ study: id });
    await until(() => store.study(id).state === 'completed');
    assert.equal(store.trialCounts(id).failed, 0);
    await scheduler.close('save');
  });

  test('a failed pretraining pauses the study that waits for it, and resuming tries again', async () => {
    let broken = true;
    const { store, scheduler, until, study } = scriptedLab({
      mishap: (job) => (broken && job.graph.nodes.length === 1 ? 'nan' : undefined),
    });
    const { id } = study({ trials: 8 });
    scheduler.resume({ study: id });
    await until(() => store.study(id).state === 'paused' && scheduler.occupations().length === 0);
    assert.equal(store.study(id).problem!.code, 'search.teacher-failed');
    broken = false;
    scheduler.resume({ study: id });
    await until(() => store.study(id).state === 'completed');
    assert.ok(store.allPretrained().every((each) => each.checkpoint !== null));
    await scheduler.close('save');
  });

  test('a removed study takes its runs from their slots, and others continue', async () => {
    const { store, scheduler, runner, until, study } = scriptedLab();
    const gone = study({ trials: 50, space: noFrozen, duplicates: 'train' });
    const other = study({ trials: 5, space: noFrozen, seed: 2 });
    scheduler.resume({ study: gone.id });
    await until(() => runner.reports >= 5);
    scheduler.resume({ study: other.id });
    await scheduler.remove({ study: gone.id });
    await until(() => store.study(other.id).state === 'completed');
    assert.deepEqual(
      store.studies().map((each) => each.id),
      [other.id],
    );
    assert.deepEqual(store.runs({ study: gone.id }), []);
    await scheduler.close('save');
  });
});
