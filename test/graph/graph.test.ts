import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  edgeOf,
  edgesInto,
  isFrozen,
  makeGraph,
  nodeOf,
  reachesTarget,
  upstream,
} from '../../core/graph/graph.ts';
import { roleOf, roles } from '../../core/graph/roles.ts';
import { fromText } from '../../core/graph/text.ts';
import { contrast, difference, visions } from '../gates/color.ts';
import { anyGraph } from './arbitrary.ts';

describe('graph', () => {
  test('normal form has all edges by destination, then source', () => {
    fc.assert(
      fc.property(anyGraph(7), (graph) => {
        const count = graph.nodes.length;
        const sources = count + (graph.ensemble ? 1 : 0);
        assert.equal(graph.edges.length, count * sources);
        const ordered = graph.edges.toSorted(
          (a, b) => a.destination - b.destination || a.source - b.source,
        );
        assert.deepEqual(graph.edges, ordered);
        for (const edge of graph.edges)
          assert.equal(edgeOf(graph, edge.source, edge.destination), edge);
        for (const node of graph.nodes.keys())
          assert.equal(edgesInto(graph, node + 1).length, sources);
      }),
    );
  });

  test('keeps temperatures only on open edges between networks', () => {
    const graph = makeGraph(
      [{ model: 'resnet8' }, { model: 'resnet8' }],
      (source, destination) => ({
        gate: destination === 2 ? 'cutoff' : 'through',
        temperature: 2,
      }),
    );
    const temperatures = graph.edges.map(({ source, destination, temperature }) => [
      source,
      destination,
      temperature,
    ]);
    assert.deepEqual(temperatures, [
      [0, 1, undefined],
      [2, 1, 2],
      [0, 2, undefined],
      [1, 2, undefined],
    ]);
  });

  test('throws a RangeError for an edge or node that does not exist', () => {
    const graph = fromText('resnet8=TT,resnet8=XX');
    for (const [source, destination] of [
      [1, 1],
      [3, 1],
      [-1, 1],
      [0, 3],
      [0, 0],
      [0.5, 1],
    ] as const) {
      assert.throws(
        () => edgeOf(graph, source, destination),
        RangeError,
        `${source} -> ${destination}`,
      );
    }
    assert.throws(() => nodeOf(graph, 0), RangeError);
    assert.throws(() => nodeOf(graph, 3), RangeError);
  });

  test("a node is frozen when every incoming gate is Cutoff, the label's too", () => {
    const graph = fromText('resnet8=TCX,resnet8=XXX,resnet8=XXL');
    assert.deepEqual(
      [1, 2, 3].map((node) => isFrozen(graph, node)),
      [false, true, false],
    );
  });

  test('paths to the target follow open edges only', () => {
    // 3 -> 2 -> 1; 4 hears 1 but teaches only 5, which teaches 4.
    const graph = fromText('resnet8=TTXXX,resnet8=XXTXX,resnet8=TXXXX,resnet8=XTXXT,resnet8=XXXXL');
    assert.deepEqual(
      [0, 1, 2, 3, 4, 5].map((node) => reachesTarget(graph, node)),
      [true, true, true, true, false, false],
    );
    assert.deepEqual([...upstream(graph, 5)].sort(), [0, 1, 2, 3, 4, 5]);
    assert.deepEqual([...upstream(graph, 3)].sort(), [0, 3]);
  });

  test('roles have colours that are distinct for every kind of colour vision', () => {
    const graph = fromText('resnet8=TTT,resnet8=XXX,resnet8=TXX');
    assert.deepEqual(
      [1, 2, 3].map((node) => roleOf(graph, node)),
      ['target', 'pretrained', 'auxiliary'],
    );
    const colors = Object.values(roles).map((role) => role.color);
    for (const [i, color] of colors.entries()) {
      assert.ok(contrast(color, '#ffffff') >= 3 && contrast(color, '#15171c') >= 3, color);
      for (const other of colors.slice(i + 1)) {
        for (const vision of visions)
          assert.ok(difference(color, other, vision) >= 20, `${color} ${other} ${vision}`);
      }
    }
  });
});
