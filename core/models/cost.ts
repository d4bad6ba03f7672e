import { LabError } from '../base/errors.ts';
import { type Architecture, IMAGE_CHANNELS, type Layer } from './layers.ts';
import { parameterCount } from './tensors.ts';

/** A map between two layers, and the cost of computing it. */
interface Progress {
  /** Pixels on a side of the map. */
  readonly side: number;
  readonly channels: number;
  /** Of the convolutions so far, for one image. */
  readonly multiplyAdds: number;
  /** Numbers in the outputs of all layers so far, for one image. */
  readonly activations: number;
}

/** The output of a stage. */
export interface StageSize {
  readonly name: string;
  /** Pixels on a side. */
  readonly side: number;
  readonly channels: number;
}

/**
 * Returns the multiply-adds of all convolutions for one image, forward (He et al.: ResNet20 has
 * about 41 million).
 */
export const multiplyAdds = (model: Architecture): number => through(model).multiplyAdds;

/**
 * Returns the most bytes that a training step keeps for the networks of a graph: the outputs of all
 * layers for the backward pass, and the parameters with their gradients, momentum and next values.
 *
 * @param batch images
 */
export function trainingBytes(
  models: readonly Architecture[],
  classes: number,
  batch: number,
): number {
  const numbers = models.map(
    (model) => batch * through(model).activations + 4 * parameterCount(model, classes),
  );
  return Float32Array.BYTES_PER_ELEMENT * numbers.reduce((sum, one) => sum + one, 0);
}

/** Returns the outputs of all stages in forward order. */
export function stageSizes(model: Architecture): StageSize[] {
  const sizes: StageSize[] = [];
  through(model, (name, { side, channels }) => sizes.push({ name, side, channels }));
  return sizes;
}

/**
 * Refuses an image size that the network cannot halve without a remainder.
 *
 * @throws LabError `model.side`
 */
export function checkSide(model: Architecture): void {
  const { side, title } = model;
  const factor = 1 / through({ ...model, side: 1 }).side;
  if (Number.isInteger(side) && side > 0 && side % factor === 0) return;
  throw new LabError('model.side', { side, title, factor });
}

type StageSeen = (name: string, at: Progress) => void;

/** Returns the last map of a network, before its average, and its cost. */
const through = ({ layers, side }: Architecture, seen: StageSeen = () => undefined): Progress =>
  layers.reduce((at, layer) => after(layer, at, seen), {
    side,
    channels: IMAGE_CHANNELS,
    multiplyAdds: 0,
    activations: 0,
  });

function after(layer: Layer, at: Progress, seen: StageSeen): Progress {
  switch (layer.kind) {
    case 'convolution': {
      const { size, inputs, outputs, stride } = layer;
      return output(at, at.side / stride, outputs, size * size * inputs);
    }
    case 'depthwise':
      return output(at, at.side / layer.stride, layer.channels, 9);
    case 'batch-norm':
    case 'relu':
      return output(at, at.side, at.channels);
    case 'max-pool':
    case 'every-second-pixel':
      return output(at, at.side / 2, at.channels);
    case 'append-channels':
      return output(at, at.side, at.channels + layer.count);
    case 'residual': {
      const body = layer.body.reduce((from, each) => after(each, from, seen), at);
      const { multiplyAdds, activations } = body;
      const start = { ...at, multiplyAdds, activations };
      const shortcut = layer.shortcut.reduce((from, each) => after(each, from, seen), start);
      return output(shortcut, body.side, body.channels);
    }
    case 'stage-end':
      seen(layer.name, at);
      return at;
    case 'global-average':
    case 'dense':
      return at;
  }
}

/** Returns the progress after a layer. `adds`: multiply-adds per output number. */
function output(at: Progress, side: number, channels: number, adds = 0): Progress {
  const numbers = side * side * channels;
  return {
    side,
    channels,
    multiplyAdds: at.multiplyAdds + numbers * adds,
    activations: at.activations + numbers,
  };
}
