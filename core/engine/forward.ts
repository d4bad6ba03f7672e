import type { Architecture, Block, TensorSpec } from '../models/architecture.ts';
import { type Normalised, type Operations, type Tensor, type TF } from './ops.ts';

/**
 * How a batch norm gets its numbers: from the batch (training) or from running statistics
 * (evaluation).
 */
export type Normaliser = (x: Tensor, gamma: Tensor, beta: Tensor) => Tensor;

/** Training mode: normalises by the batch and hands its statistics, in forward order, to `seen`. */
export const batchNormaliser =
  (ops: Operations, seen: (statistics: Normalised) => void): Normaliser =>
  (x, gamma, beta) => {
    const normalised = ops.batchNorm(x, gamma, beta);
    seen(normalised);
    return normalised.output;
  };

/**
 * Evaluation mode: takes mean and variance one after the other from the running statistics, in
 * forward order.
 */
export const runningNormaliser = (ops: Operations, statistics: readonly Tensor[]): Normaliser => {
  let next = 0;
  return (x, gamma, beta) => {
    const mean = statistics[next++]!;
    const variance = statistics[next++]!;
    return ops.runningNorm(x, mean, variance, gamma, beta);
  };
};

/**
 * Logits [batch, classes] of a network for images [batch, 32, 32, 3] in [0, 1]. `parameters` in
 * canonical order. Every 3x3 convolution pads one pixel on each side, also with stride 2
 * (TensorFlow's SAME would not).
 */
export function forward(
  tf: TF,
  ops: Operations,
  model: Architecture,
  parameters: readonly Tensor[],
  normalise: Normaliser,
  images: Tensor,
): Tensor {
  let next = 0;
  const take = (): Tensor => parameters[next++]!;
  const convolve = (x: Tensor, stride: number): Tensor => {
    const filter = take() as never;
    if (stride === 1) return tf.conv2d(x as never, filter, 1, 'same');
    return tf.conv2d(
      tf.pad(x, [
        [0, 0],
        [1, 1],
        [1, 1],
        [0, 0],
      ]) as never,
      filter,
      stride,
      'valid',
    );
  };
  const norm = (x: Tensor): Tensor => normalise(x, take(), take());

  /** Post-activation block, shortcut of option A. */
  const residual = (x: Tensor, block: Block): Tensor => {
    const y = norm(convolve(ops.relu(norm(convolve(x, block.stride))), 1));
    const shrunk = block.stride === 2 ? ops.everySecondPixel(x) : x;
    const added = block.outputs - block.inputs;
    const shortcut =
      added > 0
        ? tf.pad(shrunk, [
            [0, 0],
            [0, 0],
            [0, 0],
            [0, added],
          ])
        : shrunk;
    return ops.relu(tf.add(y, shortcut));
  };
  /**
   * Pre-activation block, shortcut by a 1x1 convolution of the activated input where the width
   * changes.
   */
  const preactivated = (x: Tensor, block: Block): Tensor => {
    const active = ops.relu(norm(x));
    const y = convolve(ops.relu(norm(convolve(active, block.stride))), 1);
    if (block.inputs === block.outputs) return tf.add(y, x);
    return tf.add(y, tf.conv2d(active as never, take() as never, block.stride, 'valid'));
  };

  let x = convolve(images, 1);
  if (model.family === 'resnet') x = ops.relu(norm(x));
  for (const block of model.blocks)
    x = model.family === 'resnet' ? residual(x, block) : preactivated(x, block);
  if (model.family === 'wrn') x = ops.relu(norm(x));
  const kernel = take();
  const bias = take();
  return tf.add(tf.matMul(ops.globalAverage(x) as never, kernel as never), bias);
}

/** Cuts a flat vector into the tensors of `specs`, in order. */
export function unflatten(tf: TF, flat: Tensor, specs: readonly TensorSpec[]): Tensor[] {
  const sizes = specs.map((spec) => spec.shape.reduce((size, dimension) => size * dimension, 1));
  return tf.split(flat, sizes).map((part, i) => tf.reshape(part, specs[i]!.shape as number[]));
}
