import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runsKernels } from '../../core/devices/processor.ts';
import { openEngine } from '../../core/engine/open.ts';
import { type Attribute, DataType, typeAttribute } from '../../core/engine/tensorflow/graph.ts';
import { findCompiler } from '../../core/install/addon.ts';
import { compilerFlags } from '../../core/install/kernels.ts';
import { temporaryFolder } from '../data/support.ts';
import { allowed, compute, distance, type Given, random } from './kernel-support.ts';
import { plainConvolution, plainFilterGradient } from './plain-convolutions.ts';

const possible = runsKernels();
const skip = !possible.norms && 'NOT TESTED: this processor has no AVX-512 with bfloat16';
if (possible.norms) await openEngine({ engine: 'tensorflow', threads: 2 });

const type = DataType.bfloat16;
const bound = allowed[type]!;
const fetched = [{ index: 0, map: true }];
const filterOf = (shape: readonly number[]): Given => random('filter', shape, 0, false);
const integer = (value: number): Attribute => ({ kind: 'int', value });
const flag = (value: boolean): Attribute => ({ kind: 'bool', value });
const F = typeAttribute(DataType.float);

/** Maps, and the number of outputs. */
const cases = [
  [[2, 8, 8, 16], 16],
  [[1, 1, 1, 16], 16],
  [[3, 7, 5, 16], 32],
  [[1, 9, 33, 16], 48],
  [[5, 4, 6, 32], 16],
  [[7, 3, 2, 128], 16],
  [[2, 5, 3, 96], 128],
  [[17, 8, 8, 64], 64],
  [[40, 2, 2, 16], 16],
] as const;

describe('convolutions in bfloat16 without tiles agree with double precision', { skip }, () => {
  for (const [map, outputs] of cases)
    test(`[${map.join(', ')}] to ${outputs}`, () => {
      const x = random('x', map);
      const other = random('other', [...map.slice(0, 3), outputs]);
      for (const turned of [false, true]) {
        const inner = turned ? [outputs, map[3]] : [map[3], outputs];
        const filter = filterOf([3, 3, ...inner]);
        const expected = [...plainConvolution(x, filter, outputs, turned)];
        const form = { F, turned: flag(turned) };
        const alone = { ...form, N: integer(0) };
        const [y] = compute('KtgConvolution', [x, filter], alone, fetched, type);
        assert.ok(distance(y!, expected) < bound, `turned: ${turned}`);
        const added = { ...form, N: integer(1) };
        const [sum] = compute('KtgConvolution', [x, filter, other], added, fetched, type);
        const sums = expected.map((value, i) => value + other.values[i]!);
        assert.ok(distance(sum!, sums) < bound, `turned: ${turned}, with a map`);
      }
    });

  test('joined with a norm, another map and a ReLU', () => {
    const x = random('x', [3, 5, 7, 32]);
    const filter = filterOf([3, 3, 32, 48]);
    const [gamma, beta, mean] = ['gamma', 'beta', 'mean'].map((name) =>
      random(name, [48], 1, false),
    ) as [Given, Given, Given];
    const variance = { ...beta, values: beta.values.map((value) => value ** 2 + 100) };
    const other = random('other', [3, 5, 7, 48], 1);
    const [y] = compute(
      'KtgNormedConvolution',
      [x, filter, gamma, beta, mean, variance, other],
      { F, N: integer(1), relu: flag(true), epsilon: { kind: 'float', value: 1e-5 } },
      fetched,
      type,
    );
    const expected = plainConvolution(x, filter, 48, false).map((value, i) => {
      const c = i % 48;
      const scale = gamma.values[c]! / Math.sqrt(variance.values[c]! + 1e-5);
      const normed = (value - mean.values[c]!) * scale + beta.values[c]!;
      return Math.max(0, normed + other.values[i]!);
    });
    assert.ok(distance(y!, [...expected]) < bound);
  });

  test('a value that is not a number reaches only the outputs around it', () => {
    const x = random('x', [1, 8, 8, 16]);
    for (const column of [3, 4]) {
      const values = x.values.slice();
      values[(3 * 8 + column) * 16] = NaN;
      const form = { F, turned: flag(false), N: integer(0) };
      const inputs = [{ ...x, values }, filterOf([3, 3, 16, 16])];
      const [y] = compute('KtgConvolution', inputs, form, fetched, type);
      for (const [i, value] of y!.entries()) {
        const [row, beside] = [Math.floor(i / 128), Math.floor(i / 16) % 8];
        const near = Math.abs(row - 3) <= 1 && Math.abs(beside - column) <= 1;
        assert.equal(Number.isNaN(value), near, `row ${row}, column ${beside} of ${column}`);
      }
    }
  });
});

describe('gradients of filters in bfloat16 without tiles agree with double', { skip }, () => {
  for (const [map, outputs] of cases)
    test(`[${map.join(', ')}] to ${outputs}`, () => {
      const x = random('x', map);
      const dy = random('dy', [...map.slice(0, 3), outputs]);
      const form = { tiles: flag(false) };
      const result = [{ index: 0, map: false }];
      const [gradient] = compute('KtgFilterGradient', [x, dy], form, result, type);
      assert.ok(distance(gradient!, [...plainFilterGradient(x, dy)]) < bound);
    });
});

test('kernels without tiles give equal bits with any number of threads', { skip }, async (t) => {
  const program = join(await temporaryFolder(t), 'rows');
  const kernels = ['direct_convolution', 'row_convolution', 'row_gradient', 'parallel'];
  const sources = [
    'row-kernels.cc',
    ...kernels.map((name) => `../../core/engine/kernels/${name}.cc`),
  ];
  const paths = sources.map((name) => fileURLToPath(new URL(name, import.meta.url)));
  execFileSync(findCompiler(), [...compilerFlags, '-Werror', ...paths, '-o', program]);
  const [one, two, five] = [1, 2, 5].map((threads) =>
    execFileSync(program, {
      encoding: 'utf8',
      env: { ...process.env, TF_NUM_INTRAOP_THREADS: `${threads}` },
    }),
  );
  assert.equal(one!.trim().split('\n').length, 15);
  assert.equal(two, one);
  assert.equal(five, one);
});
