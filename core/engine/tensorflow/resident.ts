import type { Crop } from '../../data/batches.ts';
import { IMAGE_CHANNELS } from '../../models/layers.ts';
import type { BatchSource } from '../eager.ts';
import type { Tensor } from '../ops.ts';
import type { TensorFlow } from './binding.ts';
import { bytesAndIntegers, gatherer } from './gather.ts';
import { DataType } from './graph.ts';

/**
 * Gathers batches for eager steps inside TensorFlow, which stores the images as bytes.
 *
 * @param side pixels on a side of the images
 */
export function residentImages(tensorflow: TensorFlow, side: number, crop: Crop): BatchSource {
  const { tf, backend, binding } = tensorflow;
  const gather = gatherer(tensorflow, bytesAndIntegers, side, crop);
  let images: Tensor | undefined;
  let labels: Tensor | undefined;
  const dispose = (): void => {
    images?.dispose();
    labels?.dispose();
  };
  return {
    load(set) {
      dispose();
      const shape = [set.labels.length, side, side, IMAGE_CHANNELS];
      const id = binding.createTensor(shape, DataType.uint8, set.images);
      images = tf.keep(backend.createOutputTensor({ id, shape, dtype: DataType.uint8 }));
      labels = tf.keep(tf.tensor1d(set.labels, 'int32'));
    },
    training: (codes) =>
      gather.training(images!, labels!, tf.tensor2d(codes, [codes.length / 4, 4], 'int32')),
    evaluation: (indices) => gather.evaluation(images!, labels!, tf.tensor1d(indices, 'int32')),
    dispose,
  };
}
