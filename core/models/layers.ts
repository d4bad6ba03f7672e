/**
 * The layers of networks. A network is a list of them; one interpreter each derives its tensors
 * (tensors.ts), initial values (initialise.ts), cost (cost.ts) and forward pass
 * (core/engine/forward.ts). Images and maps are [batch, height, width, channels].
 */
export type Layer =
  | Convolution
  | Depthwise
  | BatchNorm
  | { readonly kind: 'relu' }
  | MaxPool
  | Residual
  | { readonly kind: 'every-second-pixel' }
  | AppendChannels
  | StageEnd
  | { readonly kind: 'global-average' }
  | Dense;

export type Stride = 1 | 2;

/**
 * A square convolution that pads (size - 1) / 2 pixels of zeros on every side, also with stride 2.
 * Kernel [size, size, inputs, outputs], N(0, 2 / (size * size * outputs)); bias [outputs], 0.
 */
export interface Convolution {
  readonly kind: 'convolution';
  readonly name: string;
  readonly size: 1 | 3 | 7;
  readonly inputs: number;
  readonly outputs: number;
  readonly stride: Stride;
  readonly bias: boolean;
}

/**
 * A 3x3 convolution of each channel alone, with one pixel of zeros on every side. Kernel [3, 3,
 * channels, 1], N(0, 2 / (9 * channels)).
 */
interface Depthwise {
  readonly kind: 'depthwise';
  readonly name: string;
  readonly channels: number;
  readonly stride: Stride;
}

/** Normalises every channel; gamma [channels] starts at 1, beta [channels] at 0. */
export interface BatchNorm {
  readonly kind: 'batch-norm';
  readonly name: string;
  readonly channels: number;
}

/** The largest of every size x size pixels, with stride 2; pads `padding` pixels of -infinity. */
interface MaxPool {
  readonly kind: 'max-pool';
  readonly size: 2 | 3;
  readonly padding: 0 | 1;
}

/** Adds the outputs of two lists over the same input. An empty shortcut is the identity. */
interface Residual {
  readonly kind: 'residual';
  readonly body: readonly Layer[];
  readonly shortcut: readonly Layer[];
}

/** Appends `count` channels of zeros. */
interface AppendChannels {
  readonly kind: 'append-channels';
  readonly count: number;
}

/** Changes nothing: marks its input as the output of the stage `name`, for attention losses. */
interface StageEnd {
  readonly kind: 'stage-end';
  readonly name: string;
}

/** Initial values of a dense layer with `inputs` features. */
export type DenseStart =
  /** Kernel N(0, 2 / inputs), bias 0. */
  | 'kaiming'
  /** Kernel and bias uniform in +-1/sqrt(inputs). */
  | 'uniform'
  /** Kernel N(0, 0.01^2), bias 0. */
  | 'small';

/** The classifier: kernel [inputs, classes], bias [classes]. */
export interface Dense {
  readonly kind: 'dense';
  readonly name: string;
  readonly inputs: number;
  readonly start: DenseStart;
}

/** A network for square images of one size as a plain description. */
export interface Architecture {
  readonly name: string;
  /** The full name, in the literature's spelling: `WRN-28-2`. */
  readonly title: string;
  /** The part of the title that its relatives share (`WRN`), and the rest (`28-2`). */
  readonly series: string;
  readonly variant: string;
  /** The short name for narrow places: `W28-2`. */
  readonly short: string;
  /** Pixels on a side of its images. */
  readonly side: number;
  readonly layers: readonly Layer[];
}

/** A kind of network, in a file of its own; `families` in architecture.ts lists them. */
export interface NetworkFamily {
  /** The names that the family accepts, for messages: `ResNet-(6n+2), such as resnet32`. */
  readonly description: string;
  /** Names that the lab offers. */
  readonly offered: readonly string[];
  /**
   * Builds the network for images of `side` pixels.
   *
   * @param name in small letters, with dashes for spaces and underscores
   * @returns undefined for a name of another family
   */
  build(name: string, side: number): Architecture | undefined;
}

/** Channels of an image. */
export const IMAGE_CHANNELS = 3;

export const relu: Layer = { kind: 'relu' };
export const globalAverage: Layer = { kind: 'global-average' };
export const everySecondPixel: Layer = { kind: 'every-second-pixel' };

export const convolution = (
  name: string,
  size: Convolution['size'],
  inputs: number,
  outputs: number,
  stride: Stride = 1,
): Convolution => ({ kind: 'convolution', name, size, inputs, outputs, stride, bias: false });

export const batchNorm = (name: string, channels: number): BatchNorm => ({
  kind: 'batch-norm',
  name,
  channels,
});

export const dense = (inputs: number, start: DenseStart): Dense => ({
  kind: 'dense',
  name: 'head/fc',
  inputs,
  start,
});

/** Output of a block. */
export interface BlockShape {
  readonly outputs: number;
  readonly stride: Stride;
}

/** A block with its name `s{stage}/b{block}`, both counted from 1. */
export type PlacedBlock<Shape extends BlockShape> = Shape & {
  readonly name: string;
  readonly inputs: number;
};

/** Returns `count` blocks of one width; the first has the stride. */
export const blocks = (count: number, outputs: number, stride: Stride): BlockShape[] =>
  Array.from({ length: count }, (_, block) => ({ outputs, stride: block === 0 ? stride : 1 }));

/** Returns the layers of all stages in order; a stage end closes each: `s1`, `s2`, ... */
export function stages<Shape extends BlockShape>(
  inputs: number,
  shapes: readonly (readonly Shape[])[],
  block: (placed: PlacedBlock<Shape>) => readonly Layer[],
): Layer[] {
  let width = inputs;
  return shapes.flatMap((stage, s) => {
    const name = `s${s + 1}`;
    const layers = stage.flatMap((shape, b) => {
      const placed = { ...shape, name: `${name}/b${b + 1}`, inputs: width };
      width = shape.outputs;
      return block(placed);
    });
    return [...layers, { kind: 'stage-end', name } as const];
  });
}

/** Returns every layer, also inside residuals, in forward order: a body before its shortcut. */
export const flatten = (layers: readonly Layer[]): Layer[] =>
  layers.flatMap((layer) =>
    layer.kind === 'residual' ? flatten([...layer.body, ...layer.shortcut]) : [layer],
  );
