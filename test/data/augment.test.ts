import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { augmentedBatch, plainBatch } from '../../core/data/augment.ts';
import { epochBatches } from '../../core/data/batches.ts';
import { syntheticDataset } from '../../core/data/sets/synthetic.ts';
import { augmentSlowly } from './slow-augmentation.ts';

const dataset = syntheticDataset({ seed: 4, train: 40, test: 10 });

const slowly = (image: number, flip: number, row: number, column: number): number[] =>
  augmentSlowly(dataset, image, flip, row, column);

describe('augmentedBatch', () => {
  test('equals the slow recipe for every flip, row and column', () => {
    for (let flip = 0; flip < 2; flip++)
      for (let row = 0; row < 9; row++)
        for (let column = 0; column < 9; column++) {
          const image = (row * 9 + column) % 50;
          const { images, labels } = augmentedBatch(
            dataset,
            Int32Array.of(image, flip, row, column),
          );
          assert.deepEqual([...images], slowly(image, flip, row, column));
          assert.deepEqual([...labels], [dataset.labels[image]]);
        }
  });

  test('equals the slow recipe for the batches of an epoch', () => {
    const train = Int32Array.from({ length: 40 }, (_, i) => i);
    const codes = epochBatches(9, 2, train, 8).slice(0, 8 * 4);
    const { images, labels } = augmentedBatch(dataset, codes);
    assert.equal(images.length, 8 * 3072);
    for (let b = 0; b < 8; b++) {
      const [image, flip, row, column] = codes.slice(b * 4, b * 4 + 4) as unknown as [
        number,
        number,
        number,
        number,
      ];
      assert.deepEqual(
        [...images.subarray(b * 3072, (b + 1) * 3072)],
        slowly(image, flip, row, column),
      );
      assert.equal(labels[b], dataset.labels[image]);
    }
  });

  test('in the middle without a flip it changes nothing', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(49), { minLength: 1, maxLength: 5 }), (indices) => {
        const codes = Int32Array.from(indices.flatMap((image) => [image, 0, 4, 4]));
        assert.deepEqual(
          augmentedBatch(dataset, codes),
          plainBatch(dataset, Int32Array.from(indices)),
        );
      }),
      { numRuns: 20 },
    );
  });
});

describe('images of 20 x 20 pixels', () => {
  const small = syntheticDataset({ seed: 4, train: 8, test: 2, side: 20 });

  test('are augmented in their own size', () => {
    for (const [image, flip, row, column] of [
      [0, 0, 0, 0],
      [3, 1, 8, 8],
      [9, 1, 0, 7],
      [5, 0, 4, 4],
    ] as const) {
      const { images } = augmentedBatch(small, Int32Array.of(image, flip, row, column));
      assert.deepEqual([...images], augmentSlowly(small, image, flip, row, column));
    }
  });

  test('are scaled in their own size', () => {
    const { images } = plainBatch(small, Int32Array.of(9, 0));
    const bytes = [...small.images.slice(9 * 1200), ...small.images.slice(0, 1200)];
    assert.deepEqual(
      [...images],
      bytes.map((value) => Math.fround(value / 255)),
    );
  });
});

test('plainBatch scales bytes to [0, 1], rounded once to float32', () => {
  const { images, labels } = plainBatch(dataset, Int32Array.of(49, 3));
  const bytes = [
    ...dataset.images.slice(49 * 3072, 50 * 3072),
    ...dataset.images.slice(3 * 3072, 4 * 3072),
  ];
  assert.deepEqual(
    [...images],
    bytes.map((value) => Math.fround(value / 255)),
  );
  assert.deepEqual([...labels], [dataset.labels[49], dataset.labels[3]]);
});
