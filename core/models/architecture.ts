import { LabError } from '../base/errors.ts';

/** What a tensor is to its layer; decides how it is initialised. */
export type TensorRole = 'convolution' | 'gamma' | 'beta' | 'kernel' | 'bias';

/**
 * A trainable tensor in TensorFlow layout: convolution [height, width, in, out], dense kernel [in,
 * out].
 */
export interface TensorSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly role: TensorRole;
}

/** One residual block: two 3x3 convolutions, the first with the stride. */
export interface Block {
  /** `s{stage}/b{block}`, both from 1. */
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly stride: 1 | 2;
}

/**
 * A CIFAR network as a plain description. `resnet` is He et al. 2016 for CIFAR (6n+2 layers,
 * post-activation, option-A shortcut: every second pixel, zero channels appended); `wrn` is
 * Zagoruyko & Komodakis 2016 (6n+4 layers, width factor k, pre-activation, 1x1-convolution shortcut
 * of the activated input, no dropout).
 */
export interface Architecture {
  readonly name: string;
  readonly title: string;
  readonly family: 'resnet' | 'wrn';
  /** Channels after the first convolution. */
  readonly stem: number;
  readonly blocks: readonly Block[];
  /** Channels that the dense layer sees. */
  readonly features: number;
}

/** The names offered first; any ResNet-(6n+2) and WRN-(6n+4)-k within the limits is understood. */
export const modelNames = [
  'resnet32',
  'resnet110',
  'wrn-28-2',
  'resnet8',
  'resnet14',
  'resnet20',
  'wrn-10-1',
  'wrn-16-1',
] as const;

/** The three networks of the paper's search space. */
export const paperModels = ['resnet32', 'resnet110', 'wrn-28-2'] as const;

const MAX_DEPTH = 1202;
const MAX_WIDTH = 16;

/**
 * Looks up an architecture by name (`resnet32`, `wrn-28-2`; case and punctuation are forgiven).
 * Throws `model.unknown`.
 */
export function architecture(name: string): Architecture {
  const plain = name
    .toLowerCase()
    .replace(/[\s_]/g, '-')
    .replace(/^resnet-/, 'resnet')
    .replace(/^wrn(?=\d)/, 'wrn-');
  const known = cache.get(plain);
  if (known) return known;
  const resnet = /^resnet(\d{1,4})$/.exec(plain);
  const wrn = /^wrn-(\d{1,4})-(\d{1,2})$/.exec(plain);
  let built: Architecture | undefined;
  if (resnet) built = buildResNet(Number(resnet[1]));
  else if (wrn) built = buildWrn(Number(wrn[1]), Number(wrn[2]));
  if (!built) {
    throw new LabError(
      'model.unknown',
      `Unknown model "${name.slice(0, 60)}": expected ResNet-(6n+2), such as resnet32, or WRN-(6n+4)-k, such as wrn-28-2.`,
      `Use one of ${modelNames.join(', ')}.`,
    );
  }
  cache.set(built.name, built);
  return built;
}

const cache = new Map<string, Architecture>();

function buildResNet(depth: number): Architecture | undefined {
  const n = (depth - 2) / 6;
  if (!Number.isInteger(n) || n < 1 || depth > MAX_DEPTH) return undefined;
  return {
    name: `resnet${depth}`,
    title: `ResNet${depth}`,
    family: 'resnet',
    stem: 16,
    blocks: stages(n, [16, 32, 64]),
    features: 64,
  };
}

function buildWrn(depth: number, k: number): Architecture | undefined {
  const n = (depth - 4) / 6;
  if (!Number.isInteger(n) || n < 1 || depth > MAX_DEPTH || k < 1 || k > MAX_WIDTH)
    return undefined;
  return {
    name: `wrn-${depth}-${k}`,
    title: `WRN-${depth}-${k}`,
    family: 'wrn',
    stem: 16,
    blocks: stages(n, [16 * k, 32 * k, 64 * k]),
    features: 64 * k,
  };
}

function stages(n: number, widths: number[]): Block[] {
  let inputs = 16;
  return widths.flatMap((outputs, stage) =>
    Array.from({ length: n }, (_, block): Block => {
      const spec: Block = {
        name: `s${stage + 1}/b${block + 1}`,
        inputs,
        outputs,
        stride: stage > 0 && block === 0 ? 2 : 1,
      };
      inputs = outputs;
      return spec;
    }),
  );
}

/** Does this block of a WRN need a 1x1 convolution to change the width of its shortcut? */
export const widens = (block: Block): boolean => block.inputs !== block.outputs;

/**
 * Every trainable tensor in canonical (forward) order: the order of flat parameter vectors and of
 * checkpoints.
 */
export function tensors(model: Architecture, classes: number): TensorSpec[] {
  const list: TensorSpec[] = [];
  const conv = (name: string, size: number, inputs: number, outputs: number): unknown =>
    list.push({ name, shape: [size, size, inputs, outputs], role: 'convolution' });
  const norm = (name: string, channels: number): unknown =>
    list.push(
      { name: `${name}/gamma`, shape: [channels], role: 'gamma' },
      { name: `${name}/beta`, shape: [channels], role: 'beta' },
    );
  conv('stem/conv', 3, 3, model.stem);
  if (model.family === 'resnet') norm('stem/bn', model.stem);
  for (const block of model.blocks) {
    if (model.family === 'wrn') norm(`${block.name}/bn1`, block.inputs);
    conv(`${block.name}/conv1`, 3, block.inputs, block.outputs);
    norm(`${block.name}/${model.family === 'wrn' ? 'bn2' : 'bn1'}`, block.outputs);
    conv(`${block.name}/conv2`, 3, block.outputs, block.outputs);
    if (model.family === 'resnet') norm(`${block.name}/bn2`, block.outputs);
    else if (widens(block)) conv(`${block.name}/short`, 1, block.inputs, block.outputs);
  }
  if (model.family === 'wrn') norm('head/bn', model.features);
  list.push({ name: 'head/fc/kernel', shape: [model.features, classes], role: 'kernel' });
  list.push({ name: 'head/fc/bias', shape: [classes], role: 'bias' });
  return list;
}

/**
 * Running statistics in canonical order: `.../mean` and `.../var` of every batch norm, in forward
 * order.
 */
export function statistics(model: Architecture): TensorSpec[] {
  return tensors(model, 1)
    .filter((spec) => spec.role === 'gamma')
    .flatMap((spec) =>
      ['mean', 'var'].map((kind): TensorSpec => ({
        name: spec.name.replace(/gamma$/, kind),
        shape: spec.shape,
        role: 'gamma',
      })),
    );
}

export const sizeOf = (shape: readonly number[]): number =>
  shape.reduce((size, dimension) => size * dimension, 1);

/** Elements of a list of tensors laid end to end. */
export const totalSize = (specs: readonly TensorSpec[]): number =>
  specs.reduce((sum, spec) => sum + sizeOf(spec.shape), 0);

/** Number of trainable parameters (SPEC: ResNet32 with 100 classes has 470,004). */
export const parameterCount = (model: Architecture, classes: number): number =>
  totalSize(tensors(model, classes));

/** Pixels on a side of a CIFAR image. */
const SIDE = 32;

/**
 * Multiply-adds of all convolutions for one image, forward (He et al.: ResNet20 has about 41
 * million).
 */
export function multiplyAdds({ stem, blocks, family }: Architecture): number {
  let pixels = SIDE * SIDE;
  let sum = pixels * 9 * 3 * stem;
  for (const block of blocks) {
    const { inputs, outputs, stride } = block;
    pixels /= stride * stride;
    sum += pixels * 9 * outputs * (inputs + outputs);
    if (family === 'wrn' && widens(block)) sum += pixels * inputs * outputs;
  }
  return sum;
}
