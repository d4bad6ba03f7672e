import { type RandomStream, stream } from '../base/random.ts';
import type { Architecture } from './layers.ts';
import { sizeOf, type Start, statistics, tensors, totalSize, type TensorSpec } from './tensors.ts';

/**
 * Returns new parameters of a network, concatenated in canonical order. They depend only on (seed,
 * node): every tensor has its own random stream, named after it, and its `start` names its
 * distribution.
 */
export const initialParameters = (
  model: Architecture,
  classes: number,
  seed: number,
  node: number,
): Float32Array => filled(tensors(model, classes), seed, 'initialise', node);

/** Returns running mean 0 and variance 1 for every batch norm. */
export const initialStatistics = (model: Architecture): Float32Array => filled(statistics(model));

/**
 * Returns initial values of `specs`, concatenated. `names` and the name of the tensor name its
 * random stream.
 */
function filled(specs: readonly TensorSpec[], ...names: (string | number)[]): Float32Array {
  const flat = new Float32Array(totalSize(specs));
  let offset = 0;
  for (const { name, shape, start } of specs) {
    const end = offset + sizeOf(shape);
    if (start.kind === 'constant') flat.fill(start.value, offset, end);
    else {
      const draw = drawing(start, stream(...names, name));
      for (let i = offset; i < end; i++) flat[i] = draw();
    }
    offset = end;
  }
  return flat;
}

function drawing(start: Exclude<Start, { kind: 'constant' }>, random: RandomStream): () => number {
  if (start.kind === 'normal') return () => start.deviation * random.normal();
  return () => start.bound * (2 * random.uniform() - 1);
}
