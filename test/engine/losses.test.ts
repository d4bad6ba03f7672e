import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import fc from 'fast-check';
import { stream } from '../../core/base/random.ts';
import type { TF } from '../../core/engine/ops.ts';
import { kindIndex } from '../../core/kinds/kinds.ts';
import { type EdgeMatrices, engineLoss, type MoreInputs, plainLoss } from '../parity/loss.ts';
import type { StageMap } from '../parity/plain-attention.ts';

// Its own JavaScript backend is enough here.
const tf = createRequire(import.meta.url)('@tensorflow/tfjs') as TF;
tf.enableProdMode(); // or it advertises its TensorFlow backend
const form = engineLoss(tf);

const BATCH = 5;
const CLASSES = 4;

/** Heights, widths and channels of the stages of node i, i from 0. */
const STAGES = [
  [
    [4, 4, 2],
    [2, 2, 3],
  ],
  [[2, 4, 2]],
  [
    [8, 8, 1],
    [4, 4, 2],
    [1, 2, 2],
  ],
  [[2, 2, 1]],
] as const;

/** A random batch of `nodes` networks with random edges of all kinds, from one number. */
function scene(nodes: number, seed: number) {
  const random = stream(seed, 'losses');
  const numbers = (count: number, next: () => number): number[] =>
    Array.from({ length: count }, next);
  const logits = numbers(nodes, () => 0).map(() =>
    numbers(BATCH, () => 0).map(() => numbers(CLASSES, () => 3 * random.normal())),
  );
  const labels = numbers(BATCH, () => random.below(CLASSES));
  const hasEnsemble = seed % 2 === 0;
  const columns = nodes + (hasEnsemble ? 2 : 1);
  const matrix = (next: (column: number) => number): number[][] =>
    numbers(nodes, () => 0).map(() => Array.from({ length: columns }, (_, s) => next(s)));
  const edges: EdgeMatrices = {
    weight: matrix(() => [0, 1, random.uniform()][random.below(3)]!),
    onlyCorrect: matrix(() => random.below(2)),
    temperature: matrix(() => 0.5 + 4 * random.uniform()),
    overCorrect: matrix(() => random.below(2)),
    // a label edge has no kind, and an ensemble no stages
    kind: matrix((s) => (s === 0 ? 0 : random.below(s === nodes + 1 ? 2 : 4))),
  };
  const more: MoreInputs = {
    maps: STAGES.slice(0, nodes).map((stages) =>
      stages.map(([height, width, channels]) =>
        numbers(BATCH, () => 0).map(() =>
          numbers(height, () => 0).map(() =>
            numbers(width, () => 0).map(() => numbers(channels, () => random.normal())),
          ),
        ),
      ),
    ),
    ...(hasEnsemble && {
      ensemble: {
        voters: numbers(nodes, () => 0).map((_, node) => node),
        combine: seed % 4 === 0 ? ('logits' as const) : ('probabilities' as const),
      },
    }),
  };
  return { logits, labels, edges, more };
}

const close = (actual: number, expected: number): boolean =>
  Math.abs(actual - expected) < 2e-5 * (1 + Math.abs(expected));

test('each gradient is the slope of its own node’s loss with fixed sources', () => {
  const step = 1e-4;
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), fc.nat(1e6), (nodes, seed) => {
      const { logits, labels, edges, more } = scene(nodes, seed);
      const { gradient, nodeLoss } = form(logits, labels, edges, more);
      const exact = plainLoss(logits, labels, edges, more);
      const random = stream(seed, 'places');
      for (let t = 0; t < nodes; t++) {
        assert.ok(close(nodeLoss[t]!, exact.nodeLoss[t]!), `loss of node ${t}`);
        const [n, c] = [random.below(BATCH), random.below(CLASSES)];
        assert.ok(close(gradient[t]![n]![c]!, exact.gradient[t]![n]![c]!), `node ${t}`);
        // what the destination answers must not change who is right, nor a detached ensemble
        if (more.ensemble) continue;
        const shifted = (by: number): number => {
          const moved = logits.map((rows, node) =>
            node === t ? rows.map((row, i) => (i === n ? row.with(c, row[c]! + by) : row)) : rows,
          );
          return plainLoss(moved, labels, edges, more).nodeLoss[t]!;
        };
        const slope = (shifted(step) - shifted(-step)) / (2 * step);
        assert.ok(close(gradient[t]![n]![c]!, slope), `slope of node ${t}`);
      }
    }),
    { numRuns: 60 },
  );
});

test('each gradient of a stage output is the slope of its own node’s loss', () => {
  const step = 1e-5;
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 4 }), fc.nat(1e6), (nodes, seed) => {
      const { logits, labels, edges, more } = scene(nodes, seed);
      const { mapGradients } = form(logits, labels, edges, more);
      const random = stream(seed, 'cells');
      for (let t = 0; t < nodes; t++) {
        const stage = random.below(more.maps![t]!.length);
        const [height, width, channels] = STAGES[t]![stage]!;
        const at = [BATCH, height, width, channels].map((size) => random.below(size));
        const shifted = (by: number): number => {
          const maps = more.maps!.map((stages, node) =>
            node === t ? stages.map((one, i) => (i === stage ? moved(one, at, by) : one)) : stages,
          );
          return plainLoss(logits, labels, edges, { ...more, maps }).nodeLoss[t]!;
        };
        const slope = (shifted(step) - shifted(-step)) / (2 * step);
        const [n, h, w, c] = at as [number, number, number, number];
        const actual = mapGradients[t]?.[stage]?.[n]![h]![w]![c] ?? 0;
        assert.ok(close(actual, slope), `node ${t}, stage ${stage}: ${actual}, ${slope}`);
      }
    }),
    { numRuns: 60 },
  );
});

/** Adds to one number of a stage output [batch][height][width][channels]. */
const moved = (stage: readonly StageMap[], at: readonly number[], by: number): StageMap[] =>
  stage.map((map, n) =>
    map.map((row, h) =>
      row.map((pixel, w) =>
        pixel.map((value, c) => ([n, h, w, c].join() === at.join() ? value + by : value)),
      ),
    ),
  );

test('a source that is not finite passes no closed edge of any kind', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 4 }), fc.nat(1e6), (nodes, seed) => {
      const { logits, labels, edges, more } = scene(nodes, seed);
      const broken = logits.map((rows, node) =>
        node === 1 ? rows.map((row) => row.map(() => NaN)) : rows,
      );
      const maps = more.maps!.map((stages, node) =>
        node === 1
          ? stages.map((stage) =>
              stage.map((map) => map.map((row) => row.map((pixel) => pixel.map(() => NaN)))),
            )
          : stages,
      );
      // open edges from node 2 and the ensemble count only correct samples, and there are none
      const closed: EdgeMatrices = {
        ...edges,
        onlyCorrect: edges.onlyCorrect.map((row) =>
          row.map((value, s) => (s === 2 || s === nodes + 1 ? 1 : value)),
        ),
      };
      const found = form(broken, labels, closed, { ...more, maps });
      for (let t = 0; t < nodes; t++) {
        if (t === 1) continue;
        // no stage is compared where no edge has a kind that compares them
        const slopes = found.mapGradients[t] ?? [];
        const parts: unknown[] = [found.nodeLoss[t], found.gradient[t], slopes];
        assert.ok((parts.flat(6) as number[]).every((value) => value === null || !isNaN(value)));
      }
    }),
    { numRuns: 30 },
  );
});

test('stages are compared only where an edge has a kind that compares them', () => {
  const { logits, labels, edges } = scene(3, 7);
  const usual = { ...edges, kind: edges.weight.map((row) => row.map(() => kindIndex('repel'))) };
  const { gradient, mapGradients } = form(logits, labels, usual);
  assert.deepEqual(mapGradients, []);
  assert.ok(gradient.flat(2).every((value) => Number.isFinite(value)));
});

test('extreme logits give finite losses and gradients', () => {
  const logits = [
    [
      [1e4, -1e4, 0],
      [0, 0, 0],
    ],
    [
      [-1e4, 1e4, 0],
      [1e30, -1e30, 3],
    ],
  ];
  const all = (value: number): number[][] => [0, 1].map(() => [value, value, value]);
  const losses = form(logits, [1, 2], { weight: all(1), onlyCorrect: all(0), temperature: all(2) });
  const parts: unknown[] = [losses.raw, losses.gated, losses.nodeLoss, losses.gradient];
  const numbers = parts.flat(3) as number[];
  assert.ok(numbers.length > 0 && numbers.every(Number.isFinite), numbers.join());
});
