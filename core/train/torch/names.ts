import type { Architecture } from '../../models/layers.ts';

/** Names of PyTorch for the layers of one family of networks. */
interface NameStyle {
  /** Fits the name of an architecture. */
  readonly fits: RegExp;
  /** By our name of a layer outside the blocks. */
  readonly layers: Readonly<Record<string, string>>;
  /** The name of a layer of block `block` (from 0) of stage `stage` (from 1). */
  block(stage: number, block: number, layer: string): string;
}

/** The name of a layer within its block, where it differs from ours. */
const renamed = (names: Readonly<Record<string, string>>, layer: string): string =>
  names[layer] ?? layer;

const cifarBlock = { conv1: 'conv_a', bn1: 'bn_a', conv2: 'conv_b', bn2: 'bn_b' };
const inverted = { expand: '0', bn1: '1', depthwise: '3', bn2: '4', project: '6', bn3: '7' };

/** Index of a layer of VGG within its block: `conv2` is the fourth, its batch norm the next. */
const vggIndex = (layer: string): number =>
  3 * (Number(layer.at(-1)) - 1) + (layer.startsWith('bn') ? 1 : 0);

/** Blocks of each group of MobileNetV2, by stage. */
const groups: readonly (readonly number[])[] = [[1, 2], [3], [4, 3], [3, 1]];

/** Group and place in it of a block of MobileNetV2. */
function groupOf(stage: number, block: number): [group: number, place: number] {
  let group = groups.slice(0, stage - 1).flat().length;
  let place = block;
  for (const size of groups[stage - 1]!) {
    if (place < size) break;
    place -= size;
    group++;
  }
  return [group, place];
}

/**
 * CIFAR ResNets as in the authors' code of the paper (DCL), wide ResNets as there and in
 * RepDistiller, VGG and MobileNetV2 as in RepDistiller, ResNet18 and 34 as in torchvision and timm.
 */
const styles: readonly NameStyle[] = [
  {
    fits: /^resnet(18|34)$/,
    layers: { 'stem/conv': 'conv1', 'stem/bn': 'bn1', 'head/fc': 'fc' },
    block: (stage, block, layer) =>
      `layer${stage}.${block}.${renamed({ 'short/conv': 'downsample.0', 'short/bn': 'downsample.1' }, layer)}`,
  },
  {
    fits: /^resnet/,
    layers: { 'stem/conv': 'conv_1_3x3', 'stem/bn': 'bn_1', 'head/fc': 'classifier' },
    block: (stage, block, layer) => `stage_${stage}.${block}.${renamed(cifarBlock, layer)}`,
  },
  {
    fits: /^wrn/,
    layers: { 'stem/conv': 'conv1', 'head/bn': 'bn1', 'head/fc': 'fc' },
    block: (stage, block, layer) =>
      `block${stage}.layer.${block}.${renamed({ short: 'convShortcut' }, layer)}`,
  },
  {
    fits: /^vgg/,
    layers: { 'head/fc': 'classifier' },
    block: (stage, _, layer) => `block${stage}.${vggIndex(layer)}`,
  },
  {
    fits: /^mobilenet/,
    layers: {
      ...{ 'stem/conv': 'conv1.0', 'stem/bn': 'conv1.1' },
      ...{ 'head/conv': 'conv2.0', 'head/bn': 'conv2.1', 'head/fc': 'classifier.0' },
    },
    block: (stage, block, layer) =>
      `blocks.${groupOf(stage, block).join('.')}.conv.${renamed(inverted, layer)}`,
  },
];

const parts: Readonly<Record<string, string>> = {
  gamma: 'weight',
  beta: 'bias',
  mean: 'running_mean',
  var: 'running_var',
  kernel: 'weight',
  bias: 'bias',
};

/**
 * Returns PyTorch's name of a tensor or running statistic of a network, such as
 * `layer2.0.bn1.running_var` for `s2/b1/bn1/var` of ResNet18. A network of no known style keeps its
 * own names, with dots.
 */
export function torchName(model: Architecture, name: string): string {
  const [, layer, part] = /^(.*)\/(gamma|beta|mean|var|kernel|bias)$/.exec(name) ?? [];
  return `${layerName(model, layer ?? name)}.${part === undefined ? 'weight' : parts[part]!}`;
}

/** PyTorch's name of a layer: of `s2/b1/conv1`, `layer2.0.conv1`. */
export function layerName(model: Architecture, layer: string): string {
  const style = styles.find(({ fits }) => fits.test(model.name));
  const outside = style?.layers[layer];
  if (!style || outside !== undefined) return outside ?? layer.replaceAll('/', '.');
  const inBlock = /^s(\d+)\/b(\d+)\/(.+)$/.exec(layer);
  if (inBlock) return style.block(Number(inBlock[1]), Number(inBlock[2]) - 1, inBlock[3]!);
  // the blocks of VGG are its stages, and the first one is its stem
  const [stage = '', inStage = ''] = layer.split('/');
  return style.block(stage === 'stem' ? 0 : Number(stage.slice(1)), 0, inStage);
}
