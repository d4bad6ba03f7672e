import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LabError } from '../../core/base/errors.ts';
import { template } from '../../core/graph/templates.ts';
import { paperSpace, withGates } from '../../core/graph/space.ts';
import { openMemoryStore } from '../../core/store/memory.ts';
import type { Store } from '../../core/store/store.ts';
import { hasEnded } from '../../core/study/moves.ts';
import type { StudyPlan } from '../../core/study/plan.ts';
import type { Pretrained } from '../../core/study/pretrained.ts';
import type { Run } from '../../core/study/run.ts';
import { ladder, rule, standingAmong } from '../../core/search/asha.ts';
import { previewOf } from '../../core/search/preview.ts';
import { addRerun } from '../../core/search/repeat.ts';
import { mean } from '../../core/analysis/statistics.ts';
import { newCheckpoint, newStudy, training } from '../contract/samples.ts';
import { scriptedLab } from './lab.ts';
import { environment } from './scripted-runner.ts';

const trialsOf = (store: Store, study: number): Run[] => store.runs({ study, kind: 'trial' });
/** Node 2 is always frozen. */
const teaching = withGates(
  withGates(paperSpace(2, 'resnet8', ['resnet8', 'wrn-10-1']), 0, 2, ['cutoff']),
  1,
  2,
  ['cutoff'],
);
/** A re-run that needs a pretrained network first. Gives its id. */
const kdAgain = (store: Store): number =>
  addRerun(
    store,
    {
      name: 'KD',
      graph: template('kd', ['resnet8', 'resnet8']),
      study: null,
      trial: null,
      seeds: 2,
      baseSeed: 1,
      baselines: [],
      training: training(),
      retries: 0,
      priority: 0,
    },
    1,
  ).id;
const noFrozen = { ...paperSpace(2, 'resnet8', ['resnet8', 'wrn-10-1']), frozen: false };

void describe('scheduler', () => {
  void test('a study runs to its end; every decision is what the rule says of the values in order of arrival', async () => {
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

  void test('trials are the same whatever the number of slots', async () => {
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

  void test('equal graphs are trained once, unless they are to be trained again', async () => {
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

  void test('rejected graphs are drawn again, or count', async () => {
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

  void test('pretrained networks are trained first, as visible runs, and shared with the next study', async () => {
    const { store, runner, scheduler, until, study } = scriptedLab();
    const first = study({ trials: 12, space: teaching });
    scheduler.resume({ study: first.id });
    await until(() => store.study(first.id).state === 'completed');
    const pretraining = store.runs({ kind: 'pretrain' });
    assert.deepEqual(pretraining.map((run) => run.graph.nodes[0]!.model).sort(), [
      'resnet8',
      'wrn-10-1',
    ]);
    assert.deepEqual(
      runner.started.slice(0, 2).map((job) => job.run),
      pretraining.map((run) => run.id),
    );
    for (const each of store.allPretrained()) {
      assert.equal(store.checkpoint(each.checkpoint!).run, each.run);
      assert.equal(each.accuracy, store.run(each.run!).accuracy);
    }
    const withTeacher = runner.started.filter((job) => job.teachers.length > 0);
    assert.ok(withTeacher.length > 0);

    const second = study({ trials: 3, seed: 8, space: teaching });
    scheduler.resume({ study: second.id });
    await until(() => store.study(second.id).state === 'completed');
    assert.equal(store.runs({ kind: 'pretrain' }).length, 2);
    await scheduler.close('save');
  });

  void test('a crash is tried again from the last checkpoint, then given up; NaN is not tried again', async () => {
    const { store, runner, scheduler, until, study } = scriptedLab({
      checkpointEach: 2,
      accuracy: () => 0.5,
      mishap: (job, epoch) => {
        if (job.run === 1) return epoch === 6 && job.attempt === 1 ? 'crash' : undefined;
        if (job.run === 2) return epoch === 4 ? 'crash' : undefined;
        return epoch === 3 ? 'nan' : undefined;
      },
    });
    const { id } = study({
      trials: 3,
      space: noFrozen,
      rule: { kind: 'none' },
      duplicates: 'train',
    });
    scheduler.resume({ study: id });
    await until(() => store.study(id).state === 'completed');
    const [recovered, hopeless, diverged] = trialsOf(store, id);
    assert.equal(recovered!.state, 'completed');
    assert.equal(
      runner.started.find((job) => job.run === 1 && job.attempt === 2)!.resume!.epoch,
      4,
    );
    assert.deepEqual(
      store.attempts({ run: 1 }).map((each) => [each.fromEpoch, each.outcome]),
      [
        [0, 'crash'],
        [5, 'completed'],
      ],
    );
    assert.equal(store.epochs(1).length, 16);
    assert.deepEqual(
      [hopeless!.state, hopeless!.attempts, hopeless!.failure!.kind],
      ['failed', 3, 'crash'],
    );
    assert.deepEqual(
      [diverged!.state, diverged!.attempts, diverged!.failure!.kind],
      ['failed', 1, 'nan'],
    );
    assert.deepEqual(
      store.checkpoints().map((each) => each.run),
      [1],
    );
    await scheduler.close('save');
  });

  void test('out of memory is a state of its own, with advice', async () => {
    const { store, scheduler, until, study } = scriptedLab({
      mishap: ({ run, attempt }) =>
        run === 1 || (run === 2 && attempt === 1) ? 'out-of-memory' : undefined,
    });
    const { id } = study({
      trials: 3,
      space: noFrozen,
      retries: 0,
      duplicates: 'train',
      rule: { kind: 'none' },
    });
    scheduler.resume({ study: id });
    await until(() => store.study(id).state === 'completed');
    const [tooLarge, crowdedOut, small] = trialsOf(store, id);
    assert.deepEqual([tooLarge!.state, tooLarge!.attempts], ['out-of-memory', 3]);
    assert.match(tooLarge!.failure!.next, /fewer slots/);
    assert.deepEqual([crowdedOut!.state, small!.state], ['completed', 'completed']);
    const counted = [crowdedOut!, small!].map(({ id: run }) =>
      store
        .attempts({ run })
        .map(({ outcome }) => outcome)
        .filter((outcome) => outcome !== 'paused'),
    ); // those that rested for the last try of the first one aside
    assert.deepEqual(counted, [['out-of-memory', 'completed'], ['completed']]);
    await scheduler.close('save');
  });

  void test('out of memory twice, a trial gets a last try with the other slots of its device at rest', async () => {
    let beside = 0;
    const lab = scriptedLab({
      slots: 3,
      checkpointEach: 1,
      mishap: ({ run, attempt }) => {
        if (run !== 1) return undefined;
        if (attempt <= 2) return 'out-of-memory';
        beside += lab.scheduler.occupations().length - 1;
        return undefined;
      },
    });
    const { store, scheduler, events, until, study } = lab;
    const { id } = study({
      trials: 12,
      space: noFrozen,
      duplicates: 'train',
      rule: { kind: 'none' },
    });
    scheduler.resume({ study: id });
    await until(() => store.study(id).state === 'completed');
    const trials = trialsOf(store, id);
    assert.deepEqual(
      trials.map(({ state }) => state),
      trials.map(() => 'completed'),
    );
    assert.deepEqual([trials[0]!.attempts, beside], [3, 0]);
    assert.ok(
      events.some(
        (each) =>
          each.type === 'log' &&
          each.run === 1 &&
          /slots of scripted rest for its last try/.test(each.text),
      ),
    );
    await scheduler.close('save');
  });

  void test('a card without free memory pauses the study instead of burning all trials', async () => {
    const { store, scheduler, until, study } = scriptedLab({ mishap: () => 'out-of-memory' });
    const { id } = study({ trials: 1000, space: noFrozen, duplicates: 'train' });
    scheduler.resume({ study: id });
    await until(() => store.study(id).state !== 'running');
    const { state, problem } = store.study(id);
    assert.deepEqual([state, problem?.code], ['paused', 'search.workers-keep-failing']);
    assert.match(problem!.next, /fewer slots/);
    assert.ok(store.trialsSoFar(id) < 12);
    await scheduler.close('save');
  });

  void test('a slot on which everything fails is benched, and no trial is lost for it', async () => {
    for (const kind of ['crash', 'out-of-memory'] as const) {
      const bad = 'scripted:7';
      const { store, scheduler, until, study, events } = scriptedLab(
        {
          slots: 8,
          // It fails long before another slot is done with its epoch.
          seconds: (_job, epoch) => (epoch === 1 ? 5 : 20),
          mishap: (_job, _epoch, slot) => (slot === bad ? kind : undefined),
        },
        { delayDivisor: 100 },
      );
      const { id } = study({ trials: 100, duplicates: 'train', space: noFrozen });
      scheduler.resume({ study: id });
      await until(() => store.study(id).state !== 'running');
      assert.equal(store.study(id).state, 'completed');
      assert.deepEqual(
        [store.trialCounts(id).failed, store.trialCounts(id).outOfMemory],
        [0, 0],
        kind,
      );
      const failed = store.attempts({ study: id }).filter(({ outcome }) => outcome === kind);
      assert.ok(failed.length >= 3 && failed.every(({ slot }) => slot === bad));
      for (const { run } of failed)
        assert.notEqual(store.attempts({ run }).find(({ number }) => number === 2)!.slot, bad);
      const told = events.filter((event) => event.type === 'log' && event.run === null);
      assert.match(
        told[0]!.type === 'log' ? told[0]!.text : '',
        /slot scripted:7: .* a minute .*Look at its device/,
      );
      await scheduler.close('save');
    }
  });

  void test('a graph whose first trial came to nothing is trained by the next', async () => {
    const { store, scheduler, until, study } = scriptedLab({
      slots: 1,
      mishap: ({ run }) => (run === 1 ? 'nan' : undefined),
    });
    const { id } = study({ trials: 30, space: paperSpace(1, 'resnet8') });
    scheduler.resume({ study: id });
    await until(() => store.study(id).state === 'completed');
    const [first, ...others] = trialsOf(store, id);
    const next = others.find(({ key }) => key === first!.key);
    assert.deepEqual([first!.state, next!.state], ['failed', 'completed']);
    assert.ok(others.every(({ duplicateOf }) => duplicateOf !== first!.id));
    await scheduler.close('save');
  });

  void test('pretraining has the priority of who waits for it, and goes first among equals', async () => {
    for (const [high, expected] of [
      [10, 'after'],
      [0, 'before'],
    ] as const) {
      const { store, runner, scheduler, until } = scriptedLab({ slots: 1 });
      const first = store.addStudy({
        ...newStudy('high', { trials: 4, space: noFrozen }),
        priority: high,
      });
      const second = store.addStudy(newStudy('low', { trials: 2, space: teaching, seed: 4 }));
      for (const { id } of [first, second]) scheduler.resume({ study: id });
      await until(() => [first, second].every(({ id }) => store.study(id).state === 'completed'));
      const started = runner.started.map(({ run }) => store.run(run));
      const pretraining = started.findIndex(({ kind }) => kind === 'pretrain');
      const trial = started.findLastIndex(
        ({ study, kind }) => study === first.id && kind === 'trial',
      );
      assert.equal(pretraining > trial ? 'after' : 'before', expected);
      await scheduler.close('save');
    }
  });

  void test('a study whose data are missing pauses and says so; nothing is lost', async () => {
    let missing = true;
    const { store, scheduler, until, study } = scriptedLab({
      mishap: () => (missing ? 'data' : undefined),
    });
    const { id } = study({ trials: 4, space: noFrozen });
    scheduler.resume({ study: id });
    await until(
      () => store.study(id).state === 'paused' && store.runs({ states: ['running'] }).length === 0,
    );
    assert.equal(store.study(id).problem!.code, 'search.data');
    missing = false;
    scheduler.resume({ study: id });
    assert.equal(store.study(id).problem, null);
    await until(() => store.study(id).state === 'completed');
    assert.deepEqual(store.trialCounts(id).failed, 0);
    await scheduler.close('save');
  });

  void test('when every start fails the study pauses instead of burning all trials', async () => {
    const { store, scheduler, until, study } = scriptedLab({ mishap: () => 'crash' });
    const { id } = study({ trials: 1000, space: noFrozen, duplicates: 'train' });
    scheduler.resume({ study: id });
    await until(() => store.study(id).state === 'paused');
    assert.equal(store.study(id).problem!.code, 'search.workers-keep-failing');
    assert.ok(store.trialsSoFar(id) < 12);
    await scheduler.close('save');
  });

  for (const when of ['now', 'after-epoch'] as const) {
    void test(`pause (${when}) keeps checkpoints, resume goes on from them`, async () => {
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

    void test(`stop (${when}) cancels what has not ended; it can be taken up again`, async () => {
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

  void test('priorities: the more important study gets every free slot, equal ones share', async () => {
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

  void test('slots can be added and taken away while it runs', async () => {
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

  void test('who looks on is told of a worker that compiles', async () => {
    const { runner, scheduler, until, study } = scriptedLab({ slots: 1, compiling: 12 });
    scheduler.resume({ study: study({ trials: 1, space: noFrozen }).id });
    // by an event of its own, before its first epoch
    await until(
      () => runner.reports === 0 && scheduler.occupations()[0]?.progress?.compiling === 12,
    );
    await scheduler.close('at-once');
  });

  void test('more trials make a completed study run on', async () => {
    const { store, scheduler, until, study } = scriptedLab();
    const { id } = study({ trials: 3, space: noFrozen });
    scheduler.resume({ study: id });
    await until(() => store.study(id).state === 'completed');
    store.changeStudy(id, { trials: 5 });
    scheduler.resume({ study: id });
    await until(() => store.study(id).state === 'completed' && store.trialsSoFar(id) === 5);
    await scheduler.close('save');
  });

  void test('one run can be stopped, tried again and pinned', async () => {
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

  void test('a study resumed with its failed trials tries them again, and completes', async () => {
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

  void test('a run that a person has stopped stays so, whatever becomes of its study and lab', async () => {
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
    void test(`stopped (${when}) and taken up again before its workers have ended, a study loses no trial`, async () => {
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

  void test('a stopped study whose lab ends before its workers have no more runs to go on', async () => {
    const { store, runner, scheduler, until, study } = scriptedLab();
    const { id } = study({ trials: 6, space: noFrozen, rule: { kind: 'none' } });
    scheduler.resume({ study: id });
    await until(() => runner.reports >= 5);
    scheduler.stop({ study: id }, 'after-epoch');
    await scheduler.close('at-once');
    assert.deepEqual([store.trialCounts(id).waiting, store.trialCounts(id).cancelled], [0, 2]);
  });

  void test('a completed study that is resumed with nothing left to do stays as it is', async () => {
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

  for (const halt of ['pause', 'stop', 'remove'] as const) {
    for (const job of ['study', 'rerun'] as const) {
      void test(`${halt} of a ${job} ends the pretraining that only it waits for`, async () => {
        const { store, runner, scheduler, until, study } = scriptedLab({ slots: 1 });
        const owner =
          job === 'study'
            ? { study: study({ trials: 4, space: teaching }).id }
            : { rerun: kdAgain(store) };
        scheduler.resume(owner);
        await until(() => runner.reports >= 2);
        const [pretraining] = store.runs({ kind: 'pretrain', states: ['running'] });
        assert.ok(pretraining);
        await scheduler[halt](owner, 'now');
        await until(() => scheduler.occupations().length === 0);
        assert.equal(store.run(pretraining.id).state, halt === 'pause' ? 'waiting' : 'cancelled');
        assert.equal(store.runs({ kind: 'pretrain', states: ['running'] }).length, 0);
        if (halt !== 'remove') {
          scheduler.resume(owner);
          const state = (): string =>
            ('study' in owner ? store.study(owner.study) : store.rerun(owner.rerun)).state;
          await until(() => state() === 'completed');
          assert.equal(store.run(pretraining.id).state, 'completed');
        }
        await scheduler.close('save');
      });
    }
  }

  void test('pretraining that a person asked for goes on without any study, also one that a paused study waits for', async () => {
    const { store, runner, scheduler, until, study } = scriptedLab({ slots: 1 });
    const asked = scheduler.pretrain('resnet8', training(), 99);
    const first = study({ trials: 4, space: teaching });
    const second = study({ trials: 4, space: teaching });
    for (const { id } of [first, second]) scheduler.resume({ study: id });
    await until(() => runner.reports >= 2);
    scheduler.pause({ study: first.id }, 'now');
    scheduler.stop({ study: second.id }, 'now');
    await until(
      () => store.pretrained(asked.id).checkpoint !== null && scheduler.occupations().length === 0,
    );
    assert.equal(
      store.runs({ kind: 'pretrain', states: ['cancelled'] }).length,
      0,
      'the paused study needs them',
    );
    scheduler.stop({ study: first.id }, 'now');
    const [unneeded] = store.runs({ kind: 'pretrain', states: ['cancelled'] });
    assert.equal(store.runs({ kind: 'pretrain', states: ['cancelled'] }).length, 2);
    scheduler.retryRun(unneeded!.id);
    await until(() => store.run(unneeded!.id).state === 'completed');
    await scheduler.close('save');
  });

  void test('a crash while its study pauses is counted against the study’s own retries', async () => {
    let pausing = false;
    const { store, scheduler, until, study } = scriptedLab({
      slots: 1,
      mishap: ({ attempt }, epoch) =>
        (attempt <= 3 && epoch === 2) || pausing ? 'crash' : undefined,
    });
    const { id } = study({ trials: 1, space: noFrozen, rule: { kind: 'none' }, retries: 50 });
    scheduler.resume({ study: id });
    await until(() => (store.runs({ study: id })[0]?.epoch ?? 0) >= 3);
    pausing = true;
    scheduler.pause({ study: id }, 'after-epoch');
    await until(() => scheduler.occupations().length === 0);
    assert.equal(store.runs({ study: id })[0]!.state, 'waiting');
    assert.equal(store.attempts({ study: id }).at(-1)!.outcome, 'crash');
    await scheduler.close('save');
  });

  void test('final weights that the store cannot take are the lab’s trouble, not the trial’s failure', async () => {
    const store = openMemoryStore();
    let full = true;
    const saveCheckpoint: Store['saveCheckpoint'] = async (checkpoint, at) => {
      if (full && checkpoint.purpose === 'final')
        throw new LabError('store.disk-full', 'No space is left.');
      return store.saveCheckpoint(checkpoint, at);
    };
    const limited = { ...store, saveCheckpoint };
    const { scheduler, until, study, events } = scriptedLab({ slots: 1 }, {}, limited);
    const { id } = study({ trials: 1, space: noFrozen, retries: 0 });
    scheduler.resume({ study: id });
    await until(() => scheduler.trouble !== null);
    assert.equal(scheduler.trouble!.code, 'store.disk-full');
    full = false;
    scheduler.resume({ study: id });
    await until(() => store.study(id).state === 'completed');
    assert.deepEqual([store.trialCounts(id).completed, store.trialCounts(id).failed], [1, 0]);
    assert.ok(events.some((event) => event.type === 'trouble' && event.problem === null));
    await scheduler.close('save');
  });

  void test('a study that would draw for ever is refused, and paused where it runs already', async () => {
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

  void test('imported weights of the same data and model are the teacher, also for a study that waits already', async () => {
    const imported = (change: Partial<Pretrained>): Omit<Pretrained, 'id'> => ({
      model: 'resnet8',
      training: training({ epochs: 3 }),
      seed: 0,
      run: null,
      checkpoint: null,
      accuracy: null,
      source: 'a file',
      asked: true,
      createdAt: 1,
      ...change,
    });
    const { store, runner, scheduler, until, study } = scriptedLab({ slots: 1 });
    const weights = async () => (await store.saveCheckpoint(newCheckpoint(null, 3), 1)).id;
    store.addPretrained(imported({ model: 'wrn-10-1', checkpoint: await weights() }));
    store.addPretrained(
      imported({ training: training({ data: 'cifar10' }), checkpoint: await weights() }),
    );
    store.addPretrained(
      imported({ training: training({ splitSeed: 8 }), checkpoint: await weights() }),
    );
    const { id, plan } = study({ trials: 12, space: teaching });
    const machine = { slots: 1, portable: false, devices: [], images: () => null };
    assert.deepEqual(previewOf(store, plan, machine).missingPretrained, ['resnet8']);
    scheduler.resume({ study: id });
    await until(() => runner.reports >= 2);
    assert.deepEqual(
      store.runs({ kind: 'pretrain' }).map(({ graph }) => graph.nodes[0]!.model),
      ['resnet8'],
    );
    const teacher = store.addPretrained(imported({ checkpoint: await weights() }));
    scheduler.pretrainedChanged();
    await until(() => store.study(id).state === 'completed');
    assert.equal(
      store.runs({ kind: 'pretrain' })[0]!.state,
      'waiting',
      'nobody waits for it any more',
    );
    const { sha256 } = store.checkpoint(teacher.checkpoint!);
    const taught = runner.started.filter(
      ({ graph, teachers }) => teachers.length > 0 && graph.nodes[1]!.model === 'resnet8',
    );
    assert.ok(
      taught.length > 0 && taught.every(({ teachers }) => teachers[0]!.weights.sha256 === sha256),
    );
    await scheduler.close('save');
  });

  void test('imported weights that a crash has left without their record are dropped', async () => {
    const { store, scheduler } = scriptedLab();
    const kept = await store.saveCheckpoint(newCheckpoint(null, 3), 1);
    await store.saveCheckpoint(newCheckpoint(null, 3), 1);
    store.addPretrained({
      model: 'resnet8',
      training: training(),
      seed: 0,
      run: null,
      checkpoint: kept.id,
      accuracy: null,
      source: 'a file',
      asked: true,
      createdAt: 1,
    });
    scheduler.open();
    assert.deepEqual(store.checkpoints(), [kept]);
    await scheduler.close('save');
  });

  void test('closing keeps everything; the next lab on the same store goes on by itself', async () => {
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

  void test('a silent worker is killed and its run goes on elsewhere', async () => {
    const { store, scheduler, until, study } = scriptedLab(
      {
        mishap: (job, epoch) =>
          job.attempt === 1 && job.run === 1 && epoch === 2 ? 'silence' : undefined,
      },
      { hangAfter: 1 },
    );
    const { id } = study({ trials: 2, space: noFrozen, rule: { kind: 'none' } });
    scheduler.resume({ study: id });
    await until(() => store.study(id).state === 'completed');
    assert.deepEqual(
      store.attempts({ run: 1 }).map((each) => each.outcome),
      ['hang', 'completed'],
    );
    await scheduler.close('save');
  });

  void test('TPE finds better graphs than drawing, also when its lab is started anew', async () => {
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

  void test('time left is known from the first epoch on and ends at 0', async () => {
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
