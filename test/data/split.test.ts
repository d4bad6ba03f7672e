import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Dataset } from '../../core/data/dataset.ts';
import { heldOutShares, splitFor } from '../../core/data/split.ts';

/** A data set of labels alone. */
const labelled = (train: number[], test: number[], classes: number): Dataset => ({
  name: 'labels',
  classes,
  side: 32,
  images: new Uint8Array(),
  labels: Int32Array.from([...train, ...test]),
  trainCount: train.length,
  testCount: test.length,
  identity: 'labels:0',
  source: 'labels',
});

const balanced = labelled(
  Array.from({ length: 1000 }, (_, i) => (i * 7) % 10),
  [0, 1, 2],
  10,
);

const sorted = (indices: Int32Array) =>
  indices.every((image, i) => i === 0 || indices[i - 1]! < image);

describe('paper protocol, and the final training of both', () => {
  test('trains on all training images and is judged by the test images', () => {
    for (const [protocol, purpose] of [
      ['paper', 'search'],
      ['paper', 'final'],
      ['held-out', 'final'],
    ] as const) {
      const split = splitFor(balanced, protocol, 1, purpose);
      assert.equal(split.evaluationName, 'test');
      assert.deepEqual(
        [...split.train],
        Array.from({ length: 1000 }, (_, i) => i),
      );
      assert.deepEqual([...split.evaluation], [1000, 1001, 1002]);
    }
  });
});

describe('held-out protocol', () => {
  test('the test images are never touched', () => {
    const { train, evaluation, evaluationName } = splitFor(balanced, 'held-out', 1);
    assert.equal(evaluationName, 'validation');
    assert.deepEqual(
      [...train, ...evaluation].sort((a, b) => a - b),
      Array.from({ length: 1000 }, (_, i) => i),
    );
  });

  test('every class of a balanced set gives exactly a fifth', () => {
    const { evaluation } = splitFor(balanced, 'held-out', 1);
    const counts = new Array<number>(10).fill(0);
    for (const image of evaluation) counts[balanced.labels[image]!]!++;
    assert.deepEqual(counts, new Array<number>(10).fill(20));
  });

  test('is the same for the same seed and another for another', () => {
    assert.deepEqual(splitFor(balanced, 'held-out', 3), splitFor(balanced, 'held-out', 3));
    assert.notDeepEqual(splitFor(balanced, 'held-out', 3), splitFor(balanced, 'held-out', 4));
  });

  test('for any labels: a partition, in order, each class within one image of its fifth, none emptied', () => {
    const labels = fc.array(fc.nat(6), { minLength: 14, maxLength: 300 });
    fc.assert(
      fc.property(labels, fc.nat(), (list, seed) => {
        const train = [0, 0, 0, ...list]; // at least one class can give an image
        const dataset = labelled(train, [0], 7);
        const split = splitFor(dataset, 'held-out', seed);
        assert.ok(sorted(split.train) && sorted(split.evaluation));
        assert.equal(new Set([...split.train, ...split.evaluation]).size, train.length);
        assert.equal(split.train.length + split.evaluation.length, train.length);
        for (let label = 0; label < 7; label++) {
          const all = train.filter((value) => value === label).length;
          const given = [...split.evaluation].filter((image) => train[image] === label).length;
          assert.ok(Math.abs(given - all / 5) < 1, `class ${label} gave ${given} of ${all}`);
          assert.ok(all === 0 || given < all);
        }
      }),
    );
  });

  test('a set too small to divide is refused', () => {
    assert.throws(() => splitFor(labelled([0, 1], [0], 2), 'held-out', 1), {
      code: 'data.too-few-images',
    });
    assert.throws(() => splitFor(labelled([0, 1], [], 2), 'paper', 1), {
      code: 'data.too-few-images',
    });
  });
});

test('the remainder goes to the largest rests, then to the lower labels', () => {
  // 30 images, 6 to give: 1 + 1 + 1 + 1 rounded down; rests 2, 4, 2, 2 of 5.
  assert.deepEqual(heldOutShares([7, 9, 7, 7]), [2, 2, 1, 1]);
  assert.deepEqual(heldOutShares([1, 1, 1, 1, 1]), [0, 0, 0, 0, 0]);
  assert.deepEqual(
    heldOutShares(new Array<number>(100).fill(500)),
    new Array<number>(100).fill(100),
  );
});
