import {
  batchNorm,
  convolution,
  dense,
  globalAverage,
  IMAGE_CHANNELS,
  type Layer,
  type NetworkFamily,
  relu,
} from './layers.ts';

/** Convolutions in each block, by name. */
const depths: Readonly<Record<string, number>> = { 8: 1, 13: 2 };

/** Channels of the five blocks. */
const WIDTHS = [64, 128, 256, 512, 512] as const;

/** Pixels on a side from which the fourth block is followed by a max-pool too. */
const LARGE = 64;

/**
 * VGG8 and VGG13 in the layout of RepDistiller's CIFAR-100 benchmark (Tian et al. 2020): five
 * blocks of one or two 3x3 convolutions with bias, batch norm and ReLU; max-pool 2x2 after the
 * first three and, from 64 px on, the fourth; global average. The first block is the stem; the
 * other four are the stages, each ending after its last ReLU, before the max-pool. The dense layer
 * starts as there: N(0, 0.01^2), bias 0.
 */
export const vgg: NetworkFamily = {
  description: 'VGG8, VGG13',
  offered: ['vgg8', 'vgg13'],
  build(name, side) {
    const depth = /^vgg-?(\d{1,2})$/.exec(name)?.[1] ?? '';
    const convolutions = Object.hasOwn(depths, depth) ? depths[depth] : undefined;
    if (convolutions === undefined) return undefined;
    return {
      name: `vgg${depth}`,
      title: `VGG${depth}`,
      series: 'VGG',
      variant: depth,
      short: `V${depth}`,
      side,
      layers: [
        ...WIDTHS.flatMap((_, place) => block(place, convolutions, side)),
        globalAverage,
        dense(WIDTHS.at(-1)!, 'small'),
      ],
    };
  },
};

/** Returns block `place` (from 0), its stage end, and its max-pool. */
function block(place: number, convolutions: number, side: number): Layer[] {
  const name = place === 0 ? 'stem' : `s${place}`;
  const outputs = WIDTHS[place]!;
  const layers = Array.from({ length: convolutions }, (_, i): Layer[] => {
    const inputs = i > 0 ? outputs : (WIDTHS[place - 1] ?? IMAGE_CHANNELS);
    return [
      { ...convolution(`${name}/conv${i + 1}`, 3, inputs, outputs), bias: true },
      batchNorm(`${name}/bn${i + 1}`, outputs),
      relu,
    ];
  }).flat();
  if (place > 0) layers.push({ kind: 'stage-end', name });
  if (place < 3 || (place === 3 && side >= LARGE))
    layers.push({ kind: 'max-pool', size: 2, padding: 0 });
  return layers;
}
