import type { TensorFlow } from './binding.ts';
import { EPSILON, type Normalised, type Operations, type Tensor } from '../ops.ts';
import { fusedRunningNorm, plainConvolution } from '../plain-ops.ts';
import { attributesOf } from './native-attributes.ts';
import { nativeWindows } from './native-windows.ts';

/**
 * The operations as single TensorFlow kernels with their exact gradient kernels. tfjs's own
 * gradients upload hundreds of MiB of ones per step and never use the fused batch norm.
 */
export function nativeOperations(tensorflow: TensorFlow): Operations {
  const { tf, backend, binding } = tensorflow;
  const { attribute, float, integers, layout, text } = attributesOf(binding);
  const one = (op: string, attributes: never[], inputs: Tensor[]): Tensor =>
    backend.executeSingleOutput(op, attributes, inputs);
  const many = (op: string, attributes: never[], inputs: Tensor[], outputs: number): Tensor[] =>
    backend.executeMultipleOutputs(op, attributes, inputs, outputs);

  const relu = tf.customGrad((x, save) => {
    const y = one('Relu', [float('T')], [x as Tensor]);
    (save as (t: Tensor[]) => void)([y]);
    return {
      value: y,
      gradFunc: (dy: Tensor, [out]: Tensor[]) => one('ReluGrad', [float('T')], [dy, out!]),
    };
  });

  const normAttributes = [
    float('T'),
    float('U'),
    layout,
    attribute('epsilon', binding.TF_ATTR_FLOAT, EPSILON),
    attribute('is_training', binding.TF_ATTR_BOOL, true),
  ];
  const averagingFactor = attribute('exponential_avg_factor', binding.TF_ATTR_FLOAT, 1);
  const batchNorm = (x: Tensor, gamma: Tensor, beta: Tensor): Normalised => {
    let statistics!: { mean: Tensor; variance: Tensor };
    const normalise = tf.customGrad((...given) => {
      const [input, scale, offset, save] = given as unknown as [
        Tensor,
        Tensor,
        Tensor,
        (t: Tensor[]) => void,
      ];
      const nothing = tf.tensor1d([], 'float32'); // no running statistics in training mode
      const inputs = [input, scale, offset, nothing, nothing];
      const outputs = many('FusedBatchNormV3', [...normAttributes, averagingFactor], inputs, 6);
      const [y, mean, variance, ...reserved] = outputs as [
        Tensor,
        Tensor,
        Tensor,
        Tensor,
        Tensor,
        Tensor,
      ];
      // Outlive the scope of customGrad.
      statistics = { mean: tf.keep(mean), variance: tf.keep(variance) };
      save([input, scale, ...reserved]);
      const gradFunc = (dy: Tensor, saved: Tensor[]): Tensor[] =>
        many('FusedBatchNormGradV3', normAttributes, [dy, ...saved], 5).slice(0, 3);
      return { value: y, gradFunc };
    });
    const output = normalise(x, gamma, beta);
    return { output, ...statistics };
  };

  /** Means of windows of `window` pixels, every `stride` pixels, without padding. */
  const averages = (
    x: Tensor,
    window: readonly [height: number, width: number],
    stride: 1 | 2,
  ): Tensor => {
    const attributes = [
      integers('ksize', [1, ...window, 1]),
      integers('strides', [1, stride, stride, 1]),
      text('padding', 'VALID'),
      layout,
      float('T'),
    ];
    const average = tf.customGrad((input) => {
      const gradFunc = (dy: Tensor): Tensor =>
        one('AvgPoolGrad', attributes, [tf.tensor1d((input as Tensor).shape, 'int32'), dy]);
      return { value: one('AvgPool', attributes, [input as Tensor]), gradFunc };
    });
    return average(x);
  };

  const globalAverage = (x: Tensor): Tensor => {
    const [batch, height, width, channels] = x.shape as [number, number, number, number];
    return tf.reshape(averages(x, [height, width], 1), [batch, channels]);
  };

  /** The mean of one pixel is the pixel; a strided slice takes several times as long. */
  const everySecondPixel = (x: Tensor): Tensor => averages(x, [1, 1], 2);

  return {
    relu: (x) => relu(x),
    convolution: plainConvolution(tf),
    batchNorm,
    runningNorm: fusedRunningNorm(tf),
    globalAverage,
    everySecondPixel,
    ...nativeWindows(tensorflow),
  };
}
