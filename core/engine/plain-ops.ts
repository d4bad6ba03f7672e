import { EPSILON, type Normalised, type Operations, type Tensor, type TF } from './ops.ts';
import { everySecond } from './pixels.ts';
import { plainWindows } from './plain-windows.ts';

/** tfjs's own kernel for fixed statistics; every backend has it. */
export const fusedRunningNorm =
  (tf: TF): Operations['runningNorm'] =>
  (x, mean, variance, gamma, beta) =>
    tf.batchNorm(x, mean, variance, beta, gamma, EPSILON);

/** tfjs's own convolution; every engine but one has it. */
export const plainConvolution =
  (tf: TF): Operations['convolution'] =>
  (x, filter, stride, padding) =>
    tf.conv2d(x as never, filter as never, stride, padding);

/**
 * The operations in tfjs alone: they run on every backend and are the reference for tests of the
 * native ones.
 */
export function plainOperations(tf: TF): Operations {
  /** Computes a batch norm from means and products, with the gradient in closed form. */
  const batchNorm = (x: Tensor, gamma: Tensor, beta: Tensor): Normalised => {
    let statistics!: { mean: Tensor; variance: Tensor };
    const normalise = tf.customGrad((...given) => {
      const [input, scale, offset, save] = given as unknown as [
        Tensor,
        Tensor,
        Tensor,
        (t: Tensor[]) => void,
      ];
      const count = input.size / input.shape[3]!;
      const mean = tf.mean(input, [0, 1, 2]);
      const centred = tf.sub(input, mean);
      const variance = tf.mean(tf.square(centred), [0, 1, 2]);
      const inverse = tf.rsqrt(tf.add(variance, EPSILON));
      const normal = tf.mul(centred, inverse);
      statistics = {
        mean: tf.keep(mean),
        variance: tf.keep(tf.mul(variance, count / (count - 1))),
      };
      save([normal, tf.mul(scale, inverse)]);
      const gradFunc = (dy: Tensor, saved: Tensor[]): Tensor[] => {
        const [xHat, slope] = saved as [Tensor, Tensor];
        const dBeta = tf.sum(dy, [0, 1, 2]);
        const dGamma = tf.sum(tf.mul(dy, xHat), [0, 1, 2]);
        const shared = tf.mul(tf.add(dBeta, tf.mul(xHat, dGamma)), 1 / count);
        return [tf.mul(slope, tf.sub(dy, shared)), dGamma, dBeta];
      };
      return { value: tf.add(tf.mul(normal, scale), offset), gradFunc };
    });
    const output = normalise(x, gamma, beta);
    return { output, ...statistics };
  };

  return {
    relu: (x) => tf.relu(x),
    convolution: plainConvolution(tf),
    batchNorm,
    runningNorm: fusedRunningNorm(tf),
    globalAverage: (x) => tf.mean(x, [1, 2]),
    everySecondPixel: (x) => everySecond(tf, x),
    ...plainWindows(tf),
  };
}
