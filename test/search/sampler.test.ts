import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { graphKey } from '../../core/graph/canonical.ts';
import { isFrozen, nodeNumbers } from '../../core/graph/graph.ts';
import { paperSpace, withGates } from '../../core/graph/space.ts';
import { redrawStudy } from '../../core/search/redraw.ts';
import { sampleTrial } from '../../core/search/sampler.ts';
import { teacherModels, teacherNodes } from '../../core/search/teachers.ts';
import type { Store } from '../../core/store/store.ts';
import type { Run } from '../../core/study/run.ts';
import { plan } from '../contract/samples.ts';
import { scriptedLab } from './lab.ts';

const paper = (nodes: number) => plan({ space: paperSpace(nodes) });

void describe('sampler', () => {
  void test('a trial follows from the study’s seed and its number alone', () => {
    const trial = sampleTrial(paper(3), 17);
    for (const number of [3, 400, 16]) sampleTrial(paper(3), number);
    assert.deepEqual(sampleTrial(paper(3), 17), trial);
    assert.notEqual(sampleTrial({ ...paper(3), seed: 8 }, 17).seed, trial.seed);
    assert.equal(trial.key, graphKey(trial.graph));
    assert.equal(
      new Set(Array.from({ length: 200 }, (_, i) => sampleTrial(paper(3), i).seed)).size,
      200,
    );
  });

  void test('these trials are drawn for good: studies on disk depend on them', () => {
    assert.deepEqual(
      [0, 1, 2].map((number) => {
        const { key, seed } = sampleTrial(paper(3), number);
        return [key, seed];
      }),
      [
        ['resnet32=TCL,wrn-28-2=XCX,wrn-28-2=XTC', 993474022],
        ['resnet32=TCX,resnet110=TLL,resnet32=LLT', 2805656497],
        ['resnet32=TTT,resnet32=LXT,wrn-28-2=TTT', 3001386466],
      ],
    );
  });

  void test('in any space, trials can be trained, lie in the space, and say what was rejected', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.nat(1000),
        fc.boolean(),
        fc.boolean(),
        (nodes, seed, frozen, counts) => {
          const space = { ...paperSpace(nodes, 'resnet8', ['resnet8', 'wrn-10-1']), frozen };
          const given = plan({ seed, space, rejected: counts ? 'count' : 'resample' });
          const { graph, rejection, rejected } = sampleTrial(given, 3);
          assert.equal(graph.nodes[0]!.model, 'resnet8');
          if (counts) assert.deepEqual(rejected, []);
          else assert.equal(rejection, null);
          const frozenNodes = nodeNumbers(graph).filter((node) => isFrozen(graph, node));
          if (rejection === null)
            assert.ok(!frozenNodes.includes(1) && (frozen || frozenNodes.length === 0));
          else assert.ok(rejection === 'target-frozen' || (!frozen && frozenNodes.length > 0));
          assert.deepEqual(
            rejected.map((each) => each.draw),
            rejected.map((_, draw) => draw),
          );
        },
      ),
    );
  });

  void test('all gates come up about equally often', () => {
    const counts = new Map<string, number>();
    for (let number = 0; number < 400; number++)
      for (const { gate } of sampleTrial(plan({ space: paperSpace(3) }), number).graph.edges)
        counts.set(gate, (counts.get(gate) ?? 0) + 1);
    // 3,600 draws, 900 expected, standard deviation 26; rejection takes a few Cutoffs.
    for (const count of counts.values()) assert.ok(Math.abs(count - 900) < 130, String(count));
  });
});

void describe('teachers', () => {
  void test('a space needs networks of the models that may be frozen', () => {
    assert.deepEqual(teacherModels(paperSpace(3)), ['resnet32', 'resnet110', 'wrn-28-2']);
    assert.deepEqual(teacherModels({ ...paperSpace(3), frozen: false }), []);
    assert.deepEqual(teacherModels(withGates(paperSpace(2), 0, 2, ['through'])), []);
    assert.deepEqual(teacherModels(paperSpace(1)), []);
  });

  void test('only frozen nodes whose knowledge can arrive at the target count', () => {
    const locked = withGates(
      withGates(paperSpace(2, 'resnet8', ['wrn-10-1']), 0, 2, ['cutoff']),
      1,
      2,
      ['cutoff'],
    );
    const teaching = sampleTrial(plan({ space: withGates(locked, 2, 1, ['correct']) }), 0).graph;
    assert.deepEqual(teacherNodes(teaching), [
      { node: 2, model: 'wrn-10-1', checkpoint: undefined },
    ]);
    const apart = sampleTrial(plan({ space: withGates(locked, 2, 1, ['cutoff']) }), 0).graph;
    assert.deepEqual(teacherNodes(apart), []);
  });
});

void describe('a sampler that learns', () => {
  const small = { ...paperSpace(2, 'resnet8', ['resnet8']), frozen: false };
  const trialsOf = (store: Store, study: number) => store.runs({ study, kind: 'trial' });
  const throughs = (run: Pick<Run, 'graph'>): number =>
    run.graph.edges.filter(({ gate }) => gate === 'through').length / run.graph.edges.length;

  void test('draws again from what was stored with the trial, whatever came later', async () => {
    const { store, study, scheduler, until } = scriptedLab({
      slots: 5,
      accuracy: (job, epoch) => throughs(job) + epoch / 1000,
      mishap: (job, epoch) => (job.run % 9 === 4 && epoch === 2 ? 'nan' : undefined),
    });
    const { id } = study({ trials: 60, sampler: 'tpe', space: paperSpace(3) });
    scheduler.resume({ study: id });
    await until(() => store.study(id).state === 'completed');
    await scheduler.close('save');
    const trials = trialsOf(store, id);
    assert.ok(trials.some(({ state }) => state === 'failed'));
    assert.ok(trials.some(({ openTrials }) => openTrials!.some(([, epoch]) => epoch > 0)));
    assert.ok((await redrawStudy(store, id)).every(({ finding }) => finding === 'same'));
  });

  void test('trains no graph twice, and says once when the space is exhausted', async () => {
    const { store, study, scheduler, until, events } = scriptedLab({
      slots: 3,
      accuracy: throughs,
    });
    const { id } = study({ trials: 200, sampler: 'tpe', space: small, rule: { kind: 'none' } });
    scheduler.resume({ study: id });
    await until(() => store.study(id).state === 'completed');
    await scheduler.close('save');
    const trials = trialsOf(store, id);
    const trained = trials.filter(({ state }) => state === 'completed');
    // 4 gates on 4 edges, Correct and Through of a label the same, no frozen node.
    assert.equal(new Set(trained.map(({ key }) => key)).size, trained.length);
    assert.equal(trained.length, 11 * 11);
    assert.ok(trials.slice(0, 121).every(({ state }) => state === 'completed'));
    assert.ok(trials.slice(121).every(({ state }) => state === 'duplicate'));
    const said = events.filter((event) => event.type === 'log' && /exhausted/.test(event.text));
    assert.equal(said.length, 1);
  });

  void test('equal graphs are drawn again where they are to be trained again', async () => {
    const { store, study, scheduler, until } = scriptedLab({ accuracy: throughs });
    const { id } = study({ trials: 150, sampler: 'tpe', space: small, duplicates: 'train' });
    scheduler.resume({ study: id });
    await until(() => store.study(id).state === 'completed');
    await scheduler.close('save');
    assert.ok(trialsOf(store, id).every(({ state }) => state !== 'duplicate'));
  });
});
