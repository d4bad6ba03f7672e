import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { augmentedBatch, plainBatch } from '../../core/data/augment.ts';
import { epochBatches, LENGTH_UNIT } from '../../core/data/batches.ts';
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

describe('a resized crop', () => {
  const crop = { mode: 'resized', area: 0.08 } as const;
  const part = (start: number, length: number): number => start + length * LENGTH_UNIT;

  test('of the whole image changes nothing', () => {
    const codes = Int32Array.of(3, 0, part(0, 32), part(0, 32));
    const { images, labels } = augmentedBatch(dataset, codes, crop);
    const plain = plainBatch(dataset, Int32Array.of(3));
    assert.deepEqual(labels, plain.labels);
    for (const [i, value] of images.entries())
      assert.ok(Math.abs(value - plain.images[i]!) < 1e-7, `number ${i}`);
  });

  test('of one pixel shows its colour everywhere, from the flipped image', () => {
    const codes = Int32Array.of(3, 1, part(5, 1), part(2, 1));
    const { images } = augmentedBatch(dataset, codes, crop);
    const start = (3 * 32 * 32 + 5 * 32 + 29) * 3;
    const colour = [...dataset.images.subarray(start, start + 3)];
    for (const [i, value] of images.entries())
      assert.ok(Math.abs(value - colour[i % 3]! / 255) < 1e-7, `number ${i}`);
  });

  test('mixes neighbours by their distance', () => {
    const images = Uint8Array.from([0, 0, 0, 100, 200, 60, 0, 0, 0, 100, 200, 60]);
    const two = { images, labels: Int32Array.of(0), side: 2 };
    const codes = Int32Array.of(0, 0, part(0, 1), part(0, 2));
    const straight = augmentedBatch(two, codes, crop).images;
    assert.deepEqual(
      [...straight].map((value) => Math.round(value * 255)),
      [...images],
    );
    const three = {
      ...two,
      images: Uint8Array.from({ length: 27 }, (_, i) => (i % 9 < 3 ? 0 : 90)),
      side: 3,
    };
    const narrow = augmentedBatch(three, Int32Array.of(0, 0, part(0, 3), part(0, 2)), crop).images;
    const row = [0, 3, 6].map((at) => narrow[at]! * 255);
    // centres at 1/3, 1 and 5/3 of two pixels with centres at 1/2 and 3/2
    for (const [i, value] of [0, 45, 90].entries())
      assert.ok(Math.abs(row[i]! - value) < 1e-4, `column ${i}: ${row[i]}`);
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
