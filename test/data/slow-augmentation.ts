import assert from 'node:assert/strict';
import type { Dataset } from '../../core/data/dataset.ts';

type Picture = number[][][];

/** The image as nested lists [row][column][channel] of 0 .. 255. */
function picture({ images, side }: Pick<Dataset, 'images' | 'side'>, image: number): Picture {
  const rows = Array.from({ length: side }, (_, i) => i);
  return rows.map((row) =>
    rows.map((column) => {
      const at = ((image * side + row) * side + column) * 3;
      return [...images.slice(at, at + 3)];
    }),
  );
}

/**
 * numpy's `pad(..., mode='reflect')` in words: the neighbours of the edge, mirrored, put in front
 * and behind.
 */
const reflectPad = <T>(list: T[], width: number): T[] => [
  ...list.slice(1, width + 1).reverse(),
  ...list,
  ...list.slice(-width - 1, -1).reverse(),
];

/**
 * Flip, reflect padding, crop and scaling of one image, step by step on the whole picture; shares
 * nothing with core.
 */
export function augmentSlowly(
  dataset: Pick<Dataset, 'images' | 'side'>,
  image: number,
  flip: number,
  row: number,
  column: number,
): number[] {
  const original = picture(dataset, image);
  const flipped = flip ? original.map((line) => [...line].reverse()) : original;
  const padded = reflectPad(flipped, 4).map((line) => reflectPad(line, 4));
  const { side } = dataset;
  assert.equal(padded.length, side + 8);
  const cropped = padded.slice(row, row + side).map((line) => line.slice(column, column + side));
  return cropped.flat(2).map((value) => Math.fround(value / 255));
}
