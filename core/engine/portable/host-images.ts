import type { Crop } from '../../data/batches.ts';
import {
  augmentedBatch,
  plainBatch,
  type Batch as HostBatch,
  type ImageSource,
} from '../../data/augment.ts';
import { IMAGE_CHANNELS } from '../../models/layers.ts';
import type { Batch, BatchSource } from '../eager.ts';
import type { TF } from '../ops.ts';

/**
 * Crops and augments batches in JavaScript, for backends without byte tensors.
 *
 * @param side pixels on a side of the images
 */
export function hostImages(tf: TF, side: number, crop: Crop): BatchSource {
  let set: ImageSource | undefined;
  const upload = ({ images, labels }: HostBatch): Batch => ({
    images: tf.tensor4d(images, [labels.length, side, side, IMAGE_CHANNELS]),
    labels: tf.tensor1d(labels, 'int32'),
  });
  return {
    load(given) {
      set = { ...given, side };
    },
    training: (codes) => upload(augmentedBatch(set!, codes, crop)),
    evaluation: (indices) => upload(plainBatch(set!, indices)),
    dispose() {
      set = undefined;
    },
  };
}
