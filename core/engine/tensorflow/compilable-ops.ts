import type { Operations, Tensor } from '../ops.ts';
import { EPSILON } from '../ops.ts';
import { plainOperations } from '../plain-ops.ts';
import type { TensorFlow } from './binding.ts';
import { nativeOperations } from './native-ops.ts';

/**
 * The native operations, with batch norms composed of means and products. Under XLA on a card,
 * TensorFlow 2.21's fused batch norm uses the variance instead of its inverse in the gradient, and
 * XLA fuses the composed form as well.
 */
export function compilableOperations(tensorflow: TensorFlow): Operations {
  const { tf } = tensorflow;
  return {
    ...nativeOperations(tensorflow),
    batchNorm: plainOperations(tf).batchNorm,
    runningNorm: (x, mean, variance, gamma, beta): Tensor => {
      const scale = tf.mul(gamma, tf.rsqrt(tf.add(variance, EPSILON)));
      return tf.add(tf.mul(tf.sub(x, mean), scale), beta);
    },
  };
}
