import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stream } from '../../core/base/random.ts';
import { paperSpace, withGates } from '../../core/graph/space.ts';
import { redrawStudy } from '../../core/search/redraw.ts';
import { openMemoryStore } from '../../core/store/memory.ts';
import type { Store } from '../../core/store/store.ts';
import type { StudyPlan } from '../../core/study/plan.ts';
import { usualStart } from '../../core/study/start.ts';
import { training } from '../contract/samples.ts';
import { scriptedLab } from './lab.ts';
import { curve } from './scripted-runner.ts';
import type { Script } from './scripted-runner.ts';
import { noFrozen, trialsOf } from './studies.ts';

const inOrder: Partial<StudyPlan> = {
  sampler: 'tpe',
  inOrder: 5,
  trials: 60,
  space: { ...paperSpace(3, 'resnet8', ['resnet8', 'wrn-10-1']), frozen: false },
};

/** Workers of which some are ten times as fast as others; another `shuffle`, other ones. */
const uneven = (shuffle: number): Partial<Script> => ({
  seconds: ({ run }, epoch) => 0.2 + 2 * stream('speed', shuffle, run, epoch).uniform() ** 3,
});

/** Plays a study to its end. Returns its store and number. */
async function played(
  change: Partial<StudyPlan>,
  script: Partial<Script>,
): Promise<{ store: Store; id: number }> {
  const { store, study, scheduler, until } = scriptedLab(script);
  const { id } = study(change);
  scheduler.resume({ study: id });
  await until(() => store.study(id).state === 'completed');
  await scheduler.close('save');
  return { store, id };
}

/** Plays a study whose lab ends without a word after so many reports, again and again. */
async function playedWithKills(
  change: Partial<StudyPlan>,
  script: Partial<Script>,
  each: number,
): Promise<{ store: Store; id: number }> {
  const store = openMemoryStore();
  const first = scriptedLab(script, {}, store).study(change);
  for (let life = 0; ; life++) {
    const lab = scriptedLab(script, {}, store);
    if (life === 0) lab.scheduler.resume({ study: first.id });
    else lab.scheduler.open();
    const isDone = (): boolean => store.study(first.id).state === 'completed';
    await lab.until(() => isDone() || lab.runner.reports >= each);
    await lab.scheduler.close('at-once');
    await lab.runner.close();
    if (isDone()) return { store, id: first.id };
  }
}

const graphsOf = ({ store, id }: { store: Store; id: number }) =>
  trialsOf(store, id).map(({ number, key, seed, origin }) => [number, key, seed, origin]);

/** Everything that a study finds. */
const resultsOf = ({ store, id }: { store: Store; id: number }) =>
  trialsOf(store, id).map(({ number, key, seed, state, epoch, accuracy }) => [
    ...[number, key, seed, state, epoch, accuracy],
  ]);

describe('a study in order', () => {
  for (const [name, change] of [
    ['ASHA', {}],
    ['the median', { rule: { kind: 'median', grace: 2, samples: 3 } }],
    ['no rule', { rule: { kind: 'none' } }],
    [
      'starting points, weights, locks and audits',
      {
        start: usualStart,
        audit: 0.3,
        prior: { weights: { cutoff: 0.5 } },
        space: withGates(inOrder.space!, 2, 1, ['through', 'correct']),
      },
    ],
    ['more trials than graphs', { space: noFrozen, inOrder: 2 }],
  ] satisfies [string, Partial<StudyPlan>][])
    test(`draws the same graphs whatever the workers do, under ${name}`, async () => {
      const plan = { ...inOrder, ...change, training: training({ epochs: 8 }) };
      const alone = graphsOf(await played(plan, { slots: 1 }));
      for (const slots of [2, 5, 9])
        assert.deepEqual(graphsOf(await played(plan, { slots, ...uneven(slots) })), alone);
      const crashes: Partial<Script> = {
        slots: 5,
        ...uneven(2),
        mishap: ({ run, attempt }, epoch) =>
          attempt < 3 && (run + epoch) % 4 === 0 ? 'crash' : undefined,
      };
      assert.deepEqual(graphsOf(await played(plan, crashes)), alone);
      const killed = await playedWithKills(plan, { slots: 3, ...uneven(3) }, 23);
      assert.deepEqual(graphsOf(killed), alone);
      const redrawn = await redrawStudy(killed.store, killed.id);
      assert.ok(redrawn.every(({ finding }) => finding === 'same'));
    });

  test('finds the same where no rule stops trials; stops depend on the order of reports', async () => {
    const none = { ...inOrder, rule: { kind: 'none' } } as const;
    const alone = await played(none, { slots: 1 });
    const uneventful = await played(none, { slots: 5, ...uneven(1) });
    assert.deepEqual(resultsOf(uneventful), resultsOf(alone));
    const judged = await played(inOrder, { slots: 1 });
    assert.notDeepEqual(
      resultsOf(await played(inOrder, { slots: 5, ...uneven(1) })),
      resultsOf(judged),
    );
  });

  test('without order, another speed of workers draws other graphs', async () => {
    const { inOrder: _lag, ...free } = inOrder;
    const alone = graphsOf(await played(free, { slots: 1 }));
    assert.notDeepEqual(graphsOf(await played(free, { slots: 5, ...uneven(1) })), alone);
  });

  test('a trial waits for the first rung of the trial `inOrder` before it, no longer', async () => {
    const { store, study, scheduler, until, runner } = scriptedLab({
      slots: 9,
      // Trial 3 is slow from its second epoch on.
      seconds: ({ run }, epoch) => (run === 4 && epoch > 1 ? 1000 : 1),
    });
    const { id } = study({ ...inOrder, rule: { kind: 'none' }, training: training({ epochs: 4 }) });
    const { id: judged } = study(inOrder);
    scheduler.resume({ study: id });
    await until(() => trialsOf(store, id).filter(({ epoch }) => epoch === 4).length >= 7);
    // 8 = 3 + 5 needs the end of trial 3.
    assert.equal(trialsOf(store, id).length, 8);
    scheduler.stop({ study: id }, 'now');
    const before = runner.started.length;
    scheduler.resume({ study: judged });
    await until(() => store.study(judged).state === 'completed');
    assert.equal(new Set(runner.started.slice(before).map(({ run }) => run)).size, 60);
    await scheduler.close('save');
  });

  test('a trial that fails or is cancelled before the first rung holds up no draw', async () => {
    const { store, study, scheduler, until } = scriptedLab({
      slots: 4,
      mishap: ({ run }, epoch) => (run % 7 === 3 && epoch === 1 ? 'nan' : undefined),
      seconds: ({ run }) => (run === 5 ? 1e6 : 1),
    });
    const { id } = study(inOrder);
    scheduler.resume({ study: id });
    await until(() => trialsOf(store, id).length === 9);
    scheduler.stopRun(5, 'now');
    await until(() => store.study(id).state === 'completed');
    await scheduler.close('save');
    const trials = trialsOf(store, id);
    assert.equal(trials.length, 60);
    assert.ok(trials.some(({ openTrials }) => openTrials!.length > 0));
    assert.ok((await redrawStudy(store, id)).every(({ finding }) => finding === 'same'));
  });

  test('learns: later trials are better than those of a random search', async () => {
    const accuracy: Script['accuracy'] = (job, epoch) =>
      0.1 * curve(job, epoch) +
      (0.9 * job.graph.edges.filter(({ gate }) => gate === 'through').length) /
        job.graph.edges.length;
    const mean = async (change: Partial<StudyPlan>): Promise<number> => {
      const { store, id } = await played({ ...inOrder, ...change, trials: 100 }, { accuracy });
      const late = trialsOf(store, id).slice(50);
      return late.reduce((sum, run) => sum + run.accuracy!, 0) / late.length;
    };
    assert.ok((await mean({})) > (await mean({ sampler: 'random' })) + 0.2);
  });
});
