import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { shuffle, stream } from '../../core/base/random.ts';
import { canonicalGraph, graphKey } from '../../core/graph/canonical.ts';
import { edgeOf, makeGraph, nodeNumbers, temperatureOf } from '../../core/graph/graph.ts';
import type { Carried, Graph } from '../../core/graph/graph.ts';
import { template } from '../../core/graph/templates.ts';
import { fromText, toText } from '../../core/graph/text.ts';
import { anyGraph } from './arbitrary.ts';

/** The same graph with its auxiliary nodes in another order. */
function reordered(graph: Graph, seed: number): Graph {
  const order = [1, ...shuffle(nodeNumbers(graph).slice(1), stream(seed, 'order'))];
  const old = (number: number): number => (number === 0 ? 0 : order[number - 1]!);
  return makeGraph(
    order.map((number) => graph.nodes[number - 1]!),
    (s, t): Carried => {
      const edge = edgeOf(graph, old(s), old(t));
      return { gate: edge.gate, temperature: temperatureOf(edge) };
    },
    'another name',
  );
}

/** Label edges with Correct and Through exchanged. */
const relabelled = (graph: Graph): Graph => ({
  ...graph,
  edges: graph.edges.map((edge) => {
    if (edge.source !== 0 || (edge.gate !== 'through' && edge.gate !== 'correct')) return edge;
    return { ...edge, gate: edge.gate === 'through' ? 'correct' : 'through' };
  }),
});

/**
 * All orders of the auxiliary nodes, compared one by one: what "the same graph" means, spelled out.
 */
function sameBySearch(one: Graph, other: Graph): boolean {
  const plain = (graph: Graph): Graph =>
    makeGraph(graph.nodes, (s, t) => {
      const edge = edgeOf(graph, s, t);
      return s === 0 && edge.gate === 'correct'
        ? 'through'
        : { gate: edge.gate, temperature: temperatureOf(edge) };
    });
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
    const old = (number: number): number => (number === 0 ? 0 : order[number - 1]!);
    const moved = makeGraph(
      order.map((number) => a.nodes[number - 1]!),
      (s, t) => {
        const edge = edgeOf(a, old(s), old(t));
        return { gate: edge.gate, temperature: temperatureOf(edge) };
      },
    );
    return toText(moved) === wanted;
  };
  return one.nodes.length === other.nodes.length && visit(nodeNumbers(a).slice(1), [1]);
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
