import type { Stride } from '../models/layers.ts';
import type { Operations, Tensor, TF } from './ops.ts';
import { everySecond, mapPadding, spreadOut } from './pixels.ts';

/** Rows and columns of maps and of windows over them. */
type Size = readonly [rows: number, columns: number];
type Place = readonly [row: number, column: number];
type Save = (tensors: Tensor[]) => void;

const sizeOf = (x: Tensor): Size => [x.shape[1]!, x.shape[2]!];

/** Returns the offsets inside a square window in reading order. */
const places = (size: number): Place[] =>
  Array.from({ length: size * size }, (_, i): Place => [Math.floor(i / size), i % size]);

/** Operations over windows as slices and sums: they run on every backend. */
export function plainWindows(tf: TF): Pick<Operations, 'maxPool' | 'depthwise'> {
  return {
    maxPool: (x, size) => maxPool(tf, x, size),
    depthwise: (x, filter, stride) => depthwise(tf, x, filter, stride),
  };
}

/**
 * Returns the pixel at one offset of every window: [n, h, w, c] -> [n, rows, columns, c]. With
 * stride 2, a row and a column of zeros follow when the last window ends at the border.
 */
function pixelsAt(tf: TF, x: Tensor, [row, column]: Place, size: Size, stride: Stride): Tensor {
  const [n, h, w, c] = x.shape as [number, number, number, number];
  const [rows, columns] = size.map((length) => length * stride) as [number, number];
  const [below, right] = [Math.max(0, row + rows - h), Math.max(0, column + columns - w)];
  const wide = below + right === 0 ? x : tf.pad(x, mapPadding([0, below], [0, right]));
  const part = tf.slice(wide, [0, row, column, 0], [n, rows, columns, c]);
  return stride === 2 ? everySecond(tf, part) : part;
}

/** The reverse: places pixels [n, rows, columns, c], 2 apart, into a map [n, ...to, c] of zeros. */
function putAt(tf: TF, pixels: Tensor, [row, column]: Place, to: Size): Tensor {
  const [n, rows, columns, c] = pixels.shape as [number, number, number, number];
  const spread = spreadOut(tf, pixels, 2, 2);
  const [h, w] = [Math.min(2 * rows, to[0] - row), Math.min(2 * columns, to[1] - column)];
  const part = tf.slice(spread, [0, 0, 0, 0], [n, h, w, c]);
  return tf.pad(part, mapPadding([row, to[0] - row - h], [column, to[1] - column - w]));
}

function maxPool(tf: TF, x: Tensor, size: 2 | 3): Tensor {
  const [h, w] = sizeOf(x);
  const windows = [h, w].map((length) => Math.floor((length - size) / 2) + 1) as [number, number];
  const pool = tf.customGrad((...given) => {
    const [input, save] = given as unknown as [Tensor, Save];
    const at = (from: Tensor, place: Place): Tensor => pixelsAt(tf, from, place, windows, 2);
    const [first, ...others] = places(size);
    const value = others.reduce(
      (largest, place) => tf.maximum(largest, at(input, place)),
      at(input, first!),
    );
    save([input, value]);
    const gradFunc = (dy: Tensor, saved: Tensor[]): Tensor => {
      const [before, largest] = saved as [Tensor, Tensor];
      // the gradient that no earlier pixel of the window took
      let left = dy;
      const none = tf.zerosLike(dy);
      const parts = places(size).map((place) => {
        const hit = tf.equal(at(before, place), largest);
        const taken = tf.where(hit, left, none);
        left = tf.where(hit, none, left);
        return putAt(tf, taken, place, [h, w]);
      });
      return parts.reduce((sum, part) => tf.add(sum, part));
    };
    return { value, gradFunc };
  });
  return pool(x);
}

function depthwise(tf: TF, x: Tensor, filter: Tensor, stride: Stride): Tensor {
  const [h, w] = sizeOf(x);
  const convolve = (from: Tensor, by: Tensor, step: Stride): Tensor =>
    tf.depthwiseConv2d(from as never, by as never, step, 'valid');
  const run = tf.customGrad((...given) => {
    const [input, kernel, save] = given as unknown as [Tensor, Tensor, Save];
    const padded = tf.pad(input, mapPadding([1, 1]));
    save([padded, kernel]);
    const gradFunc = (dy: Tensor, saved: Tensor[]): Tensor[] => {
      const [seen, weights] = saved as [Tensor, Tensor];
      const windows = sizeOf(dy);
      const spread = stride === 1 ? dy : spreadOut(tf, dy, 2, 2);
      const [below, right] = [h + 1 - windows[0] * stride, w + 1 - windows[1] * stride];
      const around = tf.pad(spread, mapPadding([1, below], [1, right]));
      const sums = places(3).map((place) =>
        tf.sum(tf.mul(pixelsAt(tf, seen, place, windows, stride), dy), [0, 1, 2]),
      );
      return [
        convolve(around, tf.reverse(weights, [0, 1]), 1),
        tf.reshape(tf.stack(sums), weights.shape),
      ];
    };
    return { value: convolve(padded, kernel, stride), gradFunc };
  });
  return run(x, filter);
}
