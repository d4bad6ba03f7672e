import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { shuffle, stream } from '../../core/base/random.ts';
import { canonicalGraph, graphKey } from '../../core/graph/canonical.ts';
import type { GateName } from '../../core/gates/gates.ts';
import {
  edgeOf,
  isFrozen,
  makeGraph,
  nodeNumbers,
  partsOf,
  reachesTarget,
} from '../../core/graph/graph.ts';
import type { Carried, Graph } from '../../core/graph/graph.ts';
import { template } from '../../core/graph/templates.ts';
import { fromText, toText } from '../../core/graph/text.ts';
import { anyGraph } from './arbitrary.ts';

/** The same graph with its nodes in another order; label and ensemble stay. */
function inOrder(graph: Graph, order: readonly number[]): Graph {
  const old = (number: number): number => (number === 0 ? 0 : (order[number - 1] ?? number));
  const { ensemble } = graph;
  const voters = ensemble?.voters?.map((voter) => order.indexOf(voter) + 1);
  return makeGraph(
    order.map((number) => graph.nodes[number - 1]!),
    (s, t): Carried => partsOf(edgeOf(graph, old(s), old(t))),
    'another name',
    ensemble && { ...ensemble, ...(voters && { voters }) },
  );
}

/** The same graph with its nodes in another order, the target's place kept where there is one. */
function reordered(graph: Graph, seed: number): Graph {
  const fixed = graph.ensemble?.isObjective ? [] : [1];
  const free = nodeNumbers(graph).slice(fixed.length);
  return inOrder(graph, [...fixed, ...shuffle(free, stream(seed, 'order'))]);
}

/** Label edges with Through exchanged for the gates that are the same on them, and back. */
function relabelled(graph: Graph): Graph {
  const same: readonly string[] = ['through', 'correct', 'correct-mean'];
  const edges = graph.edges.map((edge) => {
    if (edge.source !== 0 || !same.includes(edge.gate)) return edge;
    const gate = same[(same.indexOf(edge.gate) + 1) % 3] as GateName;
    return { ...edge, gate };
  });
  return { ...graph, edges };
}

/** All orders of the free nodes, compared one by one: what "the same graph" means, spelled out. */
function sameBySearch(one: Graph, other: Graph): boolean {
  const plain = (graph: Graph): Graph =>
    makeGraph(
      graph.nodes,
      (s, t) => {
        const parts = partsOf(edgeOf(graph, s, t));
        return s === 0 && parts.gate.startsWith('correct') ? { ...parts, gate: 'through' } : parts;
      },
      undefined,
      graph.ensemble,
    );
  const wanted = toText(plain(other));
  const a = plain(one);
  const visit = (left: number[], order: number[]): boolean => {
    if (left.length > 0) {
      return left.some((number) =>
        visit(
          left.filter((each) => each !== number),
          [...order, number],
        ),
      );
    }
    return toText(inOrder(a, order)) === wanted;
  };
  const fixed = one.ensemble?.isObjective ? [] : [1];
  return (
    one.nodes.length === other.nodes.length && visit(nodeNumbers(a).slice(fixed.length), fixed)
  );
}

describe('the canonical form', () => {
  test('neither order of auxiliary nodes, nor name, nor Correct on label edges changes the key', () => {
    fc.assert(
      fc.property(anyGraph(6), fc.nat(), (graph, seed) => {
        assert.equal(graphKey(reordered(graph, seed)), graphKey(graph));
        assert.equal(graphKey(relabelled(graph)), graphKey(graph));
      }),
    );
  });

  test('the canonical graph is equivalent and is its own canonical form', () => {
    fc.assert(
      fc.property(anyGraph(5), (graph) => {
        const canonical = canonicalGraph(graph);
        assert.ok(sameBySearch(graph, canonical));
        assert.deepEqual(canonicalGraph(canonical), canonical);
        assert.deepEqual(fromText(graphKey(graph)), canonical);
      }),
    );
  });

  test('keys are equal exactly for graphs that are equal up to the order of auxiliary nodes', () => {
    // Few models and gates, so that equal pairs are common.
    const small = fc
      .array(fc.constantFrom('through', 'cutoff', 'correct'), { minLength: 9, maxLength: 9 })
      .map((gates) => {
        let next = 0;
        return makeGraph(Array(3).fill({ model: 'resnet8' }), () => gates[next++]!);
      });
    let equal = 0;
    fc.assert(
      fc.property(small, small, fc.nat(), (one, any, seed) => {
        for (const other of [any, reordered(one, seed)]) {
          const same = sameBySearch(one, other);
          assert.equal(graphKey(one) === graphKey(other), same);
          if (same) equal++;
        }
      }),
    );
    assert.ok(equal >= 100);
  });

  test('keys with kinds, weights and an ensemble are equal exactly for equal graphs', () => {
    const edge = fc.record({
      gate: fc.constantFrom('through', 'cutoff', 'correct-mean'),
      kind: fc.constantFrom('kl', 'kl', 'attention'),
      weight: fc.constantFrom(1, 1, 0, 2),
    });
    const small = fc
      .record({
        edges: fc.array(edge, { minLength: 6, maxLength: 6 }),
        voters: fc.constantFrom([1, 2, 3], [1, 2], [2, 3]),
        counts: fc.boolean(),
      })
      .map(({ edges, voters, counts }): Graph => {
        let next = 0;
        const carried = (source: number, destination: number): Carried => {
          if (source === 0) return destination === 2 ? 'cutoff' : 'through';
          return source > 3 ? 'cutoff' : edges[next++]!;
        };
        const objective = counts ? { isObjective: true as const } : {};
        const ensemble = { combine: 'logits' as const, voters, ...objective };
        return makeGraph(Array(3).fill({ model: 'resnet8' }), carried, undefined, ensemble);
      });
    const isSame = (one: Graph, other: Graph): boolean =>
      one.ensemble?.isObjective === other.ensemble?.isObjective && sameBySearch(one, other);
    fc.assert(
      fc.property(small, small, fc.nat(), (one, any, seed) => {
        assert.equal(graphKey(one), graphKey(reordered(one, seed)));
        assert.equal(graphKey(one) === graphKey(any), isSame(one, any));
        const closer = { ...any, edges: one.edges };
        assert.equal(graphKey(one) === graphKey(closer), isSame(one, closer));
      }),
    );
  });

  test('every meaningful difference changes the key', () => {
    const graph = fromText('resnet32=TT@2,resnet110=XX:a');
    for (const other of [
      'resnet32=TT,resnet110=XX:a',
      'resnet32=TT@2,resnet110=XX:b',
      'resnet32=TT@2,resnet110=XX',
      'resnet32=TT@2,resnet32=XX:a',
      'resnet110=TT@2,resnet32=XX:a',
      'resnet32=TC@2,resnet110=XX:a',
      'resnet32=TT@2,resnet110=TX:a',
    ]) {
      assert.notEqual(graphKey(graph), graphKey(fromText(other)), other);
    }
  });

  test('kind, weight, ensemble and its voters change the key', () => {
    const keys = [
      'resnet32=TT,resnet8=TT',
      'resnet32=TT.r,resnet8=TT',
      'resnet32=TT.a,resnet8=TT',
      'resnet32=TT.ar,resnet8=TT',
      'resnet32=TT_2,resnet8=TT',
      'resnet32=T_2T,resnet8=TT',
      'resnet32=TTX,resnet8=TTX,ensemble=logits',
      'resnet32=TTX,resnet8=TTX,ensemble=probabilities',
      'resnet32=TTX,resnet8=TTX,ensemble=logits:1',
      'resnet32=TTX,resnet8=TTX,ensemble=logits:2',
      'resnet32=TTX,resnet8=TTX,ensemble=logits.objective',
      'resnet32=TTT,resnet8=TTX,ensemble=logits',
    ].map((text) => graphKey(fromText(text)));
    assert.equal(new Set(keys).size, keys.length);
  });

  test('an edge of weight 0 is a Cutoff, whatever else it carries', () => {
    const zero = fromText('resnet32=TC.a_0,resnet8=T_0N_0');
    assert.equal(graphKey(zero), graphKey(fromText('resnet32=TX,resnet8=XX')));
    assert.ok(isFrozen(zero, 2));
    assert.ok(!reachesTarget(zero, 2));
  });

  test('where the accuracy of an ensemble counts, all orders of the networks are one graph', () => {
    const [one, other] = [
      'resnet32=TT.r@4X,resnet8=CLX,ensemble=logits.objective',
      'resnet8=CLX,resnet32=TT.r@4X,ensemble=logits.objective',
    ].map((text) => fromText(text)) as [Graph, Graph];
    assert.equal(graphKey(one), graphKey(other));
    const target = (graph: Graph): Graph => fromText(toText(graph).replace('.objective', ''));
    assert.notEqual(graphKey(target(one)), graphKey(target(other)));
  });

  test('the target stays first and auxiliary models are sorted', () => {
    assert.equal(
      graphKey(fromText('wrn-28-2=CLX,wrn-28-2=TTT,resnet8=XXX')),
      'wrn-28-2=TXL,resnet8=XXX,wrn-28-2=TTT',
    );
  });

  test('works for seven equal nodes, the largest number of orders', () => {
    const graph = template('dml', Array<string>(7).fill('resnet8'));
    assert.equal(graphKey(graph), toText(graph));
  });
});
