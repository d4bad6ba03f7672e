import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { syntheticDataset } from '../../core/data/sets/synthetic.ts';

const small = syntheticDataset({ seed: 2, train: 205, test: 100 });

describe('syntheticDataset', () => {
  test('has the asked counts, balanced classes and a name for each class', () => {
    assert.equal(small.images.length, 305 * 3072);
    assert.equal(small.labels.length, 305);
    assert.deepEqual([small.trainCount, small.testCount, small.classes], [205, 100, 10]);
    assert.equal(new Set(small.classNames).size, 10);
    const counts = (labels: Int32Array) =>
      Array.from({ length: 10 }, (_, label) => labels.filter((value) => value === label).length);
    assert.deepEqual(
      counts(small.labels.subarray(0, 205)),
      [21, 21, 21, 21, 21, 20, 20, 20, 20, 20],
    );
    assert.deepEqual(counts(small.labels.subarray(205)), new Array<number>(10).fill(10));
  });

  test('keeps its bytes: the same options give the same pictures', () => {
    assert.equal(small.identity, 'synthetic:bc7306571b4f950e688f21be');
    assert.equal(syntheticDataset({ seed: 2, train: 205, test: 100 }).identity, small.identity);
    assert.notEqual(syntheticDataset({ seed: 3, train: 205, test: 100 }).identity, small.identity);
  });

  test('uses the whole range of brightness, and no picture twice', () => {
    const pictures = new Set<string>();
    for (let i = 0; i < 305; i++)
      pictures.add(Buffer.from(small.images.subarray(i * 3072, (i + 1) * 3072)).toString('base64'));
    assert.equal(pictures.size, 305);
    const mean = small.images.reduce((sum, value) => sum + value, 0) / small.images.length;
    assert.ok(mean > 100 && mean < 155, `mean brightness ${mean}`);
  });

  test('is not trivial: brightness and colour alone tell little', () => {
    // Nearest class mean of the average colour: far above chance would mean that a network has
    // nothing to learn.
    const colour = (image: number) =>
      [0, 1, 2].map((c) => {
        let sum = 0;
        for (let at = image * 3072 + c; at < (image + 1) * 3072; at += 3) sum += small.images[at]!;
        return sum / 1024;
      });
    const means = Array.from({ length: 10 }, (_, label) => {
      const members = [...small.labels.subarray(0, 205).keys()]
        .filter((i) => small.labels[i] === label)
        .map(colour);
      return [0, 1, 2].map(
        (c) => members.reduce((sum, value) => sum + value[c]!, 0) / members.length,
      );
    });
    const distance = (a: number[], b: number[]) =>
      Math.hypot(...a.map((value, c) => value - b[c]!));
    let right = 0;
    for (let image = 205; image < 305; image++) {
      const mine = colour(image);
      const distances = means.map((mean) => distance(mean, mine));
      if (distances.indexOf(Math.min(...distances)) === small.labels[image]) right++;
    }
    assert.ok(right < 35, `${right} of 100 by average colour`);
  });

  test('paints the same pictures with more or fewer pixels', () => {
    const mean = (side: number): number[] => {
      const { images, labels } = syntheticDataset({ seed: 2, train: 40, test: 8, side });
      assert.equal(images.length, 48 * side * side * 3);
      assert.deepEqual([...labels.subarray(0, 3)], [...first.labels.subarray(0, 3)]);
      const pixels = images.subarray(0, side * side * 3);
      return [0, 1, 2].map((c) => {
        const values = pixels.filter((_, at) => at % 3 === c);
        return values.reduce((sum, value) => sum + value, 0) / values.length;
      });
    };
    const first = syntheticDataset({ seed: 2, train: 40, test: 8 });
    const usual = mean(32);
    for (const side of [20, 64])
      for (const [c, value] of mean(side).entries())
        assert.ok(Math.abs(value - usual[c]!) < 4, `${side} pixels: ${value}, ${usual[c]}`);
  });

  test('makes up to 20 classes', () => {
    const many = syntheticDataset({ train: 40, test: 20, classes: 20 });
    assert.equal(new Set(many.classNames).size, 20);
    assert.equal(new Set(many.labels).size, 20);
  });

  test('refuses options that make no set', () => {
    for (const options of [
      { classes: 1 },
      { classes: 21 },
      { train: 0 },
      { test: -1 },
      { seed: 0.5 },
      { side: 15 },
      { side: 129 },
      { train: 100_000, side: 128 },
      { train: NaN },
    ])
      assert.throws(() => syntheticDataset(options), { code: 'data.synthetic-option' });
  });
});
