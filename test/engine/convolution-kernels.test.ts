import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runsKernels } from '../../core/devices/processor.ts';
import { openEngine } from '../../core/engine/open.ts';
import { type Attribute, DataType, typeAttribute } from '../../core/engine/tensorflow/graph.ts';
import { allowed, compute, distance, type Given, random } from './kernel-support.ts';
import { plainConvolution, plainFilterGradient } from './plain-convolutions.ts';

const possible = runsKernels();
const skip = !possible.norms && 'NOT TESTED: this processor has no AVX-512 with bfloat16';
const skipTiles = !possible.tiles && 'NOT TESTED: this processor has no tiles (AMX)';
if (possible.norms) await openEngine({ engine: 'tensorflow', threads: 2 });

const filterGradient = (x: Given, dy: Given, type: DataType): Float32Array =>
  compute('KtgFilterGradient', [x, dy], { tiles }, [{ index: 0, map: false }], type)[0]!;
const tiles: Attribute = { kind: 'bool', value: true };

describe('the gradient of a filter in bfloat16 agrees with float32', { skip: skipTiles }, () => {
  for (const [map, outputs] of [
    [[2, 8, 8, 16], 16],
    [[3, 16, 16, 16], 32],
    [[5, 4, 8, 32], 16],
    [[1, 32, 32, 16], 48],
    [[17, 8, 8, 64], 64],
    [[2, 24, 24, 16], 16],
  ] as const)
    test(`[${map.join(', ')}] to ${outputs}`, () => {
      const x = random('x', map);
      const dy = random('dy', [...map.slice(0, 3), outputs]);
      const actual = filterGradient(x, dy, DataType.bfloat16);
      assert.ok(distance(actual, [...plainFilterGradient(x, dy)]) < 2e-5);
    });
});

/** The output of a convolution. */
const fetched = [{ index: 0, map: true }];

/** Attributes of a convolution to which `others` maps are added. */
const formOf = (type: DataType, turned: boolean, others = 0): Record<string, Attribute> => ({
  F: typeAttribute(type),
  N: { kind: 'int', value: others },
  turned: { kind: 'bool', value: turned },
});

/**
 * Checks a convolution and its gradient for the input, alone and with a map that is added; their
 * maps have a type.
 */
function checkConvolutions(map: readonly number[], outputs: number, type: DataType): void {
  const x = random('x', map);
  const other = random('other', [...map.slice(0, 3), outputs]);
  for (const turned of [false, true]) {
    const inner = turned ? [outputs, map[3]!] : [map[3]!, outputs];
    const filter = random('filter', [3, 3, ...inner]);
    const expected = plainConvolution(x, filter, outputs, turned);
    const inputs = [x, filter];
    const [y] = compute('KtgConvolution', inputs, formOf(type, turned), fetched, type);
    assert.ok(distance(y!, [...expected]) < allowed[type]!, `turned: ${turned}`);
    const [sum] = compute(
      'KtgConvolution',
      [...inputs, other],
      formOf(type, turned, 1),
      fetched,
      type,
    );
    const sums = [...expected].map((value, i) => value + other.values[i]!);
    assert.ok(distance(sum!, sums) < allowed[type]!, `turned: ${turned}, with a map`);
  }
}

describe('convolutions in bfloat16 agree with double precision', { skip: skipTiles }, () => {
  for (const [map, outputs] of [
    [[2, 8, 8, 16], 16],
    [[3, 16, 16, 16], 32],
    [[5, 4, 7, 32], 16],
    [[1, 32, 32, 32], 48],
    [[17, 8, 8, 64], 64],
    [[2, 5, 3, 96], 128],
  ] as const)
    test(`[${map.join(', ')}] to ${outputs}`, () =>
      checkConvolutions(map, outputs, DataType.bfloat16));
});

describe('convolutions in float32 agree with double precision', { skip }, () => {
  for (const [map, outputs] of [
    [[2, 8, 8, 16], 16],
    [[3, 16, 16, 16], 32],
    [[5, 4, 6, 32], 16],
    [[1, 2, 2, 48], 64],
    [[17, 8, 8, 64], 80],
    [[2, 10, 14, 96], 128],
  ] as const)
    test(`[${map.join(', ')}] to ${outputs}`, () => {
      checkConvolutions(map, outputs, DataType.float);
      const x = random('x', map);
      const dy = random('dy', [...map.slice(0, 3), outputs]);
      const gradient = filterGradient(x, dy, DataType.float);
      assert.ok(distance(gradient, [...plainFilterGradient(x, dy)]) < allowed[DataType.float]!);
    });

  test('a value that is not a number reaches only the outputs around it', () => {
    const x = random('x', [1, 8, 8, 16]);
    x.values[(3 * 8 + 3) * 16] = NaN;
    const filter = random('filter', [3, 3, 16, 16]);
    const [y] = compute(
      'KtgConvolution',
      [x, filter],
      formOf(DataType.float, false),
      fetched,
      DataType.float,
    );
    const near = (at: number): boolean => Math.abs(at - 3) <= 1;
    for (const [i, value] of y!.entries()) {
      const [row, column] = [Math.floor(i / 128), Math.floor(i / 16) % 8];
      assert.equal(Number.isNaN(value), near(row) && near(column), `row ${row}, column ${column}`);
    }
  });
});

describe('convolutions joined with norms agree with double precision', { skip }, () => {
  for (const [name, type, relu] of [
    ['in float32', DataType.float, false],
    ['in float32, with another map and a ReLU', DataType.float, true],
    ['in bfloat16', DataType.bfloat16, false],
    ['in bfloat16, with another map and a ReLU', DataType.bfloat16, true],
  ] as const)
    test(name, { skip: type === DataType.bfloat16 && skipTiles }, () => {
      const x = random('x', [3, 6, 8, 32]);
      const filter = random('filter', [3, 3, 32, 48]);
      const [gamma, beta, mean] = ['gamma', 'beta', 'mean'].map((name) =>
        random(name, [48], 1, false),
      ) as [Given, Given, Given];
      const variance = { ...beta, values: beta.values.map((value) => value ** 2 + 100) };
      const other = random('other', [3, 6, 8, 48], 1);
      const [y] = compute(
        'KtgNormedConvolution',
        [x, filter, gamma, beta, mean, variance, ...(relu ? [other] : [])],
        {
          F: typeAttribute(type),
          N: { kind: 'int', value: relu ? 1 : 0 },
          relu: { kind: 'bool', value: relu },
          epsilon: { kind: 'float', value: 1e-5 },
        },
        fetched,
        type,
      );
      const expected = plainConvolution(x, filter, 48, false).map((value, i) => {
        const c = i % 48;
        const inverse = 1 / Math.sqrt(variance.values[c]! + 1e-5);
        const normed = (value - mean.values[c]!) * inverse * gamma.values[c]! + beta.values[c]!;
        return relu ? Math.max(0, normed + other.values[i]!) : normed;
      });
      assert.ok(distance(y!, [...expected]) < allowed[type]!);
    });
});
