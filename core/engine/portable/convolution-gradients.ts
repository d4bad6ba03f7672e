import type * as tfjs from '@tensorflow/tfjs';
import type { TF } from '../ops.ts';
import { spreadOut } from '../pixels.ts';

/** Attributes that tfjs passes to the kernel of a convolution's gradient; no dilation here. */
interface Attributes {
  readonly strides: number | [number, number];
  readonly pad: 'same' | 'valid' | number;
  readonly inputShape: [number, number, number, number];
  readonly filterShape: [number, number, number, number];
}

/**
 * Registers both gradients of a convolution as convolutions. The WASM backend is fast at these, but
 * lacks the filter's gradient, and its own kernel for the input's gradient takes about eight times
 * as long.
 */
export function registerConvolutionGradients(tf: TF): void {
  const builtIn = tf.getKernel('Conv2DBackpropInput', 'wasm').kernelFunc;
  tf.unregisterKernel('Conv2DBackpropInput', 'wasm');
  tf.registerKernel({
    kernelName: 'Conv2DBackpropInput',
    backendName: 'wasm',
    kernelFunc: (call) => inputGradient(tf, call) ?? builtIn(call),
  });
  tf.registerKernel({
    kernelName: 'Conv2DBackpropFilter',
    backendName: 'wasm',
    kernelFunc: (call) => filterGradient(tf, call),
  });
}

type Call = Parameters<tfjs.KernelFunc>[0];

/**
 * Convolves the output's gradient, with `stride - 1` zeros after each of its rows and columns, with
 * the filter turned by 180 degrees and its inputs and outputs exchanged. Returns undefined when
 * those zeros exceed the input's edge (small filters).
 */
function inputGradient(tf: TF, { inputs, attrs }: Call): tfjs.Tensor | undefined {
  const { dy, filter } = inputs as { dy: tfjs.Tensor4D; filter: tfjs.Tensor4D };
  const { strides, pad, inputShape } = attrs as unknown as Attributes;
  const info = tf.backend_util.computeConv2DInfo(inputShape, filter.shape, strides, 1, pad);
  const { filterHeight, filterWidth, strideHeight, strideWidth } = info;
  const top = filterHeight - 1 - info.padInfo.top;
  const left = filterWidth - 1 - info.padInfo.left;
  const bottom = info.inHeight + filterHeight - 1 - top - info.outHeight * strideHeight;
  const right = info.inWidth + filterWidth - 1 - left - info.outWidth * strideWidth;
  if (bottom < 0 || right < 0) return undefined;
  return tf.tidy(() => {
    const spread = spreadOut(tf, dy, strideHeight, strideWidth) as tfjs.Tensor4D;
    const padded = tf.pad(spread, [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ]);
    const turned = tf.transpose(tf.reverse(filter, [0, 1]), [0, 1, 3, 2]);
    return tf.conv2d(padded, turned, 1, 'valid');
  });
}

/**
 * Convolves the input (its channels as images, its images as channels) with the output's gradient
 * as one large filter, dilated by the stride: [in, height, width, batch] * [outHeight, outWidth,
 * batch, out].
 */
function filterGradient(tf: TF, { inputs, attrs }: Call): tfjs.Tensor {
  const { x, dy } = inputs as { x: tfjs.Tensor4D; dy: tfjs.Tensor4D };
  const { strides, pad, filterShape } = attrs as unknown as Attributes;
  const info = tf.backend_util.computeConv2DInfo(x.shape, filterShape, strides, 1, pad);
  const { top, bottom, left, right } = info.padInfo;
  return tf.tidy(() => {
    const padded = tf.pad(x, [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ]);
    const images = tf.transpose(padded, [3, 1, 2, 0]);
    const filter = tf.transpose(dy, [1, 2, 0, 3]);
    const dilation: [number, number] = [info.strideHeight, info.strideWidth];
    // [in, >= height, >= width, out].
    const places = tf.conv2d(images, filter, 1, 'valid', 'NHWC', dilation);
    const [height, width, inChannels, outChannels] = filterShape;
    return tf.transpose(
      tf.slice(places, [0, 0, 0, 0], [inChannels, height, width, outChannels]),
      [1, 2, 0, 3],
    );
  });
}
