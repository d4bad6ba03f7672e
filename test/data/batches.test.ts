import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { epochBatches, LENGTH_UNIT, stepsPerEpoch } from '../../core/data/batches.ts';

const train = Int32Array.from({ length: 130 }, (_, i) => i * 3 + 5);
const column = (codes: Int32Array, place: number) => codes.filter((_, i) => i % 4 === place);

describe('epochBatches', () => {
  test('gives every image at most once, and drops only the last partial batch', () => {
    const images = column(epochBatches(1, 1, train, 16), 0);
    assert.equal(images.length, 128);
    assert.equal(new Set(images).size, 128);
    const known = new Set(train);
    assert.ok(images.every((image) => known.has(image)));
    assert.equal(stepsPerEpoch(50_000, 64), 781);
  });

  test('is the same for the same seed and epoch, and another for others', () => {
    const codes = epochBatches(1, 1, train, 16);
    assert.deepEqual(epochBatches(1, 1, train, 16), codes);
    assert.notDeepEqual(epochBatches(1, 2, train, 16), codes);
    assert.notDeepEqual(epochBatches(2, 1, train, 16), codes);
  });

  test('keeps its numbers: runs that were recorded can be repeated', () => {
    assert.deepEqual([...epochBatches(7, 3, train, 16).slice(0, 8)], [263, 1, 0, 8, 35, 0, 5, 8]);
  });

  test('leaves the list of training images as it was', () => {
    const before = train.slice();
    epochBatches(3, 1, train, 16);
    assert.deepEqual(train, before);
  });

  test('draws flips and offsets evenly: 2 flips, 9 rows, 9 columns', () => {
    const many = Int32Array.from({ length: 20_000 }, (_, i) => i);
    const codes = epochBatches(5, 1, many, 100);
    for (const [place, values] of [
      [1, 2],
      [2, 9],
      [3, 9],
    ] as const) {
      const counts = new Array<number>(values).fill(0);
      for (const value of column(codes, place)) counts[value]!++;
      const expected = 20_000 / values;
      const spread = Math.sqrt(expected * (1 - 1 / values));
      for (const [value, count] of counts.entries())
        assert.ok(
          Math.abs(count - expected) < 5 * spread,
          `place ${place}, value ${value}: ${count} times`,
        );
    }
  });

  test('offsets are drawn independently of each other and of the flip', () => {
    const many = Int32Array.from({ length: 20_000 }, (_, i) => i);
    const codes = epochBatches(5, 1, many, 100);
    const seen = new Set<string>();
    for (let i = 0; i < codes.length; i += 4) seen.add(codes.slice(i + 1, i + 4).join());
    assert.equal(seen.size, 2 * 9 * 9);
  });

  test('draws parts of an image as published: area, ratio and place', () => {
    const many = Int32Array.from({ length: 20_000 }, (_, i) => i);
    const side = 96;
    const codes = epochBatches(5, 1, many, 100, { mode: 'resized', area: 0.08 }, side);
    const [rows, columns] = [column(codes, 2), column(codes, 3)];
    const shares: number[] = [];
    const ratios: number[] = [];
    for (const [i, row] of rows.entries()) {
      const [height, width] = [row, columns[i]!].map((offset) => Math.floor(offset / LENGTH_UNIT));
      const [top, left] = [row % LENGTH_UNIT, columns[i]! % LENGTH_UNIT];
      assert.ok(height! >= 1 && width! >= 1 && top + height! <= side && left + width! <= side);
      shares.push((height! * width!) / side ** 2);
      ratios.push(Math.log(width! / height!));
    }
    // sides are rounded to whole pixels
    assert.ok(Math.min(...shares) > 0.075 && Math.max(...shares) <= 1);
    assert.ok(Math.max(...ratios.map(Math.abs)) < Math.log(4 / 3) + 0.04);
    const below = shares.filter((share) => share < 0.54).length / shares.length;
    // half of the areas are below the middle; wide parts of nearly the whole area do not fit
    assert.ok(below > 0.5 && below < 0.6, `${below}`);
    const wide = ratios.filter((ratio) => ratio > 0).length;
    const high = ratios.filter((ratio) => ratio < 0).length;
    assert.ok(Math.abs(wide - high) < 5 * Math.sqrt(20_000), `${wide} wide, ${high} high`);
  });

  test('refuses a batch that cannot be filled, and batch sizes that are none', () => {
    assert.throws(() => epochBatches(1, 1, train, 131), { code: 'data.fewer-images-than-batch' });
    assert.throws(() => stepsPerEpoch(0, 64), { code: 'data.fewer-images-than-batch' });
    for (const batch of [0, -1, 1.5, NaN])
      assert.throws(() => epochBatches(1, 1, train, batch), { code: 'data.batch-size' });
  });
});
