import { type RandomStream, stream } from '../base/random.ts';
import type { Architecture } from './layers.ts';
import { sizeOf, type Start, statistics, tensors, totalSize, type TensorSpec } from './tensors.ts';

/**
 * Fresh parameters of a network, laid end to end in canonical order, drawn from (seed, node) alone:
 * every tensor has a random stream of its own, named after it. Its `start` says its distribution.
 */
export const initialParameters = (
  model: Architecture,
  classes: number,
  seed: number,
  node: number,
): Float32Array => filled(tensors(model, classes), seed, 'initialise', node);

/** Running mean 0 and variance 1 of every batch norm. */
export const initialStatistics = (model: Architecture): Float32Array => filled(statistics(model));

/** Initial values of `specs`, end to end; the random stream of each is named `names`, its name. */
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
