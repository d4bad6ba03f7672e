import assert from 'node:assert/strict';
import { stream } from '../../core/base/random.ts';
import { sizeOf } from '../../core/models/tensors.ts';
import { loadBinding } from '../../core/engine/tensorflow/binding.ts';
import {
  type Attribute,
  DataType,
  GraphBuilder,
  type GraphNode,
  type Output,
  typeAttribute,
} from '../../core/engine/tensorflow/graph.ts';
import { loadGraph, serialise } from '../../core/engine/tensorflow/saved-model.ts';

/** Largest distance of a kernel's maps from those in double precision, by their type. */
export const allowed = { [DataType.float]: 1e-6, [DataType.bfloat16]: 4e-3 } as Record<
  number,
  number
>;

/** Runs one operation on float32 inputs in a session; `T` is the type of its maps. */
export function compute(
  op: string,
  inputs: readonly Given[],
  attributes: Readonly<Record<string, Attribute>>,
  outputs: readonly { index: number; map: boolean }[],
  type: DataType,
): Float32Array[] {
  const graph = new GraphBuilder();
  const made = inputs.map(({ shape, map = false }, i): Output => {
    const given = graph.placeholder(`input${i}`, DataType.float, shape);
    return map && type !== DataType.float ? graph.cast(given, DataType.float, type) : given;
  });
  const result = graph.add('result', op, made, { T: typeAttribute(type), ...attributes });
  const fetches = outputs.map(({ index, map }) => {
    const output = { ...result, index };
    const wide = map && type !== DataType.float ? graph.cast(output, type, DataType.float) : output;
    const fetch = graph.add(`output${index}`, 'Identity', [wide], {
      T: typeAttribute(DataType.float),
    });
    return `${fetch.node}:0`;
  });
  return call(graph.nodes, inputs, fetches);
}

function call(nodes: GraphNode[], inputs: readonly Given[], fetches: string[]): Float32Array[] {
  const { binding } = loadBinding();
  const session = loadGraph(binding, serialise({ nodes, functions: [] }));
  const ids = inputs.map(({ shape, values }) =>
    binding.createTensor(shape, DataType.float, values),
  );
  const names = inputs.map((_, i) => `input${i}:0`).join(',');
  const results = binding.runSavedModel(session, ids, names, fetches.join(','));
  const values = results.map(({ id }) => binding.tensorDataSync(id) as Float32Array);
  for (const id of [...ids, ...results.map((one) => one.id)]) binding.deleteTensor(id);
  binding.deleteSavedModel(session);
  return values;
}

export interface Given {
  readonly shape: readonly number[];
  readonly values: Float32Array;
  /** Whether its type is that of the maps. */
  readonly map?: boolean;
}

/** Returns random numbers that bfloat16 holds exactly, around `centre`. */
export function random(name: string, shape: readonly number[], centre = 0, map = true): Given {
  const source = stream(1, name);
  const values = Float32Array.from({ length: sizeOf(shape) }, () => centre + source.normal());
  const bits = new Uint32Array(values.buffer);
  for (const [i, word] of bits.entries()) bits[i] = word & 0xffff0000;
  return { shape, values, map };
}

/** Returns the norm of the difference, relative to the norm of `expected`. */
export function distance(actual: Float32Array, expected: readonly number[]): number {
  assert.equal(actual.length, expected.length);
  const size = (all: readonly number[]): number =>
    Math.sqrt(all.reduce((sum, value) => sum + value ** 2, 0));
  return size(expected.map((value, i) => actual[i]! - value)) / size(expected);
}
