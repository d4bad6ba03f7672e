import type { Given } from './kernel-support.ts';

/** A 3x3 convolution in double precision; `turned`: its filter, for the gradient of an input. */
export function plainConvolution(
  x: Given,
  filter: Given,
  outputs: number,
  turned: boolean,
): Float64Array {
  const inputs = x.shape[3]!;
  const result = new Float64Array((x.values.length / inputs) * outputs);
  const weight = (tap: number, i: number, o: number): number =>
    filter.values[
      turned ? ((8 - tap) * outputs + o) * inputs + i : (tap * inputs + i) * outputs + o
    ]!;
  for (const { tap, from, to } of pairsOfPixels(x.shape))
    for (let i = 0; i < inputs; i++)
      for (let o = 0; o < outputs; o++)
        result[to * outputs + o]! += x.values[from * inputs + i]! * weight(tap, i, o);
  return result;
}

/** The gradient of a 3x3 filter in double precision. */
export function plainFilterGradient(x: Given, dy: Given): Float64Array {
  const [inputs, outputs] = [x.shape[3]!, dy.shape[3]!];
  const sums = new Float64Array(9 * inputs * outputs);
  for (const { tap, from, to } of pairsOfPixels(x.shape))
    for (let i = 0; i < inputs; i++)
      for (let o = 0; o < outputs; o++)
        sums[(tap * inputs + i) * outputs + o]! +=
          x.values[from * inputs + i]! * dy.values[to * outputs + o]!;
  return sums;
}

/** Yields each pixel `to` of the images with each pixel `from` that its tap of a 3x3 filter reads. */
function* pairsOfPixels(shape: readonly number[]) {
  const [images, height, width] = shape as [number, number, number];
  for (let n = 0; n < images; n++)
    for (let y = 0; y < height; y++)
      for (let p = 0; p < width; p++)
        for (let tap = 0; tap < 9; tap++) {
          const [row, column] = [y + Math.floor(tap / 3) - 1, p + (tap % 3) - 1];
          if (row < 0 || row >= height || column < 0 || column >= width) continue;
          const line = n * height;
          yield { tap, from: (line + row) * width + column, to: (line + y) * width + p };
        }
}
