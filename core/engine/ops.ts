import type * as tfjs from '@tensorflow/tfjs';

export type TF = typeof tfjs;
export type Tensor = tfjs.Tensor;

/**
 * Batch norm of a batch: normalised output, and the batch's statistics, kept: whoever gets them
 * disposes of them.
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
 * The operations whose tfjs form is too slow or missing somewhere. Each engine gives its own, all
 * differentiable by tfjs and tested against the plain ones; everything else is written once with
 * tfjs itself.
 */
export interface Operations {
  relu(x: Tensor): Tensor;
  /** Normalises [batch, height, width, channels] by the batch's own mean and biased variance. */
  batchNorm(x: Tensor, gamma: Tensor, beta: Tensor): Normalised;
  /**
   * Normalises [batch, height, width, channels] by given statistics [channels]; has no gradient.
   */
  runningNorm(x: Tensor, mean: Tensor, variance: Tensor, gamma: Tensor, beta: Tensor): Tensor;
  /** [batch, height, width, channels] -> [batch, channels] */
  globalAverage(x: Tensor): Tensor;
  /** Every second pixel of every second row: [n, h, w, c] -> [n, h/2, w/2, c]. */
  everySecondPixel(x: Tensor): Tensor;
}
