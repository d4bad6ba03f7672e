import type * as tfjs from '@tensorflow/tfjs';
import type { Stride } from '../models/layers.ts';

export type TF = typeof tfjs;
export type Tensor = tfjs.Tensor;

/**
 * Result of a batch norm: the normalised output, and the batch's statistics as kept tensors, which
 * the caller disposes.
 */
export interface Normalised {
  readonly output: Tensor;
  /** [channels] */
  readonly mean: Tensor;
  /** [channels], unbiased: times N / (N - 1) with N = batch * height * width. */
  readonly variance: Tensor;
}

export { BATCH_NORM_EPSILON as EPSILON } from '../models/conventions.ts';

/**
 * Operations that tfjs lacks or computes too slowly on some backend. Each engine has its own, all
 * differentiable by tfjs and tested against the plain ones; everything else uses tfjs directly.
 */
export interface Operations {
  relu(x: Tensor): Tensor;
  /**
   * Convolution of [batch, height, width, inputs]; `same` pads (size - 1) / 2 pixels of zeros on
   * every side for stride 1.
   *
   * @param filter [size, size, inputs, outputs]
   */
  readonly convolution: (
    x: Tensor,
    filter: Tensor,
    stride: Stride,
    padding: 'same' | 'valid',
  ) => Tensor;
  /** Normalises [batch, height, width, channels] by the batch's own mean and biased variance. */
  readonly batchNorm: (x: Tensor, gamma: Tensor, beta: Tensor) => Normalised;
  /**
   * Normalises [batch, height, width, channels] by given statistics [channels]; has no gradient.
   */
  runningNorm(x: Tensor, mean: Tensor, variance: Tensor, gamma: Tensor, beta: Tensor): Tensor;
  /** [batch, height, width, channels] -> [batch, channels] */
  globalAverage(x: Tensor): Tensor;
  /** Every second pixel of every second row: [n, h, w, c] -> [n, h/2, w/2, c]. */
  everySecondPixel(x: Tensor): Tensor;
  /**
   * The largest of every size x size pixels, with stride 2 and no padding: [n, h, w, c] -> [n, (h -
   * size) / 2 + 1, ..., c], rounded down. Of equal values the first gets the gradient.
   */
  maxPool(x: Tensor, size: 2 | 3): Tensor;
  /**
   * 3x3 convolution of each channel alone, with one pixel of zeros on every side.
   *
   * @param filter [3, 3, channels, 1]
   */
  depthwise(x: Tensor, filter: Tensor, stride: Stride): Tensor;
}
