import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { graphKey } from '../../core/graph/canonical.ts';
import { template } from '../../core/graph/templates.ts';
import { referenceFor, referenceRows } from '../../core/search/reference.ts';
import { addRerun, resultsOf } from '../../core/search/repeat.ts';
import type { RerunWish } from '../../core/search/repeat.ts';
import { openMemoryStore } from '../../core/store/memory.ts';
import { BASELINES } from '../../core/study/rerun.ts';
import { AT, training } from '../contract/samples.ts';
import { scriptedLab } from './lab.ts';

const graph = template('kd+dml', ['resnet8', 'resnet8', 'wrn-10-1']);

const wish = (change: Partial<RerunWish> = {}): RerunWish => ({
  name: 'best x5',
  graph,
  study: null,
  trial: null,
  seeds: 5,
  baseSeed: 7,
  baselines: BASELINES,
  training: training({ purpose: 'final' }),
  retries: 2,
  priority: 0,
  ...change,
});

void describe('re-runs', () => {
  void test('every graph is trained once from each seed; equal baselines share their runs', () => {
    const store = openMemoryStore();
    const rerun = addRerun(store, wish(), AT);
    assert.deepEqual(
      rerun.variants.map((variant) => variant.name),
      ['graph', ...BASELINES],
    );
    assert.equal(new Set(rerun.seeds).size, 5);
    const runs = store.runs({ rerun: rerun.id });
    assert.equal(runs.length, 4 * 5); // All-Through is DML
    for (const variant of ['graph', 'independent', 'kd', 'dml'])
      assert.deepEqual(
        runs.filter((run) => run.variant === variant).map((run) => run.seed),
        rerun.seeds,
      );
  });

  void test('a later re-run from the same base seed has other seeds, also when one before it was removed', async () => {
    const store = openMemoryStore();
    const [first, second] = [addRerun(store, wish(), AT), addRerun(store, wish(), AT)];
    await store.removeRerun(first.id);
    const third = addRerun(store, wish(), AT);
    assert.equal(new Set([...first.seeds, ...second.seeds, ...third.seeds]).size, 15);
  });

  void test('what cannot be re-run is refused before anything is recorded', () => {
    const store = openMemoryStore();
    assert.throws(() => addRerun(store, wish({ seeds: 0 }), AT), { code: 'search.seed-count' });
    const frozen = {
      ...graph,
      edges: graph.edges.map((edge) => ({ ...edge, gate: 'cutoff' as const })),
    };
    assert.throws(() => addRerun(store, wish({ graph: frozen }), AT), {
      code: 'graph.target-frozen',
    });
    assert.deepEqual(store.reruns(), []);
  });

  void test('runs over slots with its teachers first, and ends with mean, spread and differences', async () => {
    const { store, scheduler, until } = scriptedLab({
      slots: 3,
      accuracy: (job, epoch) =>
        (job.graph.nodes.length === 3 ? 0.5 : 0.25) + (job.seed % 7) / 100 + epoch / 1000,
    });
    const rerun = addRerun(store, wish(), AT);
    scheduler.resume({ rerun: rerun.id });
    await until(() => store.rerun(rerun.id).state === 'completed');
    await scheduler.close('save');

    const runs = store.runs({ rerun: rerun.id });
    assert.ok(runs.every((run) => run.state === 'completed'));
    // Frozen nodes: node 2 of the graph, nodes 2 and 3 of KD.
    assert.deepEqual(
      store.runs({ kind: 'pretrain' }).map((run) => run.graph.nodes[0]!.model),
      ['resnet8', 'wrn-10-1'],
    );
    const results = resultsOf(rerun, runs);
    const expected = rerun.seeds.map((seed) => 0.5 + (seed % 7) / 100 + 16 / 1000);
    assert.deepEqual(
      results[0]!.values,
      rerun.seeds.map((seed, index) => ({ seed, accuracy: expected[index]! })),
    );
    assert.ok(Math.abs(results[0]!.mean! - expected.reduce((a, b) => a + b) / 5) < 1e-12);
    assert.equal(results[0]!.difference, null);
    const [, independent, , dml, both, allThrough] = results;
    // The graph is KD + DML itself.
    assert.deepEqual(both!.runs, results[0]!.runs);
    assert.equal(independent!.difference!.mean, results[0]!.mean! - independent!.mean!);
    assert.deepEqual(allThrough!.runs, dml!.runs);
    assert.equal(
      allThrough!.variant.key,
      graphKey(template('dml', ['resnet8', 'resnet8', 'wrn-10-1'])),
    );
  });

  void test('results grow with the runs', () => {
    const store = openMemoryStore();
    const rerun = addRerun(store, wish({ baselines: [] }), AT);
    const [none] = resultsOf(rerun, store.runs({ rerun: rerun.id }));
    assert.deepEqual([none!.mean, none!.standardDeviation, none!.values], [null, null, []]);
  });
});

void test('the paper’s tables: fourteen rows, fractions of 1', () => {
  assert.equal(referenceRows.length, 14);
  assert.ok(
    referenceRows.every((row) => row.mean > 0.7 && row.mean < 0.75 && row.standardDeviation < 0.01),
  );
  assert.deepEqual(
    referenceFor(4).map((row) => row.title),
    ['Independent', 'All-Through, M = 4', 'Optimised, M = 4'],
  );
});
