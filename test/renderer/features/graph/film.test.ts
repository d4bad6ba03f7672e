import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromText } from '../../../../core/graph/text.ts';
import type { WireEdge, WireEpoch } from '../../../../core/lab/api.ts';
import { filmFrame, levelPath } from '../../../../renderer/features/graph/film.ts';

const graph = fromText('resnet8=TC,resnet8=XL');

const edge = (gatedLoss: number, weight = 1): WireEdge => ({
  rawLoss: 2,
  gatedLoss,
  weight,
  ...{ tt: 30, tf: 10, ft: 40, ff: 20 },
});

/** Edges in the order of the graph: Label→1, 2→1, Label→2 (cut), 1→2. */
const epoch = (number: number, accuracy: number, edges: readonly (WireEdge | null)[]): WireEpoch =>
  ({
    epoch: number,
    seconds: 1,
    nodes: [accuracy, accuracy / 2].map((each) => ({ accuracy: each })),
    edges,
  }) as unknown as WireEpoch;

const epochs = [
  epoch(1, 0.2, [edge(4), edge(1), null, edge(0, 0.25)]),
  epoch(2, 0.6, [edge(1), edge(0.25), null, edge(1, 0.5)]),
];

void test('edges are as wide as their gated loss, nodes as full as their accuracy', () => {
  const { widths, accuracies, progress } = filmFrame(graph, epochs, 4, 1);
  assert.deepEqual(
    [...widths],
    [
      ['0-1', 3],
      ['2-1', 1.8],
      ['1-2', 0.6],
    ],
  );
  assert.deepEqual(accuracies, [0.2, 0.1]);
  assert.equal(progress, 0.25);
});

void test('Linear opens with its weight, Correct lets the samples through that its source has right', () => {
  const first = filmFrame(graph, epochs, 4, 1).passing;
  const second = filmFrame(graph, epochs, 4, 2).passing;
  assert.deepEqual([first.get('1-2'), second.get('1-2')], [0.25, 0.5]);
  assert.equal(first.get('2-1'), 0.4);
  assert.equal(first.get('0-1'), 1);
  assert.equal(first.has('0-2'), false, 'a cut edge passes nothing');
});

void test('between two epochs and beyond them values stay between those that were measured', () => {
  const between = filmFrame(graph, epochs, 4, 1.5);
  assert.equal(between.accuracies[0], 0.4);
  assert.equal(between.epoch, 1.5);
  assert.deepEqual(filmFrame(graph, epochs, 4, 9), filmFrame(graph, epochs, 4, 2));
  assert.deepEqual(filmFrame(graph, epochs, 4, -1), filmFrame(graph, epochs, 4, 1));
});

void test('a level fills a circle from below', () => {
  const places = (share: number): number[] =>
    levelPath({ x: 50, y: 50 }, 10, share)
      .match(/-?[\d.]+/g)!
      .map(Number);
  assert.deepEqual(places(0.5).slice(0, 2), [40, 50]);
  assert.deepEqual(places(0.5).slice(-2), [60, 50]);
  assert.ok(Math.min(...places(0.25).filter((_, i) => i % 2 === 1)) >= 54.99);
  assert.deepEqual(places(1).slice(0, 2), [50, 40]);
  assert.doesNotMatch(levelPath({ x: 0, y: 0 }, 10, 0), /NaN/);
});
