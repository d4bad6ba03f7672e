import {
  type Architecture,
  batchNorm,
  blocks,
  type BlockShape,
  convolution,
  dense,
  everySecondPixel,
  globalAverage,
  IMAGE_CHANNELS,
  type Layer,
  type NetworkFamily,
  type PlacedBlock,
  relu,
  stages,
} from './layers.ts';

const MAX_DEPTH = 1202;
const STEM = 16;
const FEATURES = 64;

/**
 * ResNets for CIFAR (He et al. 2016, section 4.2): 6n+2 layers, post-activation basic blocks of 16,
 * 32 and 64 channels, shortcuts of option A. Three stages, each ending after the ReLU of its last
 * block. The dense layer starts as in the authors' code of the paper: Kaiming-normal, bias 0.
 */
export const resnet: NetworkFamily = {
  description: 'ResNet-(6n+2), such as resnet32',
  offered: ['resnet32', 'resnet110', 'resnet8', 'resnet14', 'resnet20'],
  build(name, side) {
    const depth = Number(/^resnet-?(\d{1,4})$/.exec(name)?.[1]);
    const n = (depth - 2) / 6;
    if (!Number.isInteger(n) || n < 1 || depth > MAX_DEPTH) return undefined;
    return {
      name: `resnet${depth}`,
      title: `ResNet${depth}`,
      series: 'ResNet',
      variant: String(depth),
      short: `R${depth}`,
      side,
      layers: layersOf(n),
    };
  },
};

function layersOf(n: number): Architecture['layers'] {
  return [
    convolution('stem/conv', 3, IMAGE_CHANNELS, STEM),
    batchNorm('stem/bn', STEM),
    relu,
    ...stages(STEM, [blocks(n, STEM, 1), blocks(n, 32, 2), blocks(n, FEATURES, 2)], block),
    globalAverage,
    dense(FEATURES, 'kaiming'),
  ];
}

/** Two 3x3 convolutions; option A: the shortcut takes every second pixel, appends zero channels. */
const block = ({ name, inputs, outputs, stride }: PlacedBlock<BlockShape>): Layer[] => [
  {
    kind: 'residual',
    body: [
      convolution(`${name}/conv1`, 3, inputs, outputs, stride),
      batchNorm(`${name}/bn1`, outputs),
      relu,
      convolution(`${name}/conv2`, 3, outputs, outputs),
      batchNorm(`${name}/bn2`, outputs),
    ],
    shortcut: [
      ...(stride === 2 ? [everySecondPixel] : []),
      ...(outputs > inputs ? [{ kind: 'append-channels', count: outputs - inputs } as const] : []),
    ],
  },
  relu,
];
