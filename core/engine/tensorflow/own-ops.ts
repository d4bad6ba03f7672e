import { EPSILON, type Normalised, type Operations, type Tensor } from '../ops.ts';
import type { TensorFlow } from './binding.ts';
import { attributesOf } from './native-attributes.ts';
import { nativeOperations } from './native-ops.ts';
import { fitsConvolution } from './own-convolutions.ts';
import { fitsVectors, type OwnKernels } from './own-kernels.ts';

/**
 * The native operations with our own kernels where they fit: the numbers of a session of
 * `withOwnKernels`, operation by operation.
 */
export function ownOperations(tensorflow: TensorFlow, kernels: OwnKernels): Operations {
  const native = nativeOperations(tensorflow);
  const norm = ownNorm(tensorflow);
  const convolve = ownConvolution(tensorflow);
  return {
    ...native,
    batchNorm: (x, gamma, beta) =>
      kernels.norms && fitsVectors(x.shape)
        ? norm(x, gamma, beta)
        : native.batchNorm(x, gamma, beta),
    convolution: (x, filter, stride, padding) =>
      kernels.convolutions && padding === 'same' && fitsConvolution(x.shape, filter.shape)
        ? convolve(x, filter)
        : native.convolution(x, filter, stride, padding),
  };
}

type Save = (tensors: Tensor[]) => void;

/** A 3x3 convolution with stride 1 and zeros around the maps. */
function ownConvolution({ tf, backend, binding }: TensorFlow): (x: Tensor, f: Tensor) => Tensor {
  const { attribute, float } = attributesOf(binding);
  const none = attribute('N', binding.TF_ATTR_INT, 0);
  const convolve = (map: Tensor, filter: Tensor, turned: boolean): Tensor =>
    backend.executeSingleOutput(
      'KtgConvolution',
      [float('T'), none, attribute('turned', binding.TF_ATTR_BOOL, turned)],
      [map, filter],
    );
  const differentiable = tf.customGrad((...given) => {
    const [x, filter, save] = given as unknown as [Tensor, Tensor, Save];
    save([x, filter]);
    const gradFunc = (dy: Tensor, [input, weights]: Tensor[]): Tensor[] => [
      convolve(dy, weights!, true),
      backend.executeSingleOutput('KtgFilterGradient', [float('T')], [input!, dy]),
    ];
    return { value: convolve(x, filter, false), gradFunc };
  });
  return (x, filter) => differentiable(x, filter);
}

function ownNorm({ tf, backend, binding }: TensorFlow): Operations['batchNorm'] {
  const { attribute, float } = attributesOf(binding);
  const count = (name: string, value: number): never => attribute(name, binding.TF_ATTR_INT, value);
  const flag = (name: string): never => attribute(name, binding.TF_ATTR_BOOL, false);
  const epsilon = attribute('epsilon', binding.TF_ATTR_FLOAT, EPSILON);
  const forward = [float('T'), count('N', 0), flag('relu'), epsilon];
  const backward = [float('T'), count('N', 1), count('M', 0), count('P', 0), flag('keep_slope')];
  return (x, gamma, beta) => {
    let statistics!: Omit<Normalised, 'output'>;
    const normalise = tf.customGrad((...given) => {
      const [input, scale, offset] = given as [Tensor, Tensor, Tensor];
      const save = given.at(-1) as unknown as Save;
      const outputs = backend.executeMultipleOutputs('KtgNorm', forward, [input, scale, offset], 4);
      const [y, mean, variance, inverse] = outputs as [Tensor, Tensor, Tensor, Tensor];
      // Outlive the scope of customGrad.
      statistics = { mean: tf.keep(mean), variance: tf.keep(variance) };
      save([input, scale, mean, inverse]);
      const gradFunc = (dy: Tensor, saved: Tensor[]): Tensor[] => {
        const inputs = [...saved, dy];
        return backend.executeMultipleOutputs('KtgNormGradient', backward, inputs, 4).slice(0, 3);
      };
      return { value: y, gradFunc };
    });
    const output = normalise(x, gamma, beta);
    return { output, ...statistics };
  };
}
