import type { Operations, Tensor } from '../ops.ts';
import { EPSILON } from '../ops.ts';
import { plainOperations } from '../plain-ops.ts';
import type { TensorFlow } from './binding.ts';
import { attributesOf } from './native-attributes.ts';
import { nativeOperations } from './native-ops.ts';

/**
 * The native operations, with batch norms composed of means and products. Under XLA on a card,
 * TensorFlow 2.21's fused batch norm uses the variance instead of its inverse in the gradient, and
 * XLA fuses the composed form as well. A strided slice replaces the pooling that is faster only in
 * kernels of the processor.
 */
export function compilableOperations(tensorflow: TensorFlow): Operations {
  const { tf } = tensorflow;
  return {
    ...nativeOperations(tensorflow),
    batchNorm: plainOperations(tf).batchNorm,
    everySecondPixel: (x) => everySecondPixel(tensorflow, x),
    runningNorm: (x, mean, variance, gamma, beta): Tensor => {
      const scale = tf.mul(gamma, tf.rsqrt(tf.add(variance, EPSILON)));
      return tf.add(tf.mul(tf.sub(x, mean), scale), beta);
    },
  };
}

/** A strided slice; its gradient puts zeros between the pixels. */
function everySecondPixel({ tf, backend, binding }: TensorFlow, x: Tensor): Tensor {
  const { attribute, float } = attributesOf(binding);
  const one = (op: string, attributes: never[], inputs: Tensor[]): Tensor =>
    backend.executeSingleOutput(op, attributes, inputs);
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const int = attribute('Index', binding.TF_ATTR_TYPE, binding.TF_INT32);
  const masks = [
    'begin_mask',
    'end_mask',
    'ellipsis_mask',
    'new_axis_mask',
    'shrink_axis_mask',
  ].map((name) => attribute(name, binding.TF_ATTR_INT, 0));
  const range = (): Tensor[] => [
    tf.tensor1d([0, 0, 0, 0], 'int32'),
    tf.tensor1d([batch, height, width, channels], 'int32'),
    tf.tensor1d([1, 2, 2, 1], 'int32'),
  ];
  const take = tf.customGrad((input) => {
    const gradFunc = (dy: Tensor): Tensor =>
      one(
        'StridedSliceGrad',
        [float('T'), int, ...masks],
        [tf.tensor1d(x.shape, 'int32'), ...range(), dy],
      );
    return {
      value: one('StridedSlice', [float('T'), int, ...masks], [input as Tensor, ...range()]),
      gradFunc,
    };
  });
  return take(x);
}
