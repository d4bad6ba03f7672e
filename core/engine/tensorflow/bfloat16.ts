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
}

const places = (inputs: readonly number[], outputs: readonly number[] = [0]): ShortPlaces => ({
  inputs,
  outputs,
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
  AddV2: places([0, 1]),
  Conv2D: places([0, 1]),
  Conv2DBackpropFilter: places([0, 2]),
  Conv2DBackpropInput: places([1, 2]),
  DepthwiseConv2dNative: places([0, 1]),
  DepthwiseConv2dNativeBackpropFilter: places([0, 2]),
  DepthwiseConv2dNativeBackpropInput: places([1, 2]),
  FusedBatchNormV3: places([0]),
  FusedBatchNormGradV3: places([0, 1]),
  Identity: places([0]),
  MaxPool: places([0]),
  MaxPoolGrad: places([0, 1, 2]),
  PadV2: places([0, 2]),
  Relu: places([0]),
  ReluGrad: places([0, 1]),
  Slice: places([0]),
  StridedSlice: places([0]),
  StridedSliceGrad: places([4]),
};

/**
 * Returns the places of an operation that are bfloat16; undefined when it computes in float32.
 *
 * @param rank number of dimensions of its first result
 */
export function shortPlaces(
  shortened: Shortened,
  op: string,
  rank: number,
): ShortPlaces | undefined {
  if (shortened === 'products') return products[op];
  return shortened === 'maps' && rank === 4 ? onMaps[op] : undefined;
}
