import {
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

/** Blocks of the four stages, by depth. */
const depths: Readonly<Record<string, readonly [number, number, number, number]>> = {
  18: [2, 2, 2, 2],
  34: [3, 4, 6, 3],
};

const STEM = 64;
const FEATURES = 512;

/** Pixels on a side up to which the stem keeps the size of the images. */
const SMALL = 64;

/**
 * ResNet18 and ResNet34 (He et al. 2016, table 1): post-activation basic blocks of 64, 128, 256 and
 * 512 channels, shortcuts of 1x1 convolution and batch norm. Images above 64 px pass the published
 * stem (7x7 with stride 2, then max-pool), smaller ones only a 3x3 convolution. Four stages, each
 * ending after the ReLU of its last block. Convolutions start as in all networks of this lab, the
 * dense layer as in torchvision: weight and bias uniform.
 */
export const resnetImagenet: NetworkFamily = {
  description: 'ResNet18, ResNet34',
  offered: ['resnet18', 'resnet34'],
  build(name, side) {
    const depth = /^resnet-?(\d{2})$/.exec(name)?.[1] ?? '';
    const counts = Object.hasOwn(depths, depth) ? depths[depth] : undefined;
    if (!counts) return undefined;
    const shapes = counts.map((count, s) => blocks(count, STEM * 2 ** s, s === 0 ? 1 : 2));
    return {
      name: `resnet${depth}`,
      title: `ResNet${depth}`,
      series: 'ResNet',
      variant: depth,
      short: `R${depth}`,
      side,
      layers: [
        ...stem(side),
        ...stages(STEM, shapes, block),
        globalAverage,
        dense(FEATURES, 'uniform'),
      ],
    };
  },
};

function stem(side: number): Layer[] {
  const normalised = [batchNorm('stem/bn', STEM), relu];
  if (side <= SMALL) return [convolution('stem/conv', 3, IMAGE_CHANNELS, STEM), ...normalised];
  return [
    convolution('stem/conv', 7, IMAGE_CHANNELS, STEM, 2),
    ...normalised,
    { kind: 'max-pool', size: 3, padding: 1 },
  ];
}

/** Two 3x3 convolutions; the shortcut is projected where the width changes. */
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
    shortcut:
      inputs === outputs
        ? []
        : [
            convolution(`${name}/short/conv`, 1, inputs, outputs, stride),
            batchNorm(`${name}/short/bn`, outputs),
          ],
  },
  relu,
];
