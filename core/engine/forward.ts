import type { Architecture, Convolution, Layer } from '../models/layers.ts';
import { sizeOf, type TensorSpec } from '../models/tensors.ts';
import { EPSILON, type Normalised, type Operations, type Tensor, type TF } from './ops.ts';

/**
 * Applies a batch norm with the statistics of the batch (training) or running statistics
 * (evaluation).
 */
export interface Normaliser {
  readonly apply: (x: Tensor, gamma: Tensor, beta: Tensor) => Tensor;
  /**
   * Returns the norm as a factor and a summand, [channels] each. A convolution before it takes them
   * into its filter and bias, which saves passes over the map. Absent where the norm depends on the
   * map.
   */
  readonly fold?: (gamma: Tensor, beta: Tensor) => Folded;
}

interface Folded {
  readonly scale: Tensor;
  readonly shift: Tensor;
}

/**
 * Training mode: normalises by the batch and passes its statistics, in forward order, to `seen`.
 */
export const batchNormaliser = (
  ops: Operations,
  seen: (statistics: Normalised) => void,
): Normaliser => ({
  apply: (x, gamma, beta) => {
    const normalised = ops.batchNorm(x, gamma, beta);
    seen(normalised);
    return normalised.output;
  },
});

/**
 * Evaluation mode: reads mean and variance of each batch norm from the running statistics, in
 * forward order. Has no gradient.
 */
export function runningNormaliser(
  tf: TF,
  ops: Operations,
  statistics: readonly Tensor[],
): Normaliser {
  let next = 0;
  const take = (): Tensor => statistics[next++]!;
  return {
    apply: (x, gamma, beta) => {
      const [mean, variance] = [take(), take()];
      return ops.runningNorm(x, mean, variance, gamma, beta);
    },
    fold: (gamma, beta) => {
      const [mean, variance] = [take(), take()];
      const scale = tf.mul(gamma, tf.rsqrt(tf.add(variance, EPSILON)));
      return { scale, shift: tf.sub(beta, tf.mul(mean, scale)) };
    },
  };
}

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

  const run = (layers: readonly Layer[], input: Tensor): Tensor => {
    let x = input;
    for (const [i, layer] of layers.entries()) {
      const isFolded = normalise.fold !== undefined && isConvolution(layers[i - 1]);
      if (layer.kind === 'batch-norm' && isFolded) continue;
      const { fold } = normalise;
      const folds = isConvolution(layer) && layers[i + 1]?.kind === 'batch-norm' ? fold : undefined;
      x = apply(x, layer, folds);
    }
    return x;
  };
  const apply = (x: Tensor, layer: Layer, fold: Normaliser['fold']): Tensor => {
    switch (layer.kind) {
      case 'convolution':
        return convolve(tf, x, take, layer, fold);
      case 'depthwise': {
        const filter = take();
        if (!fold) return ops.depthwise(x, filter, layer.stride);
        const { scale, shift } = fold(take(), take());
        const scaled = tf.mul(filter, tf.reshape(scale, [layer.channels, 1]));
        return tf.add(ops.depthwise(x, scaled, layer.stride), shift);
      }
      case 'batch-norm':
        return normalise.apply(x, take(), take());
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

const isConvolution = (layer: Layer | undefined): boolean =>
  layer?.kind === 'convolution' || layer?.kind === 'depthwise';

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
 *
 * @param fold of the batch norm that follows
 */
function convolve(
  tf: TF,
  x: Tensor,
  take: () => Tensor,
  layer: Convolution,
  fold: Normaliser['fold'],
): Tensor {
  const { size, stride } = layer;
  const filter = take();
  const bias = layer.bias ? take() : undefined;
  const norm = fold?.(take(), take());
  const same = stride === 1 && size > 1;
  const input = same ? x : padded(tf, x, (size - 1) / 2, 0);
  const scaled = norm ? tf.mul(filter, norm.scale) : filter;
  const y = tf.conv2d(input as never, scaled as never, stride, same ? 'same' : 'valid');
  const summand = norm && bias ? tf.add(norm.shift, tf.mul(bias, norm.scale)) : norm?.shift;
  const added = summand ?? bias;
  return added ? tf.add(y, added) : y;
}

/** Splits a flat vector into the tensors of `specs`, in order. */
export function unflatten(tf: TF, flat: Tensor, specs: readonly TensorSpec[]): Tensor[] {
  const sizes = specs.map((spec) => sizeOf(spec.shape));
  return tf.split(flat, sizes).map((part, i) => tf.reshape(part, specs[i]!.shape as number[]));
}
