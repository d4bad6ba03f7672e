import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runsKernels } from '../../core/devices/processor.ts';
import { openEngine } from '../../core/engine/open.ts';
import { type Attribute, DataType, typeAttribute } from '../../core/engine/tensorflow/graph.ts';
import { sizeOf } from '../../core/models/tensors.ts';
import { compute } from './kernel-support.ts';

const possible = runsKernels();
const skip = !possible.norms && 'NOT TESTED: this processor has no AVX-512 with bfloat16';
if (possible.norms) await openEngine({ engine: 'tensorflow', threads: 2 });

type Attributes = Readonly<Record<string, Attribute>>;

const integer = (value: number): Attribute => ({ kind: 'int', value });
const flag = (value: boolean): Attribute => ({ kind: 'bool', value });
const epsilon: Attribute = { kind: 'float', value: 1e-5 };

/** A call of a kernel: shapes of its inputs by name, of which vectors are always float32. */
interface Use {
  readonly op: string;
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  readonly vectors: readonly string[];
  readonly attributes: Attributes;
  /** Whether the first output has the type of the maps. */
  readonly map: boolean;
}

/** Runs a kernel on zeros whose maps have a type. */
function run({ op, shapes, vectors, attributes, map }: Use, type: DataType): void {
  const inputs = Object.entries(shapes).map(([name, shape]) => ({
    ...{ shape, values: new Float32Array(sizeOf(shape)) },
    map: !vectors.includes(name),
  }));
  // Filters have the type of the maps: bfloat16 for tiles.
  const filters: Attributes = shapes.filter ? { F: typeAttribute(type) } : {};
  compute(op, inputs, { ...filters, ...attributes }, [{ index: 0, map }], type);
}

const x = [2, 4, 8, 16];
const y = [2, 4, 8, 32];
const filter = [3, 3, 16, 32];

const convolution: Use = {
  ...{ op: 'KtgConvolution', map: true, vectors: [] },
  shapes: { x, filter, other: y },
  attributes: { N: integer(1), turned: flag(false) },
};
const turned: Use = {
  ...{ op: 'KtgConvolution', map: true, vectors: [] },
  shapes: { x: y, filter, other: x },
  attributes: { N: integer(1), turned: flag(true) },
};
const normedConvolution: Use = {
  ...{ op: 'KtgNormedConvolution', map: true },
  shapes: { x, filter, gamma: [32], beta: [32], mean: [32], variance: [32], other: y },
  vectors: ['gamma', 'beta', 'mean', 'variance'],
  attributes: { N: integer(1), relu: flag(true), epsilon },
};
const filterGradient: Use = {
  ...{ op: 'KtgFilterGradient', map: false, vectors: [] },
  shapes: { x, dy: y },
  attributes: { tiles: flag(true) },
};
const norm: Use = {
  ...{ op: 'KtgNorm', map: true },
  shapes: { x, gamma: [16], beta: [16], other: x },
  vectors: ['gamma', 'beta'],
  attributes: { N: integer(1), relu: flag(true), epsilon },
};
const normGradient: Use = {
  ...{ op: 'KtgNormGradient', map: true },
  shapes: {
    ...{ x, gamma: [16], mean: [16], inverse: [16], slope: x },
    ...{ more: x, output: x, added: x },
  },
  vectors: ['gamma', 'mean', 'inverse'],
  attributes: { N: integer(2), M: integer(1), P: integer(1), keep_slope: flag(true) },
};
const uses = { convolution, turned, normedConvolution, filterGradient, norm, normGradient };
const types = { float32: DataType.float, bfloat16: DataType.bfloat16 };

describe('a kernel refuses shapes outside of which it would read', { skip }, () => {
  for (const [what, use] of Object.entries(uses))
    for (const [precision, type] of Object.entries(types))
      test(`${what} in ${precision}: each input alone`, () => {
        for (const [name, shape] of Object.entries(use.shapes)) {
          const wrong = [
            [...shape.slice(0, -1), 0],
            [...shape.slice(0, -1), shape.at(-1)! - 8],
            [shape[0]! - 1, ...shape.slice(1)],
            [...shape, 1],
            shape.slice(1),
          ];
          for (const other of wrong)
            assert.throws(
              () => run({ ...use, shapes: { ...use.shapes, [name]: other } }, type),
              /; this kernel needs \[|do not fit: /,
              `${name} as [${other.join(', ')}]`,
            );
        }
      });

  test('the refusal names the tensor, its shape and the one that fits', () => {
    const other = { ...convolution, shapes: { x, filter: [5, 5, 16, 32], other: y } };
    assert.throws(
      () => run(other, DataType.float),
      /The shape of filter is \[5, 5, 16, 32\]; this kernel needs \[3, 3, 16, 32\]\./,
    );
  });
});

describe('a kernel refuses sizes that it does not compute', { skip }, () => {
  const conv = (map: number[], outputs: number): Use => ({
    ...convolution,
    shapes: { x: map, filter: [3, 3, map[3]!, outputs] },
    attributes: { ...convolution.attributes, N: integer(0) },
  });
  const gradient = (map: number[], outputs: number): Use => ({
    ...filterGradient,
    shapes: { x: map, dy: [...map.slice(0, 3), outputs] },
  });

  test('convolutions in float32', () => {
    for (const make of [conv, gradient])
      for (const [map, outputs] of [
        [[1, 3, 4, 16], 16],
        [[1, 4, 3, 16], 16],
        [[1, 4, 4, 8], 16],
        [[1, 4, 4, 16], 24],
        [[1, 2, 2, 16], 4096],
      ] as const)
        assert.throws(
          () => run(make([...map], outputs), DataType.float),
          new RegExp(`Maps \\[${map.join(', ')}\\] and ${outputs} outputs do not fit: `),
        );
  });

  test('convolutions in bfloat16', () => {
    for (const use of [
      ...[conv([1, 4, 8, 48], 16), conv([1, 4, 8, 16], 8)],
      ...[gradient([1, 4, 7, 16], 16), gradient([1, 4, 4, 16], 16), gradient([1, 4, 8, 8], 16)],
    ])
      assert.throws(() => run(use, DataType.bfloat16), /do not fit: /);
  });

  test('convolutions in bfloat16 with vectors', () => {
    const wide: Attributes = { F: typeAttribute(DataType.float) };
    const few = conv([1, 4, 8, 24], 16);
    const many = gradient([1, 4, 8, 16], 4096);
    for (const use of [
      { ...few, vectors: ['filter'], attributes: { ...few.attributes, ...wide } },
      { ...many, attributes: { tiles: flag(false) } },
    ])
      assert.throws(() => run(use, DataType.bfloat16), /do not fit: .* multiples of 16/);
  });

  test('norms', () => {
    const shapes = { x: [1, 2, 2, 8], gamma: [8], beta: [8], other: [1, 2, 2, 8] };
    for (const type of Object.values(types))
      assert.throws(() => run({ ...norm, shapes }, type), /8 channels do not fit: norms need/);
  });
});

describe('a kernel refuses attributes that it does not compute', { skip }, () => {
  test('more maps in a list than it reads', () => {
    const others = { other: x, third: x };
    const two = { ...norm.attributes, N: integer(2) };
    const use = { ...norm, shapes: { ...norm.shapes, ...others }, attributes: two };
    assert.throws(() => run(use, DataType.float), /N is 2; this kernel takes 0 or 1\./);
  });
});
