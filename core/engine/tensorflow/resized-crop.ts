import { resizedScale } from '../../data/augment.ts';
import { LENGTH_UNIT } from '../../data/batches.ts';
import type { Tensor, TF } from '../ops.ts';

/** Offsets of resized crops, [batch, 1] each. */
interface Offsets {
  readonly row: Tensor;
  readonly column: Tensor;
}

/**
 * Returns resized crops [batch, side, side, 3] in [0, 1]: the bilinear form of `augmentedBatch`, in
 * whole numbers up to one product, so that every engine sees the same float32.
 *
 * @param bytesAt pixels [batch, side, side, 3] as 32-bit integers at rows and columns [batch, side]
 */
export function resizedCrop(
  tf: TF,
  side: number,
  { row, column }: Offsets,
  bytesAt: (rows: Tensor, columns: Tensor) => Tensor,
): Tensor {
  const [rows, columns] = [blend(tf, side, row), blend(tf, side, column)];
  const batch = row.shape[0];
  const line = (at: Tensor): Tensor => {
    const weight = (one: Tensor): Tensor => tf.reshape(one, [batch, 1, side, 1]);
    return tf.add(
      tf.mul(weight(columns.near), bytesAt(at, columns.first)),
      tf.mul(weight(columns.far), bytesAt(at, columns.second)),
    );
  };
  const weight = (one: Tensor): Tensor => tf.reshape(one, [batch, side, 1, 1]);
  const sum = tf.add(
    tf.mul(weight(rows.near), line(rows.first)),
    tf.mul(weight(rows.far), line(rows.second)),
  );
  return tf.mul(tf.cast(sum, 'float32'), tf.scalar(resizedScale(side)));
}

/** Pixels and their weights (in 1 / (2 side)) of every row or column, [batch, side] each. */
interface Blend {
  readonly first: Tensor;
  readonly second: Tensor;
  readonly near: Tensor;
  readonly far: Tensor;
}

/** Position i shows place (i + 1/2) length / side - 1/2 of its part, the edge going on outside. */
function blend(tf: TF, side: number, offset: Tensor): Blend {
  const int = (value: number): Tensor => tf.scalar(value, 'int32');
  const unit = 2 * side;
  const given = tf.floorDiv(offset, int(LENGTH_UNIT));
  const start = tf.sub(offset, tf.mul(given, int(LENGTH_UNIT)));
  const length = tf.maximum(given, int(1)); // codes of no image, as in a recording, are 0
  const last = tf.sub(length, int(1));
  const odd = tf.tensor2d(
    Array.from({ length: side }, (_, i) => 2 * i + 1),
    [1, side],
    'int32',
  );
  const middle = tf.sub(tf.mul(length, odd), int(side));
  const place = tf.minimum(tf.maximum(middle, int(0)), tf.mul(last, int(unit)));
  const whole = tf.floorDiv(place, int(unit));
  const far = tf.sub(place, tf.mul(whole, int(unit)));
  return {
    first: tf.add(start, whole),
    second: tf.add(start, tf.minimum(tf.add(whole, int(1)), last)),
    near: tf.sub(int(unit), far),
    far,
  };
}
