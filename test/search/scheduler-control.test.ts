import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { scriptedLab } from './lab.ts';
import { noFrozen, trialsOf } from './studies.ts';

describe('pausing, stopping and resuming', () => {
  for (const when of ['now', 'after-epoch'] as const) {
    test(`pause (${when}) keeps checkpoints, resume continues from them`, async () => {
      const { store, runner, scheduler, until, study } = scriptedLab();
      const { id } = study({ trials: 6, space: noFrozen, rule: { kind: 'none' } });
      scheduler.resume({ study: id });
      await until(() => runner.reports >= 7);
      scheduler.pause({ study: id }, when);
      await until(() => scheduler.occupations().length === 0);
      const waiting = store.runs({ study: id, states: ['waiting'] });
      assert.equal(waiting.length, 2);
      for (const run of waiting) assert.equal(store.checkpointOf(run.id)!.epoch, run.epoch);
      const before = runner.started.length;
      scheduler.resume({ study: id });
      await until(() => store.study(id).state === 'completed');
      assert.deepEqual(
        runner.started.slice(before, before + 2).map((job) => [job.run, job.resume?.epoch]),
        waiting.map((run) => [run.id, run.epoch]),
      );
      assert.equal(
        store.trialCounts(id).completed,
        trialsOf(store, id).filter((r) => r.state !== 'duplicate').length,
      );
      await scheduler.close('save');
    });

    test(`stop (${when}) cancels runs that have not ended; resume takes them up again`, async () => {
      const { store, runner, scheduler, until, study } = scriptedLab();
      const { id } = study({ trials: 6, space: noFrozen, rule: { kind: 'none' } });
      scheduler.resume({ study: id });
      await until(() => runner.reports >= 5);
      scheduler.stop({ study: id }, when);
      await until(() => scheduler.occupations().length === 0);
      assert.equal(store.trialCounts(id).cancelled, 2);
      assert.deepEqual(store.checkpoints(), []);
      scheduler.resume({ study: id });
      await until(() => store.study(id).state === 'completed');
      assert.equal(store.trialCounts(id).cancelled, 0);
      assert.equal(store.trialsSoFar(id), 6);
      await scheduler.close('save');
    });
  }

  test('more trials make a completed study run on', async () => {
    const { store, scheduler, until, study } = scriptedLab();
    const { id } = study({ trials: 3, space: noFrozen });
    scheduler.resume({ study: id });
    await until(() => store.study(id).state === 'completed');
    store.changeStudy(id, { trials: 5 });
    scheduler.resume({ study: id });
    await until(() => store.study(id).state === 'completed' && store.trialsSoFar(id) === 5);
    await scheduler.close('save');
  });

  test('one run can be stopped, tried again and pinned', async () => {
    const { store, runner, scheduler, until, study } = scriptedLab({
      slots: 1,
      accuracy: (job) => 1 / job.run,
    });
    const { id } = study({ trials: 3, space: noFrozen, duplicates: 'train' });
    scheduler.resume({ study: id });
    await until(() => runner.reports >= 2);
    scheduler.stopRun(1, 'now');
    await until(() => store.run(1).state === 'cancelled');
    await until(() => store.runs({ study: id, states: ['running'] })[0]?.id === 2);
    scheduler.pin(2, true);
    await until(() => store.study(id).state === 'completed');
    assert.equal(store.run(2).state, 'stopped');
    assert.equal(store.checkpointOf(2)!.purpose, 'final');
    scheduler.pin(2, false);
    assert.equal(store.checkpointOf(2), undefined);
    scheduler.retryRun(1);
    await until(() => store.study(id).state === 'completed');
    assert.equal(store.run(1).state, 'completed');
    await scheduler.close('save');
  });

  test('a study resumed with its failed trials tries them again, and completes', async () => {
    let broken = true;
    const { store, scheduler, until, study } = scriptedLab({
      mishap: ({ run }) => (broken && run <= 3 ? (run === 3 ? 'out-of-memory' : 'nan') : undefined),
    });
    const { id } = study({
      trials: 6,
      space: noFrozen,
      duplicates: 'train',
      rule: { kind: 'none' },
    });
    const states = (): string[] => trialsOf(store, id).map(({ state }) => state);
    scheduler.resume({ study: id });
    await until(() => store.study(id).state === 'completed');
    const rest = ['completed', 'completed', 'completed'];
    assert.deepEqual(states(), ['failed', 'failed', 'out-of-memory', ...rest]);
    broken = false;
    scheduler.resume({ study: id });
    assert.deepEqual(states(), ['failed', 'failed', 'out-of-memory', ...rest], 'not by itself');
    scheduler.resume({ study: id }, 'with-failed');
    assert.equal(store.study(id).state, 'running');
    await until(() => store.study(id).state === 'completed');
    assert.deepEqual(states(), [...rest, ...rest]);
    assert.ok(trialsOf(store, id).every(({ failure }) => failure === null));
    await scheduler.close('save');
  });

  test('a run that a person stopped stays cancelled when its study or lab continues', async () => {
    const first = scriptedLab();
    const { store } = first;
    const { id } = first.study({
      trials: 6,
      space: noFrozen,
      rule: { kind: 'none' },
      duplicates: 'train',
    });
    first.scheduler.resume({ study: id });
    await first.until(() => first.runner.reports >= 3);
    const [one, other] = trialsOf(store, id);
    first.scheduler.stopRun(one!.id, 'now');
    await first.until(() => store.run(one!.id).state === 'cancelled');
    for (const halt of ['pause', 'stop'] as const) {
      first.scheduler[halt]({ study: id }, 'now');
      await first.until(() => first.scheduler.occupations().length === 0);
      first.scheduler.resume({ study: id });
      assert.equal(store.run(one!.id).state, 'cancelled', halt);
    }
    await first.until(() => first.scheduler.occupations().some(({ run }) => run === other!.id));
    first.scheduler.stopRun(other!.id, 'after-epoch');
    await first.scheduler.close('at-once');
    assert.equal(store.run(other!.id).state, 'cancelled', 'its lab ended before it did');
    const second = scriptedLab({}, {}, store);
    assert.ok(second.scheduler.open().every(({ id }) => id !== other!.id));
    await second.until(() => store.study(id).state === 'completed');
    assert.deepEqual(store.trialCounts(id).cancelled, 2);
    second.scheduler.retryRun(one!.id);
    await second.until(() => store.study(id).state === 'completed');
    assert.equal(store.run(one!.id).state, 'completed');
    await second.scheduler.close('save');
  });

  for (const when of ['now', 'after-epoch'] as const) {
    test(`a study stopped (${when}) and resumed before its workers have ended loses no trial`, async () => {
      const { store, runner, scheduler, until, study } = scriptedLab();
      const { id } = study({
        trials: 6,
        space: noFrozen,
        rule: { kind: 'none' },
        duplicates: 'train',
      });
      scheduler.resume({ study: id });
      await until(() => runner.reports >= 5);
      scheduler.stop({ study: id }, when);
      scheduler.resume({ study: id });
      await until(() => store.study(id).state === 'completed');
      assert.equal(store.trialCounts(id).completed, 6);
      await scheduler.close('save');
    });
  }

  test('a stopped study has no runs to continue when its lab ends before its workers', async () => {
    const { store, runner, scheduler, until, study } = scriptedLab();
    const { id } = study({ trials: 6, space: noFrozen, rule: { kind: 'none' } });
    scheduler.resume({ study: id });
    await until(() => runner.reports >= 5);
    scheduler.stop({ study: id }, 'after-epoch');
    await scheduler.close('at-once');
    assert.deepEqual([store.trialCounts(id).waiting, store.trialCounts(id).cancelled], [0, 2]);
  });

  test('a completed study that is resumed with nothing left to do stays as it is', async () => {
    let time = 1;
    const { store, scheduler, until, study } = scriptedLab({}, { now: () => time++ });
    const { id } = study({ trials: 3, space: noFrozen });
    scheduler.resume({ study: id });
    await until(() => store.study(id).state === 'completed');
    const before = store.study(id);
    scheduler.resume({ study: id });
    assert.deepEqual(store.study(id), before);
    await scheduler.close('save');
  });

  test('closing keeps everything; the next lab on the same store continues by itself', async () => {
    const first = scriptedLab();
    const { store } = first;
    const { id } = first.study({ trials: 10, space: noFrozen, rule: { kind: 'none' } });
    first.scheduler.resume({ study: id });
    await first.until(() => first.runner.reports >= 9);
    await first.scheduler.close('save');
    const waiting = store.runs({ study: id, states: ['waiting'] });
    assert.equal(waiting.length, 2);
    for (const run of waiting) assert.equal(store.checkpointOf(run.id)!.epoch, run.epoch);
    assert.deepEqual(
      waiting.map((run) => store.attempts({ run: run.id }).at(-1)!.outcome),
      ['interrupted', 'interrupted'],
    );
    const second = scriptedLab({}, {}, store);
    assert.deepEqual(second.scheduler.open(), []);
    await second.until(() => store.study(id).state === 'completed');
    await second.scheduler.close('save');
  });
});
