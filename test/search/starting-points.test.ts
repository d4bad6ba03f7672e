import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Lifetime } from '../../core/base/lifetime.ts';
import { planFrom } from '../../core/commands/plan.ts';
import { paperSpace, withGates, withLists, withSpaceEnsemble } from '../../core/graph/space.ts';
import { fromText, toText } from '../../core/graph/text.ts';
import { outlookOf } from '../../core/search/outlook.ts';
import { redrawStudy } from '../../core/search/redraw.ts';
import { previewOf } from '../../core/search/preview.ts';
import { outsideStarts, startingPoints } from '../../core/search/starting-points.ts';
import { Work } from '../../core/search/work.ts';
import { openMemoryStore } from '../../core/store/memory.ts';
import { exportStudy } from '../../core/store/transfer/export.ts';
import { importStudy } from '../../core/store/transfer/import.ts';
import type { Store } from '../../core/store/store.ts';
import { explainDecision } from '../../core/study/decision.ts';
import type { StudyPlan } from '../../core/study/plan.ts';
import type { Run } from '../../core/study/run.ts';
import { startChoices, startName, startNamed, usualStart } from '../../core/study/start.ts';
import { joined, metrics, newStudy, newTrial, plan } from '../contract/samples.ts';
import { scriptedLab } from './lab.ts';
import { noFrozen, trialsOf } from './studies.ts';

const starts = (change: Partial<StudyPlan>): string[] =>
  startingPoints(plan({ start: usualStart, ...change })).map(
    ({ origin, graph }) => `${origin} ${toText(graph)}`,
  );

void describe('starting points', () => {
  void test('the known methods of a space, equal graphs once', () => {
    assert.deepEqual(starts({ space: paperSpace(3) }), [
      'independent resnet32=TXX,resnet32=TXX,resnet32=TXX',
      'kd resnet32=TT@2T@2,resnet110=XXX,resnet110=XXX',
      'dml resnet32=TTT,resnet110=TTT,resnet110=TTT',
      'kd+dml resnet32=TT@2T,resnet110=XXX,resnet110=TTT@2',
    ]);
    assert.deepEqual(starts({ space: paperSpace(1, 'resnet8') }), ['independent resnet8=T']);
  });

  void test('only those that the space has', () => {
    const space = paperSpace(2, 'resnet8', ['resnet8']);
    assert.deepEqual(starts({ space: { ...space, frozen: false } }), [
      'independent resnet8=TX,resnet8=TX',
      'dml resnet8=TT,resnet8=TT',
    ]);
    assert.deepEqual(starts({ space: withGates(space, 2, 1, ['correct', 'linear']) }), []);
    assert.deepEqual(startingPoints(plan()), [], 'plans of older labs begin with none');
  });

  void test('methods with weights or kinds where the space has these', () => {
    const weighted = withLists(paperSpace(2, 'resnet8', ['resnet8']), 2, 1, {
      kinds: ['kl', 'attention'],
      weights: [1, 1000],
    });
    assert.deepEqual(starts({ space: weighted }).slice(3), ['at resnet8=TT.a_1000,resnet8=XX']);
    const own = { ...usualStart, graphs: ['resnet8=TT.r,resnet8=TX', 'resnet8=TT_2,resnet8=TX'] };
    const start = { ...own, graphs: own.graphs.map(fromText) };
    assert.deepEqual(
      outsideStarts(plan({ space: weighted, start })).map(({ message }) =>
        message.replace(/.*: /, ''),
      ),
      ['edge 2-1 may not be of kind repel.', 'edge 2-1 may not have the weight 2.'],
    );
  });

  void test('methods with the ensemble of the space', () => {
    const space = withSpaceEnsemble(paperSpace(2, 'resnet8', ['resnet8']), {
      combine: 'logits',
      voters: [2, 1],
      isObjective: true,
    });
    const graphs = startingPoints(plan({ space, start: usualStart })).map(({ graph }) => graph);
    assert.ok(graphs.length > 1);
    for (const { ensemble } of graphs) assert.equal(ensemble?.isObjective, true);
    const own = { ...usualStart, graphs: [fromText('resnet8=TC,resnet8=LT')] };
    assert.match(outsideStarts(plan({ space, start: own }))[0]!.message, /its ensemble is not/);
  });

  void test('own graphs come after them, and must lie in the space', () => {
    const [own, outside, wider] = ['resnet8=TC,resnet8=LT', 'resnet8=TC,resnet20=LT', 'resnet8=T'];
    const start = { ...usualStart, graphs: [own, outside, own, wider].map(fromText) };
    const given = plan({ space: paperSpace(2, 'resnet8', ['resnet8']), start });
    assert.deepEqual(
      startingPoints(given).map(({ origin }) => origin),
      ['independent', 'kd', 'dml', 'own'],
    );
    assert.deepEqual(
      outsideStarts(given).map(({ message }) => message),
      [
        `Starting point 2 (${outside}) lies outside the search space: node 2 may not be resnet20.`,
        `Starting point 4 (${wider}) lies outside the search space: it has 1 nodes, the space has 2.`,
      ],
    );
    const machine = { slots: 1 } as Parameters<typeof previewOf>[2];
    const { problems } = previewOf(openMemoryStore(), given, machine);
    assert.equal(problems[0]?.code, 'search.start-outside');
  });

  void test('the command line and the form choose them', () => {
    assert.deepEqual(planFrom({}).start, usualStart);
    assert.equal(planFrom({ start: ['none'] }).start?.methods, false);
    const own = planFrom({ start: ['known', 'resnet8=TC,resnet8=LT'], 'start-to-end': 'no' });
    assert.equal(own.start?.graphs.length, 1);
    assert.equal(own.start.toTheEnd, false);
    assert.throws(() => planFrom({ start: ['no such graph'] }), /no such graph/);
    for (const { name } of startChoices) assert.equal(startName(startNamed(name, own.start)), name);
    assert.deepEqual(startNamed('judged', own.start), own.start);
  });
});

/** Graphs with more Through gates are better; the independent ones are the worst. */
const throughs = (run: Pick<Run, 'graph'>): number =>
  run.graph.edges.filter(({ gate }) => gate === 'through').length / run.graph.edges.length;

async function played(change: Partial<StudyPlan>, accuracy = throughs) {
  const lab = scriptedLab({
    slots: 3,
    accuracy: (job, epoch) => accuracy(job) * 0.9 + epoch / 1000,
  });
  const { id, plan: made } = lab.study({ space: noFrozen, trials: 40, ...change });
  lab.scheduler.resume({ study: id });
  await lab.until(() => lab.store.study(id).state === 'completed');
  await lab.scheduler.close('save');
  return { store: lab.store, id, made, trials: trialsOf(lab.store, id) };
}

const stopOf = (store: Store, { id }: Run) => store.decisions({ run: id }).find(({ go }) => !go);

void describe('a study with starting points', () => {
  void test('tries them first, marked, and lets them run to their ends', async () => {
    const { store, trials } = await played({ start: usualStart }, (run) => 1 - throughs(run));
    assert.deepEqual(
      trials.slice(0, 3).map(({ origin }) => origin),
      ['independent', 'dml', null],
    );
    const [independent, dml] = trials as [Run, Run];
    assert.deepEqual([independent.state, dml.state], ['completed', 'completed']);
    const spared = store
      .decisions({ run: dml.id })
      .find(({ reason }) => reason.kind === 'starting-point');
    assert.ok(spared, 'the worst graph was to be stopped at some rung');
    assert.match(explainDecision(spared), /a starting point, which runs to the end$/);
    assert.equal(store.rungValues(dml.study!, 1).length, trials.filter(isTrained).length);
  });

  void test('has them stopped like others where that is wanted', async () => {
    const start = { ...usualStart, toTheEnd: false };
    const { trials } = await played({ start, sampler: 'tpe' }, (run) => 1 - throughs(run));
    assert.equal(trials[1]!.origin, 'dml');
    assert.ok(trials.slice(0, 2).some(({ state }) => state === 'stopped'));
  });
});

const isTrained = ({ state }: Run): boolean => ['completed', 'stopped'].includes(state);

void describe('the audit of the stopping rule', () => {
  void test('stopped trials run on without counting for rank, best or sampler', async () => {
    const { store, id, made, trials } = await played({ audit: 0.5, sampler: 'tpe', trials: 60 });
    const audits = trials.filter(({ audit }) => audit !== null);
    const stopped = trials.filter(({ state }) => state === 'stopped');
    assert.ok(audits.length > 0.2 * stopped.length && audits.length < 0.8 * stopped.length);
    for (const run of audits) {
      assert.deepEqual([run.state, run.epoch], ['stopped', made.training.epochs]);
      assert.equal(stopOf(store, run)?.rung, run.audit);
      assert.ok(store.decisions({ run: run.id }).every(({ rung }) => rung <= run.audit!));
      assert.equal(store.checkpointOf(run.id), undefined, 'its weights are not kept');
    }
    assert.equal(store.bestTrial(id)?.audit, null);
    assert.ok((await redrawStudy(store, id)).every(({ finding }) => finding === 'same'));
    const again = openMemoryStore();
    const file = await joined(exportStudy(store, id, { weights: false }));
    const copy = await importStudy(
      again,
      (async function* () {
        yield file;
      })(),
    );
    assert.deepEqual(
      trialsOf(again, copy.id).map(({ origin, audit }) => [origin, audit]),
      trials.map(({ origin, audit }) => [origin, audit]),
    );
  });

  void test('one that is under way is expected to come to its end', () => {
    const store = openMemoryStore();
    const { id } = store.addStudy(newStudy());
    const work = new Work(
      { study: id },
      store.study(id),
      null,
      store.pace({ study: id }),
      new Lifetime(),
    );
    for (const number of [0, 1]) {
      const run = store.addRun(newTrial(id, number)).id;
      store.changeRun(run, { state: 'running', ...(number === 1 && { audit: 1 }) });
      store.addEpoch(run, metrics(1));
      work.live.add(run);
    }
    const { underWay, before } = outlookOf(store, work, 1);
    assert.deepEqual([underWay, before], [[1], 15]);
  });

  void test('none are left to run on where the share is 0', async () => {
    const { trials } = await played({ audit: 0 });
    assert.ok(trials.every(({ audit }) => audit === null));
  });

  void test('an audit that starts again from a checkpoint is not stopped by its old decision', async () => {
    let hasCrashed = false;
    const lab = scriptedLab({
      slots: 1,
      checkpointEach: 4,
      accuracy: (job, epoch) => 0.9 - job.run / 100 + epoch / 1000,
      mishap: (job, epoch) => {
        if (job.run !== 3 || epoch !== 3 || hasCrashed) return undefined;
        hasCrashed = true;
        return 'crash';
      },
    });
    const { id } = lab.study({ space: noFrozen, trials: 4, audit: 1 });
    lab.scheduler.resume({ study: id });
    await lab.until(() => lab.store.study(id).state === 'completed');
    await lab.scheduler.close('save');
    assert.ok(hasCrashed);
    for (const run of trialsOf(lab.store, id)) assert.equal(run.epoch, 16);
  });
});
