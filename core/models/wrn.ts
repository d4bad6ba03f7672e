import {
  type Architecture,
  batchNorm,
  blocks,
  type BlockShape,
  convolution,
  dense,
  globalAverage,
  IMAGE_CHANNELS,
  type Layer,
  type NetworkFamily,
  type PlacedBlock,
  relu,
  stages,
} from './layers.ts';

const MAX_DEPTH = 1202;
const MAX_WIDTH = 16;
const STEM = 16;

/**
 * Wide ResNets (Zagoruyko & Komodakis 2016): 6n+4 layers, width factor k, pre-activation blocks of
 * 16k, 32k and 64k channels, no dropout. Three stages, each ending with the raw sum of its last
 * block, before the next batch norm. The dense layer starts as in the authors' code of the paper:
 * kernel and bias uniform.
 */
export const wrn: NetworkFamily = {
  description: 'WRN-(6n+4)-k, such as wrn-28-2',
  offered: ['wrn-28-2', 'wrn-10-1', 'wrn-16-1'],
  build(name, side) {
    const [depth, k] = (/^wrn-?(\d{1,4})-(\d{1,2})$/.exec(name) ?? []).slice(1).map(Number);
    if (depth === undefined || k === undefined) return undefined;
    const n = (depth - 4) / 6;
    if (!Number.isInteger(n) || n < 1 || depth > MAX_DEPTH || k < 1 || k > MAX_WIDTH)
      return undefined;
    return {
      name: `wrn-${depth}-${k}`,
      title: `WRN-${depth}-${k}`,
      series: 'WRN',
      variant: `${depth}-${k}`,
      short: `W${depth}-${k}`,
      side,
      layers: layersOf(n, k),
    };
  },
};

function layersOf(n: number, k: number): Architecture['layers'] {
  const features = 64 * k;
  const shapes = [blocks(n, 16 * k, 1), blocks(n, 32 * k, 2), blocks(n, features, 2)];
  return [
    convolution('stem/conv', 3, IMAGE_CHANNELS, STEM),
    ...stages(STEM, shapes, block),
    batchNorm('head/bn', features),
    relu,
    globalAverage,
    dense(features, 'uniform'),
  ];
}

/**
 * Two 3x3 convolutions of the activated input. When the width changes, the shortcut is a 1x1
 * convolution of the activated input, else the input itself.
 */
function block({ name, inputs, outputs, stride }: PlacedBlock<BlockShape>): Layer[] {
  const activation = [batchNorm(`${name}/bn1`, inputs), relu];
  const body = [
    convolution(`${name}/conv1`, 3, inputs, outputs, stride),
    batchNorm(`${name}/bn2`, outputs),
    relu,
    convolution(`${name}/conv2`, 3, outputs, outputs),
  ];
  if (inputs === outputs)
    return [{ kind: 'residual', body: [...activation, ...body], shortcut: [] }];
  const shortcut = [convolution(`${name}/short`, 1, inputs, outputs, stride)];
  return [...activation, { kind: 'residual', body, shortcut }];
}
