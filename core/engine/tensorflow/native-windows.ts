import type { Stride } from '../../models/layers.ts';
import type { Operations, Tensor } from '../ops.ts';
import { mapPadding } from '../pixels.ts';
import type { TensorFlow } from './binding.ts';
import { attributesOf } from './native-attributes.ts';

type Save = (tensors: Tensor[]) => void;

/** Operations over windows as single kernels of TensorFlow with their exact gradient kernels. */
export function nativeWindows({
  tf,
  backend,
  binding,
}: TensorFlow): Pick<Operations, 'maxPool' | 'depthwise'> {
  const { float, text, integers, layout } = attributesOf(binding);
  const run = (op: string, attributes: never[], inputs: Tensor[]): Tensor =>
    backend.executeSingleOutput(op, attributes, inputs);

  const maxPool = (x: Tensor, size: 2 | 3): Tensor => {
    const windows = [integers('ksize', [1, size, size, 1]), integers('strides', [1, 2, 2, 1])];
    const attributes = [...windows, text('padding', 'VALID'), layout, float('T')];
    const pool = tf.customGrad((...given) => {
      const [input, save] = given as unknown as [Tensor, Save];
      const value = run('MaxPool', attributes, [input]);
      save([input, value]);
      const gradFunc = (dy: Tensor, saved: Tensor[]): Tensor =>
        run('MaxPoolGrad', attributes, [...saved, dy]);
      return { value, gradFunc };
    });
    return pool(x);
  };

  /** For a padded map, or with TensorFlow's own padding, which is correct for stride 1. */
  const convolve = (x: Tensor, filter: Tensor, stride: Stride): Tensor => {
    const attributes = [
      integers('strides', [1, stride, stride, 1]),
      text('padding', stride === 1 ? 'SAME' : 'VALID'),
      layout,
      float('T'),
    ];
    const convolution = tf.customGrad((...given) => {
      const [input, kernel, save] = given as unknown as [Tensor, Tensor, Save];
      save([input, kernel]);
      const shape = (of: Tensor): Tensor => tf.tensor1d(of.shape, 'int32');
      const gradFunc = (dy: Tensor, saved: Tensor[]): Tensor[] => {
        const [seen, weights] = saved as [Tensor, Tensor];
        const name = 'DepthwiseConv2dNativeBackprop';
        return [
          run(`${name}Input`, attributes, [shape(seen), weights, dy]),
          run(`${name}Filter`, attributes, [seen, shape(weights), dy]),
        ];
      };
      return { value: run('DepthwiseConv2dNative', attributes, [input, kernel]), gradFunc };
    });
    return convolution(x, filter);
  };

  return {
    maxPool,
    depthwise: (x, filter, stride) =>
      convolve(stride === 1 ? x : tf.pad(x, mapPadding([1, 1])), filter, stride),
  };
}
