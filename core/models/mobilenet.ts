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

/** An inverted residual: widens its input by `expansion` before the depthwise convolution. */
interface InvertedShape extends BlockShape {
  readonly expansion: 1 | 6;
}

const inverted = (expansion: 1 | 6, ...shape: Parameters<typeof blocks>): InvertedShape[] =>
  blocks(...shape).map((block) => ({ ...block, expansion }));

const STEM = 16;
const FEATURES = 1280;

/** Blocks, width and first stride of every group, by stage. */
const SHAPES: readonly (readonly InvertedShape[])[] = [
  [...inverted(1, 1, 8, 1), ...inverted(6, 2, 12, 1)],
  inverted(6, 3, 16, 2),
  [...inverted(6, 4, 32, 2), ...inverted(6, 3, 48, 1)],
  [...inverted(6, 3, 80, 2), ...inverted(6, 1, 160, 1)],
];
const LAST = 160;

/**
 * MobileNetV2 (Sandler et al. 2018) of half width in the layout of RepDistiller's CIFAR-100
 * benchmark (Tian et al. 2020), which differs from torchvision's: ReLU instead of ReLU6, other
 * strides, and an expansion also in the first block. Four stages, each ending with the linear
 * output of its last block. The dense layer starts as there: N(0, 0.01^2), bias 0.
 */
export const mobilenet: NetworkFamily = {
  description: 'MobileNetV2-half',
  offered: ['mobilenetv2-half'],
  build(name, side) {
    if (!/^mobilenet-?v2-half$/.test(name)) return undefined;
    return {
      name: 'mobilenetv2-half',
      title: 'MobileNetV2-half',
      series: 'MobileNetV2',
      variant: 'half',
      short: 'M2-half',
      side,
      layers: [
        convolution('stem/conv', 3, IMAGE_CHANNELS, STEM, 2),
        batchNorm('stem/bn', STEM),
        relu,
        ...stages(STEM, SHAPES, block),
        convolution('head/conv', 1, LAST, FEATURES),
        batchNorm('head/bn', FEATURES),
        relu,
        globalAverage,
        dense(FEATURES, 'small'),
      ],
    };
  },
};

/**
 * Returns expansion, depthwise convolution and linear projection, plus the input when the size is
 * equal.
 */
function block(placed: PlacedBlock<InvertedShape>): Layer[] {
  const { name, inputs, outputs, stride, expansion } = placed;
  const width = inputs * expansion;
  const body: Layer[] = [
    convolution(`${name}/expand`, 1, inputs, width),
    batchNorm(`${name}/bn1`, width),
    relu,
    { kind: 'depthwise', name: `${name}/depthwise`, channels: width, stride },
    batchNorm(`${name}/bn2`, width),
    relu,
    convolution(`${name}/project`, 1, width, outputs),
    batchNorm(`${name}/bn3`, outputs),
  ];
  const same = stride === 1 && inputs === outputs;
  return same ? [{ kind: 'residual', body, shortcut: [] }] : body;
}
