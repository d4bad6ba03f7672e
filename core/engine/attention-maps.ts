import { LabError } from '../base/errors.ts';
import type { Tensor, TF } from './ops.ts';

/** Below this length of Q, q is Q divided by it, and the divisor counts as a constant. */
const LEAST_LENGTH = 1e-12;

/** Height and width of a map. */
export type MapSize = readonly [height: number, width: number];

/** The attention of one stage: q = Q / max(|Q|, 1e-12), Q = mean over channels of the square. */
export interface AttentionMap {
  /** The stage output, average-pooled to the map's size: [batch, height, width, channels]. */
  readonly output: Tensor;
  /** [batch, cells] */
  readonly q: Tensor;
  /** |Q|, [batch, 1] */
  readonly length: Tensor;
}

/**
 * Returns the common size of two stage outputs: the smaller height and the smaller width.
 *
 * @throws LabError `engine.stage-sizes` unless each is a whole multiple of it
 */
export function commonSize(one: MapSize, other: MapSize): MapSize {
  const size = [Math.min(one[0], other[0]), Math.min(one[1], other[1])] as const;
  const fits = [one, other].every(([h, w]) => h % size[0] === 0 && w % size[1] === 0);
  if (fits) return size;
  throw new LabError('engine.stage-sizes', { one: one.join(' x '), other: other.join(' x ') });
}

export const mapSizeOf = (output: Tensor): MapSize => [output.shape[1]!, output.shape[2]!];

/** Returns the attention of a stage output at a size that divides its own. */
export function attentionMap(tf: TF, stage: Tensor, size: MapSize): AttentionMap {
  const ratio = ratioOf(stage, size);
  const isWhole = ratio[0] * ratio[1] === 1;
  const output = isWhole ? stage : tf.avgPool(stage as never, ratio, ratio, 'valid');
  const energy = tf.reshape(tf.mean(tf.square(output), 3), [stage.shape[0], size[0] * size[1]]);
  const length = tf.sqrt(tf.sum(tf.square(energy), 1, true));
  return { output, q: tf.div(energy, tf.maximum(length, LEAST_LENGTH)), length };
}

/**
 * Returns the gradient with respect to the stage output from the gradient v with respect to q: for
 * u = q, dQ = (v - (u . v) u) / |Q|, or v / 1e-12 for a shorter Q; then d output = 2 dQ output /
 * channels, spread over the pooled pixels. Samples outside `open` get exactly 0.
 *
 * @param v [batch, cells]
 * @param open [batch, 1], boolean
 */
export function stageGradient(
  tf: TF,
  stage: Tensor,
  { output, q, length }: AttentionMap,
  v: Tensor,
  open: Tensor,
): Tensor {
  const [height, width] = mapSizeOf(output);
  const [rows, columns] = ratioOf(stage, [height, width]);
  const along = tf.mul(tf.sum(tf.mul(q, v), 1, true), q);
  const short = tf.less(length, LEAST_LENGTH);
  const energy = tf.where(short, tf.mul(v, 1 / LEAST_LENGTH), tf.div(tf.sub(v, along), length));
  const scale = 2 / (stage.shape[3]! * rows * columns);
  const slope = tf.reshape(tf.mul(energy, scale), [stage.shape[0], height, width, 1]);
  const whole = enlarge(tf, tf.mul(output, slope), rows, columns);
  return tf.where(tf.reshape(open, [stage.shape[0], 1, 1, 1]), whole, tf.zerosLike(whole));
}

const ratioOf = (stage: Tensor, [height, width]: MapSize): [rows: number, columns: number] => [
  stage.shape[1]! / height,
  stage.shape[2]! / width,
];

/** Repeats every pixel: [n, h, w, c] -> [n, h * rows, w * columns, c]. */
function enlarge(tf: TF, x: Tensor, rows: number, columns: number): Tensor {
  if (rows * columns === 1) return x;
  const [n, h, w, c] = x.shape as [number, number, number, number];
  const high = tf.tile(tf.reshape(x, [n * h, 1, w * c]), [1, rows, 1]);
  const wide = tf.tile(tf.reshape(high, [n * h * rows * w, 1, c]), [1, columns, 1]);
  return tf.reshape(wide, [n, h * rows, w * columns, c]);
}
