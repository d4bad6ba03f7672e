import type { Tensor, TF } from './ops.ts';

/**
 * Takes the first row of every two, then the first pixel of every two: [n, h, w, c] -> [n, h / 2, w
 * / 2, c]. Has a gradient on every backend; 2-D slices are fast.
 */
export function everySecond(tf: TF, x: Tensor): Tensor {
  const [n, h, w, c] = x.shape as [number, number, number, number];
  const firstHalf = (t: Tensor, half: number): Tensor => {
    const pairs = tf.reshape(t, [-1, 2 * half]);
    return tf.slice(pairs, [0, 0], [pairs.shape[0], half]);
  };
  return tf.reshape(firstHalf(firstHalf(x, w * c), c), [n, h / 2, w / 2, c]);
}

/** [n, h, w, c] -> [n, h * rows, w * columns, c] with zeros after each row and column. */
export function spreadOut(tf: TF, x: Tensor, rows: number, columns: number): Tensor {
  const [n, h, w, c] = x.shape as [number, number, number, number];
  const after = (t: Tensor, zeros: number): Tensor =>
    tf.pad(t, [
      [0, 0],
      [0, zeros],
    ]);
  const wide = after(tf.reshape(x, [n * h * w, c]), (columns - 1) * c);
  const line = w * columns * c;
  const high = after(tf.reshape(wide, [n * h, line]), (rows - 1) * line);
  return tf.reshape(high, [n, h * rows, w * columns, c]);
}

/** Returns the paddings of a map: rows and columns of zeros before and after it. */
export const mapPadding = (
  rows: [before: number, after: number],
  columns: [before: number, after: number] = rows,
): [number, number][] => [[0, 0], rows, columns, [0, 0]];
