import type { Architecture, Convolution, Layer } from '../models/layers.ts';
import { sizeOf, type TensorSpec } from '../models/tensors.ts';
import { type Normalised, type Operations, type Tensor, type TF } from './ops.ts';

/**
 * Applies a batch norm with the statistics of the batch (training) or running statistics
 * (evaluation).
 */
export type Normaliser = (x: Tensor, gamma: Tensor, beta: Tensor) => Tensor;

/**
 * Training mode: normalises by the batch and passes its statistics, in forward order, to `seen`.
 */
export const batchNormaliser =
  (ops: Operations, seen: (statistics: Normalised) => void): Normaliser =>
  (x, gamma, beta) => {
    const normalised = ops.batchNorm(x, gamma, beta);
    seen(normalised);
    return normalised.output;
  };

/**
 * Evaluation mode: reads mean and variance of each batch norm from the running statistics, in
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

/** Outputs of a network. */
export interface Outputs {
  /** [batch, classes] */
  readonly logits: Tensor;
  /** The output of each named stage in forward order, [batch, height, width, channels]. */
  readonly stages: readonly Tensor[];
}

/**
 * Runs a network on images [batch, side, side, 3] in [0, 1].
 *
 * @param parameters in canonical order
 */
export function forward(
  tf: TF,
  ops: Operations,
  model: Architecture,
  parameters: readonly Tensor[],
  normalise: Normaliser,
  images: Tensor,
): Outputs {
  let next = 0;
  const take = (): Tensor => parameters[next++]!;
  const stages: Tensor[] = [];

  const run = (layers: readonly Layer[], input: Tensor): Tensor => layers.reduce(apply, input);
  const apply = (x: Tensor, layer: Layer): Tensor => {
    switch (layer.kind) {
      case 'convolution':
        return convolve(tf, ops, x, take, layer);
      case 'depthwise':
        return ops.depthwise(x, take(), layer.stride);
      case 'batch-norm':
        return normalise(x, take(), take());
      case 'relu':
        return ops.relu(x);
      case 'max-pool':
        return ops.maxPool(padded(tf, x, layer.padding, -Infinity), layer.size);
      case 'residual': {
        const y = run(layer.body, x);
        return tf.add(y, run(layer.shortcut, x));
      }
      case 'every-second-pixel':
        return ops.everySecondPixel(x);
      case 'append-channels':
        return tf.pad(x, [...sidePadding(0), [0, layer.count]]);
      case 'stage-end':
        stages.push(x);
        return x;
      case 'global-average':
        return ops.globalAverage(x);
      case 'dense': {
        const [kernel, bias] = [take(), take()];
        return tf.add(tf.matMul(x as never, kernel as never), bias);
      }
    }
  };
  return { logits: run(model.layers, images), stages };
}

/** Returns the paddings of batch, height and width: `pixels` on every side of a map. */
const sidePadding = (pixels: number): [number, number][] => [
  [0, 0],
  [pixels, pixels],
  [pixels, pixels],
];

/** Returns a map with `pixels` of `value` on every side. */
const padded = (tf: TF, x: Tensor, pixels: number, value: number): Tensor =>
  pixels === 0 ? x : tf.pad(x, [...sidePadding(pixels), [0, 0]], value);

/**
 * Pads (size - 1) / 2 pixels on every side, also with stride 2; TensorFlow's SAME would pad
 * differently.
 */
function convolve(
  tf: TF,
  ops: Operations,
  x: Tensor,
  take: () => Tensor,
  layer: Convolution,
): Tensor {
  const { size, stride, bias } = layer;
  const filter = take();
  const same = stride === 1 && size > 1;
  const input = same ? x : padded(tf, x, (size - 1) / 2, 0);
  const y = ops.convolution(input, filter, stride, same ? 'same' : 'valid');
  return bias ? tf.add(y, take()) : y;
}

/** Splits a flat vector into the tensors of `specs`, in order. */
export function unflatten(tf: TF, flat: Tensor, specs: readonly TensorSpec[]): Tensor[] {
  const sizes = specs.map((spec) => sizeOf(spec.shape));
  return tf.split(flat, sizes).map((part, i) => tf.reshape(part, specs[i]!.shape as number[]));
}
