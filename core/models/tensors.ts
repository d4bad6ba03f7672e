import { type Architecture, flatten, type Layer } from './layers.ts';

/** Role of a tensor in its layer. */
type TensorRole = 'convolution' | 'depthwise' | 'gamma' | 'beta' | 'kernel' | 'bias';

/** Initial values of a tensor: the same number for all elements, or random ones. */
export type Start =
  | { readonly kind: 'constant'; readonly value: number }
  /** Normal with mean 0. */
  | { readonly kind: 'normal'; readonly deviation: number }
  /** Uniform from -bound to bound. */
  | { readonly kind: 'uniform'; readonly bound: number };

/**
 * A tensor of a network in TensorFlow layout: convolution [height, width, in, out], depthwise
 * [height, width, channels, 1], dense kernel [in, out], all others [channels] or [classes].
 */
export interface TensorSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly role: TensorRole;
  readonly start: Start;
}

const constant = (value: number): Start => ({ kind: 'constant', value });
const normal = (variance: number): Start => ({ kind: 'normal', deviation: Math.sqrt(variance) });

/**
 * Returns every trainable tensor in canonical (forward) order: the order of flat parameter vectors
 * and checkpoints.
 */
export const tensors = ({ layers }: Architecture, classes: number): TensorSpec[] =>
  flatten(layers).flatMap((layer) => tensorsOf(layer, classes));

function tensorsOf(layer: Layer, classes: number): TensorSpec[] {
  switch (layer.kind) {
    case 'convolution': {
      const { name, size, inputs, outputs, bias } = layer;
      const kernel = {
        shape: [size, size, inputs, outputs],
        role: 'convolution',
        start: normal(2 / (size * size * outputs)),
      } as const;
      if (!bias) return [{ name, ...kernel }];
      return [
        { name: `${name}/kernel`, ...kernel },
        { name: `${name}/bias`, shape: [outputs], role: 'bias', start: constant(0) },
      ];
    }
    case 'depthwise': {
      const { name, channels } = layer;
      const start = normal(2 / (9 * channels));
      return [{ name, shape: [3, 3, channels, 1], role: 'depthwise', start }];
    }
    case 'batch-norm': {
      const { name, channels } = layer;
      return [
        { name: `${name}/gamma`, shape: [channels], role: 'gamma', start: constant(1) },
        { name: `${name}/beta`, shape: [channels], role: 'beta', start: constant(0) },
      ];
    }
    case 'dense': {
      const { name, inputs, start } = layer;
      const uniform: Start = { kind: 'uniform', bound: 1 / Math.sqrt(inputs) };
      const [kernel, bias] = {
        kaiming: [normal(2 / inputs), constant(0)],
        uniform: [uniform, uniform],
        small: [normal(0.01 ** 2), constant(0)],
      }[start] as [Start, Start];
      return [
        { name: `${name}/kernel`, shape: [inputs, classes], role: 'kernel', start: kernel },
        { name: `${name}/bias`, shape: [classes], role: 'bias', start: bias },
      ];
    }
    default:
      return [];
  }
}

/**
 * Returns the running statistics in canonical order: for every batch norm `.../mean`, initially 0,
 * and `.../var`, initially 1.
 */
export const statistics = (model: Architecture): TensorSpec[] =>
  tensors(model, 1)
    .filter((spec) => spec.role === 'gamma')
    .flatMap((spec) => [
      { ...spec, name: spec.name.replace(/gamma$/, 'mean'), start: constant(0) },
      { ...spec, name: spec.name.replace(/gamma$/, 'var'), start: constant(1) },
    ]);

export const sizeOf = (shape: readonly number[]): number =>
  shape.reduce((size, dimension) => size * dimension, 1);

/** Returns the number of elements of all tensors. */
export const totalSize = (specs: readonly TensorSpec[]): number =>
  specs.reduce((sum, spec) => sum + sizeOf(spec.shape), 0);

/** Returns the number of trainable parameters (SPEC: ResNet32 with 100 classes has 470,004). */
export const parameterCount = (model: Architecture, classes: number): number =>
  totalSize(tensors(model, classes));
