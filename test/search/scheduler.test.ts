import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { paperSpace, withGates } from '../../core/graph/space.ts';
import { hasEnded } from '../../core/study/moves.ts';
import type { StudyPlan } from '../../core/study/plan.ts';
import type { Run } from '../../core/study/run.ts';
import { ladder, rule, standingAmong } from '../../core/search/asha.ts';
import { mean } from '../../core/analysis/statistics.ts';
import { newStudy } from '../contract/samples.ts';
import { scriptedLab } from './lab.ts';
import { environment } from './scripted-runner.ts';
import { noFrozen, trialsOf } from './studies.ts';

describe('the scheduler', () => {
  test('a study runs to its end; every decision follows the rule from the values in order of arrival', async () => {
    const { store, scheduler, until, study } = scriptedLab({ slots: 3 });
    const { id, plan } = study({ trials: 40, space: noFrozen });
    scheduler.open();
    scheduler.resume({ study: id });
    await until(() => store.study(id).state === 'completed');
    await scheduler.close('save');

    const trials = trialsOf(store, id);
    assert.equal(trials.length, 40);
    assert.ok(trials.every((run) => hasEnded(run.state)));
    const steps = ladder(plan.training.epochs);
    const recorded = new Map<number, number[]>();
    for (const { run, rung, value, go } of store.decisions({ study: id })) {
      const values = recorded.get(rung) ?? [];
      recorded.set(rung, values);
      const filled = steps.rungs.indexOf(rung);
      const expected = rule(steps, filled, rung, value!, () => standingAmong(values, value!));
      assert.equal(go, expected.decision === 'continue');
      const { state, epoch } = store.run(run);
      if (go) assert.ok(epoch > rung);
      else assert.deepEqual([state, epoch], ['stopped', rung]);
      values.push(value!);
    }
    const completed = trials.filter((run) => run.state === 'completed');
    assert.ok(completed.length > 0);
    for (const run of completed) assert.equal(store.checkpointOf(run.id)?.purpose, 'final');
    assert.equal(store.checkpoints().length, completed.length);
    for (const attempt of store.attempts({ study: id }))
      assert.deepEqual(store.environment(attempt.environment!), environment);
  });

  test('trials are the same whatever the number of slots', async () => {
    const drawn = await Promise.all(
      [1, 5].map(async (slots) => {
        const { store, scheduler, until, study } = scriptedLab({ slots });
        const { id } = study({ trials: 25, space: noFrozen });
        scheduler.resume({ study: id });
        await until(() => store.study(id).state === 'completed');
        await scheduler.close('save');
        return trialsOf(store, id).map(({ number, key, seed }) => ({ number, key, seed }));
      }),
    );
    assert.deepEqual(drawn[0], drawn[1]);
  });

  test('equal graphs are trained once, unless they are to be trained again', async () => {
    for (const duplicates of ['reuse', 'train'] as const) {
      const { store, runner, scheduler, until, study } = scriptedLab();
      const { id } = study({ trials: 30, space: paperSpace(1, 'resnet8'), duplicates });
      scheduler.resume({ study: id });
      await until(() => store.study(id).state === 'completed');
      const trials = trialsOf(store, id);
      const keys = new Set(trials.map((run) => run.key));
      assert.equal(keys.size, 2); // one node and its label edge: Through (= Correct) or Linear
      assert.equal(runner.started.length, duplicates === 'reuse' ? 2 : 30);
      for (const run of trials.filter((each) => each.state === 'duplicate'))
        assert.equal(store.run(run.duplicateOf!).key, run.key);
      await scheduler.close('save');
    }
  });

  test('rejected graphs are drawn again, or count as trials', async () => {
    for (const rejected of ['resample', 'count'] as const) {
      const { store, scheduler, until, study } = scriptedLab();
      const { id } = study({ trials: 30, space: paperSpace(1, 'resnet8'), rejected });
      scheduler.resume({ study: id });
      await until(() => store.study(id).state === 'completed');
      const count = store.trialCounts(id).rejected;
      assert.equal(count > 0, rejected === 'count');
      assert.equal(store.rejections(id).length > 0, rejected === 'resample');
      await scheduler.close('save');
    }
  });

  test('priorities: the more important study gets every free slot, equal ones share', async () => {
    const { store, runner, scheduler, until } = scriptedLab({ slots: 2 });
    const flat = {
      space: noFrozen,
      rule: { kind: 'none' as const },
      duplicates: 'train' as const,
      trials: 6,
    };
    const [low, high, other] = [0, 5, 5].map((priority, index) =>
      store.addStudy({ ...newStudy(`S${index}`, { ...flat, seed: index }), priority }),
    );
    for (const each of [low, high, other]) scheduler.resume({ study: each!.id });
    await until(() =>
      [low, high, other].every((each) => store.study(each!.id).state === 'completed'),
    );
    const order = runner.started.map((job) => store.run(job.run).study);
    assert.deepEqual(new Set(order.slice(0, 2)), new Set([high!.id, other!.id]));
    assert.ok(order.indexOf(low!.id) >= 11, order.join(' '));
    await scheduler.close('save');
  });

  test('slots can be added and taken away while it runs', async () => {
    const { store, runner, scheduler, until, study } = scriptedLab({ slots: 1 });
    const { id } = study({
      trials: 12,
      space: noFrozen,
      rule: { kind: 'none' },
      duplicates: 'train',
    });
    scheduler.resume({ study: id });
    await until(() => runner.reports >= 3);
    runner.setSlots('scripted', 4);
    await until(() => scheduler.occupations().length === 4);
    runner.setSlots('scripted', 1);
    await until(() => store.study(id).state === 'completed');
    assert.equal(runner.slots().length, 1);
    assert.equal(store.trialCounts(id).completed, 12);
    await scheduler.close('save');
  });

  test('the progress of a worker that compiles causes an event of its own', async () => {
    const { runner, scheduler, until, study } = scriptedLab({ slots: 1, compiling: 12 });
    scheduler.resume({ study: study({ trials: 1, space: noFrozen }).id });
    // by an event of its own, before its first epoch
    await until(
      () => runner.reports === 0 && scheduler.occupations()[0]?.progress?.compiling === 12,
    );
    await scheduler.close('at-once');
  });

  test('a study without a trainable graph is refused, and paused when it runs already', async () => {
    const { store, scheduler, until, study } = scriptedLab();
    const space = withGates(
      withGates(paperSpace(2, 'resnet8', ['resnet8']), 0, 1, ['cutoff']),
      2,
      1,
      ['cutoff'],
    );
    const [impossible, running] = [study({ trials: 3, space }), study({ trials: 3, space })];
    const good = study({ trials: 3, space: noFrozen });
    assert.throws(
      () => {
        scheduler.resume({ study: impossible.id });
      },
      { code: 'space.impossible' },
    );
    assert.equal(store.study(impossible.id).state, 'ready');
    for (const { id } of [running, good]) store.changeStudy(id, { state: 'running' });
    scheduler.open();
    assert.deepEqual(
      [store.study(running.id).state, store.study(running.id).problem?.code],
      ['paused', 'space.impossible'],
    );
    await until(() => store.study(good.id).state === 'completed');
    await scheduler.close('save');
  });

  test('TPE finds better graphs than random draws, also after a restart of the lab', async () => {
    // The more Through gates, the better.
    const throughs = (run: Pick<Run, 'graph'>): number =>
      run.graph.edges.filter((edge) => edge.gate === 'through').length / run.graph.edges.length;
    const late = async (sampler: StudyPlan['sampler']): Promise<number> => {
      const { store, study, ...first } = scriptedLab({ accuracy: throughs });
      const { id } = study({
        trials: 80,
        sampler,
        space: { ...paperSpace(3, 'resnet8', ['resnet8']), frozen: false },
      });
      first.scheduler.resume({ study: id });
      await first.until(() => store.trialsSoFar(id) >= 40);
      await first.scheduler.close('save');
      const second = scriptedLab({ accuracy: throughs }, {}, store);
      second.scheduler.open();
      await second.until(() => store.study(id).state === 'completed');
      await second.scheduler.close('save');
      return mean(trialsOf(store, id).slice(-20).map(throughs));
    };
    const [drawn, proposed] = [await late('random'), await late('tpe')];
    assert.ok(proposed > drawn + 0.15, `${proposed} proposed, ${drawn} drawn`);
  });

  test('time left is known from the first epoch on and ends at 0', async () => {
    const { store, runner, scheduler, until, study } = scriptedLab();
    const { id } = study({ trials: 20, space: noFrozen });
    scheduler.resume({ study: id });
    assert.equal(scheduler.timeLeft({ study: id }), null);
    await until(() => runner.reports >= 1);
    assert.ok(scheduler.timeLeft({ study: id })! > 0);
    await until(() => store.study(id).state === 'completed');
    assert.equal(scheduler.timeLeft({ study: id }), null);
    await scheduler.close('save');
  });
});
