import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { stream } from '../../core/base/random.ts';
import { planFrom } from '../../core/commands/plan.ts';
import { graphKey } from '../../core/graph/canonical.ts';
import { withLock } from '../../core/graph/lock.ts';
import { conditionsOf, picksOf, settledBy } from '../../core/graph/picks.ts';
import { acceptedSize, formCount, spaceSize, spaceText } from '../../core/graph/space-size.ts';
import {
  dimensions,
  graphAt,
  judgeDraw,
  paperSpace,
  parseSpace,
  sample,
  withGates,
  withLists,
  withListsBetween,
} from '../../core/graph/space.ts';
import type { EdgeLists, SearchSpace } from '../../core/graph/space.ts';
import { toText } from '../../core/graph/text.ts';
import { kindNames } from '../../core/kinds/kinds.ts';
import { priorOf, unknownWeights } from '../../core/search/prior.ts';
import { sampleTrial } from '../../core/search/sampler.ts';
import { plan } from '../contract/samples.ts';

const plain = paperSpace(2, 'resnet8', ['resnet8']);

/** Two networks whose edges between them have any lists of kinds, weights and temperatures. */
const listed = fc
  .record({
    kinds: fc.subarray([...kindNames], { minLength: 1 }),
    weights: fc.subarray([0, 0.1, 1, 1000], { minLength: 1 }),
    temperatures: fc.subarray([1, 2, 4], { minLength: 1 }),
    gates: fc.subarray(['through', 'cutoff', 'linear'] as const, { minLength: 1 }),
  })
  .map(({ gates, ...lists }): [SearchSpace, EdgeLists] => [
    withGates(withListsBetween(plain, lists), 2, 1, gates),
    { gates, ...lists },
  ]);

const allPicks = (space: SearchSpace): number[][] =>
  dimensions(space).reduce<number[][]>(
    (all, { choices }) => all.flatMap((picks) => choices.map((_, pick) => [...picks, pick])),
    [[]],
  );

void describe('searched kinds, weights and temperatures', () => {
  void test('every listed edge can be drawn, each as one setting', () => {
    fc.assert(
      fc.property(listed, ([space]) => {
        assert.deepEqual(parseSpace(JSON.parse(JSON.stringify(space))), space);
        const found = new Map<string, string>();
        const few = withGates(withGates(space, 0, 2, ['through']), 0, 1, ['through']);
        const small = withLists(few, 1, 2, { gates: ['cutoff'] });
        for (const picks of allPicks(small)) {
          const graph = graphAt(small, picks);
          const settled = settledBy(conditionsOf(small))(picks);
          assert.deepEqual(picksOf(small, graph), settled, toText(graph));
          assert.deepEqual(graphAt(small, settled), graph);
          const text = settled.join();
          assert.equal(found.get(graphKey(graph)) ?? text, text, 'one setting for a graph');
          found.set(graphKey(graph), text);
          assert.equal(judgeDraw(small, graph).rejected, undefined);
        }
        assert.equal(formCount(small), BigInt(found.size));
        assert.equal(acceptedSize(small), BigInt(found.size));
      }),
      { numRuns: 30 },
    );
  });

  void test('the weight 0 is the gate Cutoff', () => {
    const zero = withLists(plain, 2, 1, { gates: ['through'], weights: [0, 3] });
    assert.deepEqual(zero.edges[1], {
      source: 2,
      destination: 1,
      gates: ['through', 'cutoff'],
      weights: [3],
    });
    assert.deepEqual(
      withLists(plain, 2, 1, { weights: [0] }),
      withLists(plain, 2, 1, { gates: ['cutoff'] }),
    );
  });

  void test('a list without any meaning is no dimension', () => {
    const closed = withLists(plain, 2, 1, { gates: ['cutoff'], kinds: ['kl', 'repel'] });
    assert.equal(dimensions(closed).length, dimensions(plain).length);
    const maps = withLists(plain, 2, 1, { kinds: ['attention'], temperatures: [1, 2] });
    assert.equal(dimensions(maps).length, dimensions(plain).length);
    assert.equal(spaceText(maps), spaceText(plain));
  });

  void test('a Cutoff has no kind, and a kind that compares stages no temperature', () => {
    const space = withListsBetween(plain, { kinds: ['kl', 'attention'], temperatures: [1, 4] });
    const random = stream('lists');
    for (let draw = 0; draw < 100; draw++) {
      const { graph } = sample(space, random);
      const picks = picksOf(space, graph);
      for (const [at, dimension] of dimensions(space).entries()) {
        if (dimension.kind === 'model' || dimension.kind === 'gate') continue;
        const { source, destination } = dimension;
        const edge = graph.edges.find(
          (each) => each.source === source && each.destination === destination,
        )!;
        const means =
          edge.gate !== 'cutoff' && (dimension.kind === 'kind' || edge.kind === undefined);
        assert.equal(picks[at] !== null, means, `${toText(graph)}, ${dimension.kind}`);
      }
    }
  });

  void test('the command line, locks and weights of draws', () => {
    const { space } = planFrom({
      ...{ nodes: '2', kinds: 'kl, Repel', 'edge-weights': '0.1,1', temperatures: '1,4' },
    });
    const kinds = dimensions(space).map(({ kind }) => kind);
    for (const kind of ['kind', 'weight', 'temperature'] as const)
      assert.equal(kinds.filter((each) => each === kind).length, 2);
    assert.deepEqual(withLock(plain, '2-1.weight=0.1+1').edges[1]!.weights, [0.1, 1]);
    assert.deepEqual(withLock(plain, '2-1.kind=kl+repel').edges[1]!.kinds, ['kl', 'repel']);
    for (const bad of [{ kinds: 'kl,love' }, { 'edge-weights': '1,' }, { 'edge-weights': '-1' }])
      assert.throws(() => planFrom({ nodes: '2', ...bad }), /kind|weight/);
    const weighed = plan({
      space,
      prior: { weights: { '1': 3, 'temperature:1': 2, repel: 5, 'weight:7': 1 } },
    });
    const { weights } = priorOf(weighed)!;
    const of = (kind: string) => weights[dimensions(space).findIndex((each) => each.kind === kind)];
    assert.deepEqual(of('temperature'), [2 / 3, 1 / 3]);
    assert.deepEqual(of('weight'), [1 / 4, 3 / 4]);
    assert.deepEqual(of('kind'), [1 / 6, 5 / 6]);
    assert.deepEqual(
      unknownWeights(weighed).map(({ code }) => code),
      ['search.weight-unknown'],
    );
  });

  void test('a small space is drawn whole: no graph twice, no graph left out', () => {
    const lists = { kinds: [...kindNames], weights: [0.1, 1, 10], temperatures: [1, 2, 4, 8] };
    const locked = ['0-1=T', '0-2=T', '1-2=X', '2-1=T+X+L'].reduce(withLock, plain);
    const space = withLists(locked, 2, 1, lists);
    assert.ok(spaceSize(space) > formCount(space));
    const study = plan({ space, sampler: 'tpe', trials: 100, start: undefined as never });
    const seen = new Set<string>();
    const graphs = Number(acceptedSize(space));
    for (let number = 0; number <= graphs; number++) {
      const known = { known: [], has: (key: string) => seen.has(key), isExhausted: false };
      const { key, isExhausted } = sampleTrial(study, number, known);
      assert.equal(isExhausted, number === graphs, `trial ${number} of ${graphs}`);
      seen.add(key);
    }
  });
});
