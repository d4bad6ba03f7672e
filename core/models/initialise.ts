import { stream } from '../base/random.ts';
import {
  type Architecture,
  sizeOf,
  statistics,
  tensors,
  totalSize,
  type TensorSpec,
} from './architecture.ts';

/**
 * Fresh parameters of a network, laid end to end in canonical order, drawn from (seed, node) alone.
 * As in the authors' code: convolutions N(0, 2 / (k * k * outputs)); batch norm gamma 1, beta 0;
 * dense kernel of a ResNet N(0, 2 / inputs), bias 0; dense kernel and bias of a WRN uniform in
 * +-1/sqrt(inputs).
 */
export function initialParameters(
  model: Architecture,
  classes: number,
  seed: number,
  node: number,
): Float32Array {
  const specs = tensors(model, classes);
  const flat = new Float32Array(totalSize(specs));
  let offset = 0;
  for (const spec of specs) {
    const part = flat.subarray(offset, offset + sizeOf(spec.shape));
    const draw = drawing(model, spec, stream(seed, 'initialise', node, spec.name));
    for (let i = 0; i < part.length; i++) part[i] = draw();
    offset += part.length;
  }
  return flat;
}

function drawing(
  model: Architecture,
  spec: TensorSpec,
  random: ReturnType<typeof stream>,
): () => number {
  switch (spec.role) {
    case 'convolution': {
      const deviation = Math.sqrt(2 / (spec.shape[0]! * spec.shape[1]! * spec.shape[3]!));
      return () => deviation * random.normal();
    }
    case 'gamma':
      return () => 1;
    case 'beta':
      return () => 0;
    case 'kernel':
    case 'bias': {
      if (model.family === 'wrn') {
        const bound = 1 / Math.sqrt(model.features);
        return () => bound * (2 * random.uniform() - 1);
      }
      if (spec.role === 'bias') return () => 0;
      const deviation = Math.sqrt(2 / model.features);
      return () => deviation * random.normal();
    }
  }
}

/** Running mean 0 and variance 1 of every batch norm. */
export function initialStatistics(model: Architecture): Float32Array {
  const specs = statistics(model);
  const flat = new Float32Array(totalSize(specs));
  let offset = 0;
  for (const spec of specs) {
    const size = sizeOf(spec.shape);
    if (spec.name.endsWith('/var')) flat.fill(1, offset, offset + size);
    offset += size;
  }
  return flat;
}
