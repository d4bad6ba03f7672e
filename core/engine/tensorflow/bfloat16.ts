/**
 * Which operations of a recorded step compute in bfloat16.
 *
 * - `none`: all compute in float32.
 * - `products`: the factors of convolutions and matrix products; each result is cast back, and a
 *   compiler fuses the casts.
 * - `maps`: everything between the images and the global average. Activations and their gradients
 *   stay in bfloat16 from one operation to the next, because without a compiler each cast would
 *   cost a pass over memory. Parameters, momentum, statistics, logits and losses stay float32.
 */
export type Shortened = 'none' | 'products' | 'maps';

/** Indexes of the inputs and outputs of an operation that are bfloat16. */
export interface ShortPlaces {
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** Only when one of these inputs is bfloat16 already: losses use such operations, too. */
  readonly follows?: boolean;
}

const places = (inputs: readonly number[], outputs: readonly number[] = [0]): ShortPlaces => ({
  inputs,
  outputs,
});

const following = (inputs: readonly number[]): ShortPlaces => ({
  ...places(inputs),
  follows: true,
});

/** Operations with most of a step's arithmetic, and their factors. */
const products: Readonly<Record<string, ShortPlaces>> = {
  BatchMatMulV2: places([0, 1]),
  Conv2D: places([0, 1]),
  Conv2DBackpropFilter: places([0, 2]),
  Conv2DBackpropInput: places([1, 2]),
};

/**
 * Operations on maps [batch, height, width, channels]. A batch norm's scale, offset, mean and
 * variance stay float32, also inside its kernel.
 */
const onMaps: Readonly<Record<string, ShortPlaces>> = {
  Add: following([0, 1]),
  AvgPool: places([0]),
  AvgPoolGrad: places([1]),
  Conv2D: places([0, 1]),
  Conv2DBackpropFilter: places([0, 2]),
  Conv2DBackpropInput: places([1, 2]),
  DepthwiseConv2dNative: places([0, 1]),
  DepthwiseConv2dNativeBackpropFilter: places([0, 2]),
  DepthwiseConv2dNativeBackpropInput: places([1, 2]),
  FusedBatchNormV3: places([0]),
  FusedBatchNormGradV3: places([0, 1]),
  Identity: following([0]),
  MaxPool: places([0]),
  MaxPoolGrad: places([0, 1, 2]),
  PadV2: places([0, 2]),
  Relu: places([0]),
  ReluGrad: places([0, 1]),
  Reshape: following([0]),
  Slice: following([0]),
  StridedSlice: following([0]),
  StridedSliceGrad: places([4]),
};

/**
 * Returns the places of an operation that are bfloat16; undefined when it computes in float32.
 *
 * @param shape of its first result
 */
export function shortPlaces(
  shortened: Shortened,
  op: string,
  shape: readonly number[],
): ShortPlaces | undefined {
  if (shortened === 'products') return products[op];
  if (shortened === 'none' || shape.length !== 4) return undefined;
  // The means of whole maps are what the classifier reads.
  return op === 'AvgPool' && shape[1] === 1 ? undefined : onMaps[op];
}
