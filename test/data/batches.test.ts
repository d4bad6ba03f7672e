import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { epochBatches, stepsPerEpoch } from '../../core/data/batches.ts';

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

  test('refuses a batch that cannot be filled, and batch sizes that are none', () => {
    assert.throws(() => epochBatches(1, 1, train, 131), { code: 'data.fewer-images-than-batch' });
    assert.throws(() => stepsPerEpoch(0, 64), { code: 'data.fewer-images-than-batch' });
    for (const batch of [0, -1, 1.5, NaN])
      assert.throws(() => epochBatches(1, 1, train, batch), { code: 'data.batch-size' });
  });
});
