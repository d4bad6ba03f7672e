import type { Crop } from '../../data/batches.ts';
import { IMAGE_CHANNELS } from '../../models/layers.ts';
import type { Tensor } from '../ops.ts';
import type { TensorFlow } from './binding.ts';
import { DataType } from './graph.ts';
import { resizedCrop } from './resized-crop.ts';

/**
 * Types of images and labels in a graph; while recording, tfjs computes with bytes and integers.
 */
export interface ImageTypes {
  readonly images: DataType;
  readonly labels: DataType;
}

/** One byte a pixel: for the processor. */
export const bytesAndIntegers: ImageTypes = { images: DataType.uint8, labels: DataType.int32 };

/**
 * Also exact (a half holds every integer up to 2048), and stored on a card: TensorFlow has no
 * variables of bytes or 32-bit integers there and would keep them in host memory.
 */
export const halvesAndFloats: ImageTypes = { images: DataType.half, labels: DataType.float };

/**
 * Gathers batches from an image set [n, side, side, 3] of values 0..255 inside TensorFlow. Pixel
 * (h, w) of a training image is pixel (reflect(h + row - 4), reflect(w + column - 4)) of the
 * flipped original: flip, pad 4, crop. With zero padding, pixels outside the original are 0. A
 * resized crop interpolates pixels of its part of the flipped original.
 *
 * @param side pixels on a side of an image and of the crop
 */
export function gatherer(
  { tf, backend, binding }: TensorFlow,
  stored: ImageTypes,
  side: number,
  crop: Crop,
) {
  const type = (name: string, value: DataType, recorded = value): never =>
    ({ name, type: binding.TF_ATTR_TYPE, value, recorded }) as never;
  const run = (op: string, attributes: never[], inputs: Tensor[]): Tensor =>
    backend.executeSingleOutput(op, attributes, inputs);
  const int = (value: number): Tensor => tf.scalar(value, 'int32');
  const axis = { name: 'batch_dims', type: binding.TF_ATTR_INT, value: 0 } as never;
  /** GatherV2 directly: tf.gather reads the indices back to check them. */
  const take = (from: Tensor, indices: Tensor, dtype: DataType, recorded = dtype): Tensor =>
    run(
      'GatherV2',
      [
        type('Tparams', dtype, recorded),
        type('Tindices', DataType.int32),
        type('Taxis', DataType.int32),
        axis,
      ],
      [from, indices, int(0)],
    );
  /**
   * Bytes to [0, 1] through a table of quotients: a session would replace a division by 255 with a
   * multiplication by 1/255, which rounds differently, and every engine must see the same float32.
   */
  const scale = (bytes: Tensor): Tensor => {
    const quotients = Float32Array.from({ length: 256 }, (_, value) => value / 255);
    return take(
      tf.tensor1d(quotients),
      integers(bytes, DataType.uint8, stored.images),
      DataType.float,
    );
  };
  /** Returns stored values, computed as `dtype`, as 32-bit integers. */
  const integers = (values: Tensor, dtype: DataType, recorded: DataType): Tensor => {
    if (recorded === DataType.int32) return values;
    const truncate = { name: 'Truncate', type: binding.TF_ATTR_BOOL, value: false } as never;
    return run(
      'Cast',
      [type('SrcT', dtype, recorded), type('DstT', DataType.int32), truncate],
      [values],
    );
  };
  const takeLabels = (labels: Tensor, indices: Tensor): Tensor =>
    integers(take(labels, indices, DataType.int32, stored.labels), DataType.int32, stored.labels);
  /** -4..side + 3 back into 0..side - 1 without repeating the edge. */
  const reflect = (position: Tensor): Tensor => {
    const last = int(side - 1);
    return tf.sub(last, tf.abs(tf.sub(last, tf.abs(position))));
  };

  /** Sets the pixels outside the original to 0. */
  const cut = (images: Tensor, rows: Tensor, columns: Tensor): Tensor => {
    const [batch] = images.shape as [number];
    const inside = (at: Tensor): Tensor =>
      tf.logicalAnd(tf.greaterEqual(at, int(0)), tf.less(at, int(side)));
    const kept = tf.logicalAnd(
      tf.reshape(inside(rows), [batch, side, 1, 1]),
      tf.reshape(inside(columns), [batch, 1, side, 1]),
    );
    return tf.where(kept, images, tf.zerosLike(images));
  };

  /** Bytes [pixels, 3] of all images. */
  const flatOf = (images: Tensor): Tensor =>
    run(
      'Reshape',
      [type('T', DataType.uint8, stored.images), type('Tshape', DataType.int32)],
      [images, tf.tensor1d([-1, IMAGE_CHANNELS], 'int32')],
    );
  /** Returns the numbers [batch, side, side] of pixels of images [batch, 1] in `flatOf`. */
  const pixelsAt = (image: Tensor, flip: Tensor, rows: Tensor, straight: Tensor): Tensor => {
    const batch = image.shape[0];
    const mirrored = tf.sub(int(side - 1), straight);
    const columns = tf.add(tf.mul(flip, tf.sub(mirrored, straight)), straight);
    const first = tf.reshape(tf.mul(image, int(side * side)), [batch, 1, 1]);
    const lines = tf.reshape(tf.mul(rows, int(side)), [batch, side, 1]);
    return tf.add(tf.add(first, lines), tf.reshape(columns, [batch, 1, side]));
  };

  return {
    /**
     * Codes [batch, 4] = (image, flip, row, column) -> images [batch, side, side, 3] in [0, 1],
     * labels [batch].
     */
    training(images: Tensor, labels: Tensor, codes: Tensor): { images: Tensor; labels: Tensor } {
      const batch = codes.shape[0];
      // Each [batch, 1].
      const [image, flip, row, column] = tf.split(codes, 4, 1) as [Tensor, Tensor, Tensor, Tensor];
      const flat = flatOf(images);
      const bytesAt = (rows: Tensor, columns: Tensor): Tensor =>
        take(flat, pixelsAt(image, flip, rows, columns), DataType.uint8, stored.images);
      const found = takeLabels(labels, tf.reshape(image, [batch]));
      if (crop.mode === 'resized') {
        const wholeAt = (rows: Tensor, columns: Tensor): Tensor =>
          integers(bytesAt(rows, columns), DataType.uint8, stored.images);
        return { images: resizedCrop(tf, side, { row, column }, wholeAt), labels: found };
      }
      const offsets = tf.tensor2d(
        Array.from({ length: side }, (_, i) => i - crop.pixels),
        [1, side],
        'int32',
      );
      const [across, along] = [tf.add(row, offsets), tf.add(column, offsets)];
      const shown = scale(bytesAt(reflect(across), reflect(along))); // [batch, side] each
      return { images: crop.mode === 'zero' ? cut(shown, across, along) : shown, labels: found };
    },

    /** indices [n], -1 = padding -> images [n, side, side, 3], labels [n] with -1 for padding. */
    evaluation(
      images: Tensor,
      labels: Tensor,
      indices: Tensor,
    ): { images: Tensor; labels: Tensor } {
      const safe = tf.maximum(indices, int(0));
      const padding = tf.minimum(indices, int(0)); // -1 or 0
      const found = takeLabels(labels, safe);
      return {
        images: scale(take(images, safe, DataType.uint8, stored.images)),
        // label where padding = 0, -1 where padding = -1
        labels: tf.sub(tf.mul(tf.add(found, int(1)), tf.add(padding, int(1))), int(1)),
      };
    },
  };
}
