import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LabError } from '../../core/base/errors.ts';
import { paperSpace } from '../../core/graph/space.ts';
import { openMemoryStore } from '../../core/store/memory.ts';
import type { Store } from '../../core/store/store.ts';
import { scriptedLab } from './lab.ts';
import { noFrozen, trialsOf } from './studies.ts';

describe('failures of runs under the scheduler', () => {
  test('a crash is tried again from the last checkpoint, then given up; NaN is not tried again', async () => {
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

  test('a trial that stays out of memory ends in that state, with advice', async () => {
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

  test('a trial that was out of memory twice gets a last try alone on its device', async () => {
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
          /slots of scripted pause during its last attempt/.test(each.text),
      ),
    );
    await scheduler.close('save');
  });

  test('a card without free memory pauses the study before it uses up all trials', async () => {
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

  test('a slot on which every run fails rests, and no trial is lost', async () => {
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
        /slot scripted:7: .* a minute\. Check its device/,
      );
      await scheduler.close('save');
    }
  });

  test('a graph whose first trial failed is trained by the next trial with it', async () => {
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

  test('a run on other images than the earlier ones pauses its study, also after a restart', async () => {
    let images = 'images:1';
    const script = { slots: 1, data: () => images };
    const { store, scheduler, until, study } = scriptedLab(script);
    const { id } = study({ trials: 4, space: noFrozen, rule: { kind: 'none' } });
    scheduler.resume({ study: id });
    await until(() => store.runs({ states: ['completed'] }).length === 1);
    images = 'images:2';
    const isPaused = (): boolean =>
      store.study(id).state === 'paused' && store.runs({ states: ['running'] }).length === 0;
    await until(isPaused);
    const before = store.runs({ states: ['completed'] }).length;
    assert.ok(before >= 1 && before < 4);
    const reason = JSON.stringify(store.study(id).problem);
    assert.match(reason, /are not the ones that the earlier runs learned from/);
    await scheduler.close('save');

    const again = scriptedLab(script, {}, store);
    again.scheduler.resume({ study: id });
    await again.until(isPaused);
    assert.equal(store.runs({ states: ['completed'] }).length, before, 'nothing else is trained');
    images = 'images:1';
    again.scheduler.resume({ study: id });
    await again.until(() => store.study(id).state === 'completed');
    assert.equal(store.runs({ states: ['completed'] }).length, 4);
    await again.scheduler.close('save');
  });

  test('a study whose data are missing pauses with the reason; nothing is lost', async () => {
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

  test('a study whose every start fails pauses before it uses up all trials', async () => {
    const { store, scheduler, until, study } = scriptedLab({ mishap: () => 'crash' });
    const { id } = study({ trials: 1000, space: noFrozen, duplicates: 'train' });
    scheduler.resume({ study: id });
    await until(() => store.study(id).state === 'paused');
    assert.equal(store.study(id).problem!.code, 'search.workers-keep-failing');
    assert.ok(store.trialsSoFar(id) < 12);
    await scheduler.close('save');
  });

  test('a crash while its study pauses is counted against the study’s own retries', async () => {
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

  test('final weights that the store cannot take are the lab’s trouble, not the trial’s failure', async () => {
    const store = openMemoryStore();
    let full = true;
    const saveCheckpoint: Store['saveCheckpoint'] = async (checkpoint, at) => {
      if (full && checkpoint.purpose === 'final')
        throw new LabError({ code: 'store.disk-full', message: 'No space is left.', next: '' });
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

  test('a silent worker is killed and its run continues elsewhere', async () => {
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
});
