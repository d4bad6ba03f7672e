import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import fc from 'fast-check';
import { stream } from '../../core/base/random.ts';
import type { TF } from '../../core/engine/ops.ts';
import { type EdgeMatrices, engineLoss, plainLoss } from '../parity/loss.ts';

// Its own JavaScript backend is enough here.
const tf = createRequire(import.meta.url)('@tensorflow/tfjs') as TF;
tf.enableProdMode(); // or it advertises its TensorFlow backend
const form = engineLoss(tf);

const BATCH = 5;
const CLASSES = 4;

/** A random batch of `nodes` networks with random edges, from one number. */
function scene(nodes: number, seed: number) {
  const random = stream(seed, 'losses');
  const numbers = (count: number, next: () => number): number[] =>
    Array.from({ length: count }, next);
  const logits = numbers(nodes, () => 0).map(() =>
    numbers(BATCH, () => 0).map(() => numbers(CLASSES, () => 3 * random.normal())),
  );
  const labels = numbers(BATCH, () => random.below(CLASSES));
  const matrix = (next: () => number): number[][] =>
    numbers(nodes, () => 0).map(() => numbers(nodes + 1, next));
  const edges: EdgeMatrices = {
    weight: matrix(() => [0, 1, random.uniform()][random.below(3)]!),
    onlyCorrect: matrix(() => random.below(2)),
    temperature: matrix(() => 0.5 + 4 * random.uniform()),
  };
  return { logits, labels, edges };
}

test('each gradient is the slope of its own node’s loss with fixed sources', () => {
  const step = 1e-4;
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), fc.nat(1e6), (nodes, seed) => {
      const { logits, labels, edges } = scene(nodes, seed);
      const { gradient, nodeLoss } = form(logits, labels, edges);
      const exact = plainLoss(logits, labels, edges);
      const random = stream(seed, 'places');
      for (let t = 0; t < nodes; t++) {
        assert.ok(Math.abs(nodeLoss[t]! - exact.nodeLoss[t]!) < 1e-5 * (1 + exact.nodeLoss[t]!));
        const [n, c] = [random.below(BATCH), random.below(CLASSES)];
        const shifted = (by: number): number => {
          const moved = logits.map((rows, node) =>
            node === t ? rows.map((row, i) => (i === n ? row.with(c, row[c]! + by) : row)) : rows,
          );
          return plainLoss(moved, labels, edges).nodeLoss[t]!;
        };
        const slope = (shifted(step) - shifted(-step)) / (2 * step);
        assert.ok(
          Math.abs(gradient[t]![n]![c]! - slope) < 1e-5 * (1 + Math.abs(slope)),
          `node ${t}`,
        );
      }
    }),
    { numRuns: 60 },
  );
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
