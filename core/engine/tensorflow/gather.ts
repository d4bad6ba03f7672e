import type { Tensor } from '../ops.ts';
import type { TensorFlow } from './binding.ts';
import { DataType } from './graph.ts';

/** Side of an image and of the crop, pixels. */
const SIDE = 32;
/** Pixels that reflect padding adds on every side before the crop. */
const PADDING = 4;

/**
 * Takes batches out of a byte image set [n, 32, 32, 3] that stays inside TensorFlow. Pixel (h, w) of a training image
 * is pixel (reflect(h + row - 4), reflect(w + column - 4)) of the flipped original: flip, reflect-pad 4, crop.
 */
export function gatherer({ tf, backend, binding }: TensorFlow) {
  const type = (name: string, value: number): never => ({ name, type: binding.TF_ATTR_TYPE, value }) as never;
  const run = (op: string, attributes: never[], inputs: Tensor[]): Tensor =>
    backend.executeSingleOutput(op, attributes, inputs);
  const int = (value: number): Tensor => tf.scalar(value, 'int32');
  const axis = { name: 'batch_dims', type: binding.TF_ATTR_INT, value: 0 } as never;
  /** GatherV2 directly: tf.gather reads the indices back to check them. */
  const take = (from: Tensor, indices: Tensor, dtype: DataType): Tensor =>
    run(
      'GatherV2',
      [type('Tparams', dtype), type('Tindices', DataType.int32), type('Taxis', DataType.int32), axis],
      [from, indices, int(0)],
    );
  /**
   * Bytes to [0, 1] through a table of quotients: of a division by 255 a session makes a multiplication by 1/255, which
   * rounds differently, and every engine is to see the same float32.
   */
  const scale = (bytes: Tensor): Tensor => {
    const truncate = { name: 'Truncate', type: binding.TF_ATTR_BOOL, value: false } as never;
    const integers = run(
      'Cast',
      [type('SrcT', DataType.uint8), type('DstT', DataType.int32), truncate],
      [bytes],
    );
    const quotients = Float32Array.from({ length: 256 }, (_, value) => value / 255);
    return take(tf.tensor1d(quotients), integers, DataType.float);
  };
  /** -4..35 back into 0..31 without repeating the edge. */
  const reflect = (position: Tensor): Tensor => {
    const last = int(SIDE - 1);
    return tf.sub(last, tf.abs(tf.sub(last, tf.abs(position))));
  };

  return {
    /** codes [batch, 4] = (image, flip, row, column) -> images [batch, 32, 32, 3] in [0, 1], labels [batch]. */
    training(images: Tensor, labels: Tensor, codes: Tensor): { images: Tensor; labels: Tensor } {
      const batch = codes.shape[0]!;
      const [image, flip, row, column] = tf.split(codes, 4, 1) as [Tensor, Tensor, Tensor, Tensor]; // each [batch, 1]
      const offsets = tf.tensor2d(
        Array.from({ length: SIDE }, (_, i) => i - PADDING),
        [1, SIDE],
        'int32',
      );
      const rows = reflect(tf.add(row, offsets)); // [batch, 32]
      const straight = reflect(tf.add(column, offsets));
      const mirrored = tf.sub(int(SIDE - 1), straight);
      const columns = tf.add(tf.mul(flip, tf.sub(mirrored, straight)), straight);
      const first = tf.reshape(tf.mul(image, int(SIDE * SIDE)), [batch, 1, 1]);
      const lines = tf.reshape(tf.mul(rows, int(SIDE)), [batch, SIDE, 1]);
      const pixel = tf.add(tf.add(first, lines), tf.reshape(columns, [batch, 1, SIDE]));
      const flat = run(
        'Reshape',
        [type('T', DataType.uint8), type('Tshape', DataType.int32)],
        [images, tf.tensor1d([-1, 3], 'int32')],
      );
      return {
        images: scale(take(flat, pixel, DataType.uint8)),
        labels: take(labels, tf.reshape(image, [batch]), DataType.int32),
      };
    },

    /** indices [n], -1 = padding -> images [n, 32, 32, 3], labels [n] with -1 for padding. */
    evaluation(images: Tensor, labels: Tensor, indices: Tensor): { images: Tensor; labels: Tensor } {
      const safe = tf.maximum(indices, int(0));
      const padding = tf.minimum(indices, int(0)); // -1 or 0
      const found = take(labels, safe, DataType.int32);
      return {
        images: scale(take(images, safe, DataType.uint8)),
        // label where padding = 0, -1 where padding = -1
        labels: tf.sub(tf.mul(tf.add(found, int(1)), tf.add(padding, int(1))), int(1)),
      };
    },
  };
}
