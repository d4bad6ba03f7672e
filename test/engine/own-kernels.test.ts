import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runsKernels } from '../../core/devices/processor.ts';
import type { Shortened } from '../../core/engine/tensorflow/bfloat16.ts';
import { loadBinding } from '../../core/engine/tensorflow/binding.ts';
import { bytesAndIntegers } from '../../core/engine/tensorflow/gather.ts';
import { type Attribute, DataType } from '../../core/engine/tensorflow/graph.ts';
import { nativeOperations } from '../../core/engine/tensorflow/native-ops.ts';
import {
  noKernels,
  type OwnKernels,
  withOwnKernels,
} from '../../core/engine/tensorflow/own-kernels.ts';
import { recordStep } from '../../core/engine/tensorflow/record-step.ts';
import { openEngine } from '../../core/engine/open.ts';
import { allowed, compute, distance, type Given, random } from './kernel-support.ts';
import { planOf } from './support.ts';

const possible = runsKernels();
const skipNorms = !possible.norms && 'NOT TESTED: this processor has no AVX-512 with bfloat16';
if (possible.norms)
  await openEngine({ engine: 'tensorflow', threads: 2, computation: { precision: 'bfloat16' } });
const tensorflow = loadBinding();

/** Returns the operations of a recorded step by name, with their counts. */
function operationsOf(
  text: string,
  kernels: Partial<OwnKernels>,
  shortened: Shortened = 'maps',
): Counts {
  const nodes = recordStep(tensorflow, planOf(text, 4), {
    ops: nativeOperations(tensorflow),
    stored: bytesAndIntegers,
    shortened,
    evaluationBatch: 8,
  });
  const found: Record<string, number> = {};
  const result = withOwnKernels(nodes, { ...noKernels, ...kernels });
  const names = new Set(result.map(({ name }) => name));
  for (const { op, inputs } of result) {
    found[op] = (found[op] ?? 0) + 1;
    for (const { node } of inputs) assert.ok(names.has(node), `${op} reads ${node}`);
  }
  return found;
}
type Counts = Readonly<Record<string, number>>;

/** Checks which convolutions of a ResNet8 are our own. */
function checkConvolutions(found: Counts): void {
  // Four convolutions and their gradients; the stem reads 3 channels, and two have stride 2.
  assert.equal(found.KtgConvolution, 8);
  assert.equal(found.KtgFilterGradient, 4);
  assert.equal(found.Conv2DBackpropInput, 2);
  assert.equal(found.Conv2DBackpropFilter, 3);
  // Evaluation joins the same four with their norms.
  assert.equal(found.KtgNormedConvolution, 4);
  assert.equal(found.FusedBatchNorm, 3);
  assert.equal(found.Conv2D, 3 + 3);
}

describe('a recorded step with our own kernels', () => {
  test('joins every norm of a residual network with its additions and ReLUs', () => {
    const found = operationsOf('resnet8=T', { norms: true, tiles: true });
    assert.equal(found.KtgNorm, 7);
    assert.equal(found.KtgNormGradient, 7);
    assert.equal(found.FusedBatchNormV3, undefined);
    assert.equal(found.FusedBatchNormGradV3, undefined);
    assert.equal(found.ReluGrad, undefined);
    checkConvolutions(found);
  });

  test('convolves in float32 where a filter has 3x3 weights and stride 1', () => {
    const found = operationsOf('resnet8=T', { norms: true, convolutions: true }, 'none');
    assert.equal(found.KtgNorm, 7);
    checkConvolutions(found);
  });

  test('convolves in bfloat16 with vectors, and filters that nothing rounded before', () => {
    const found = operationsOf('resnet8=T', { norms: true, vectors: true });
    assert.equal(found.KtgNorm, 7);
    checkConvolutions(found);
    const rounded = operationsOf('resnet8=T', { norms: true, tiles: true });
    assert.ok(found.Cast! < rounded.Cast!, `${found.Cast} and ${rounded.Cast} casts`);
  });

  test('joins additions beside blocks that begin with norms', () => {
    const additions = (kernels: Partial<OwnKernels>) => operationsOf('wrn-10-1=T', kernels).Add!;
    const recorded = additions(noKernels);
    // One sum of the slopes of a block and of its shortcut; two of slopes before a norm.
    assert.equal(recorded - additions({ norms: true }), 3);
    // The three sums of blocks and shortcuts, in training and in evaluation.
    assert.equal(additions({ norms: true }) - additions({ norms: true, tiles: true }), 6);
  });

  test('keeps the operations of networks with other numbers of channels', () => {
    const found = operationsOf('mobilenetv2-half=T', { norms: true, tiles: true });
    assert.ok(found.KtgNorm! > 0 && found.FusedBatchNormV3! > 0);
    assert.equal(found.KtgNorm! + found.FusedBatchNormV3!, 53);
    assert.equal(found.KtgNorm, found.KtgNormGradient);
  });

  test('without kernels is as it was recorded', () => {
    const found = operationsOf('resnet8=T', noKernels);
    assert.equal(found.KtgNorm, undefined);
    assert.equal(found.KtgFilterGradient, undefined);
    assert.equal(found.FusedBatchNormV3, 7);
  });
});

const EPSILON = 1e-5;

/** A batch norm in double precision: its output, and its gradients for `slope`. */
function plainNorm(x: Given, gamma: Given, beta: Given, slope: Float32Array) {
  const channels = gamma.values.length;
  const count = x.values.length / channels;
  const of = (all: ArrayLike<number>, each: (value: number, at: number) => number): number[] => {
    const sums = new Array<number>(channels).fill(0);
    for (let i = 0; i < all.length; i++) sums[i % channels]! += each(all[i]!, i);
    return sums;
  };
  const mean = of(x.values, (value) => value / count);
  const biased = of(x.values, (value, i) => (value - mean[i % channels]!) ** 2 / count);
  const inverse = biased.map((value) => 1 / Math.sqrt(value + EPSILON));
  const normal = [...x.values].map((v, i) => (v - mean[i % channels]!) * inverse[i % channels]!);
  const dbeta = of(slope, (value) => value);
  const dgamma = of(slope, (value, i) => value * normal[i]!);
  const y = normal.map((v, i) => v * gamma.values[i % channels]! + beta.values[i % channels]!);
  const dx = normal.map((v, i) => {
    const c = i % channels;
    const rest = slope[i]! - dbeta[c]! / count - (v * dgamma[c]!) / count;
    return gamma.values[c]! * inverse[c]! * rest;
  });
  const variance = biased.map((value) => (value * count) / (count - 1));
  return { y, mean, variance, inverse, dx, dgamma, dbeta };
}

describe('kernels of norms agree with double precision', { skip: skipNorms }, () => {
  for (const type of [DataType.float, DataType.bfloat16])
    for (const shape of [
      [3, 7, 5, 16],
      [2, 4, 4, 48],
      [9, 8, 8, 64],
    ])
      test(`${type === DataType.float ? 'float32' : 'bfloat16'}, [${shape.join(', ')}]`, () => {
        const bound = allowed[type]!;
        const channels = [shape[3]!];
        const x = random('x', shape, 5);
        const gamma = random('gamma', channels, 1, false);
        const beta = random('beta', channels, 0, false);
        const [other, dy, more] = ['other', 'dy', 'more'].map((name) => random(name, shape)) as [
          Given,
          Given,
          Given,
        ];
        const number = (value: number): Attribute => ({ kind: 'int', value });
        const flag = (value: boolean): Attribute => ({ kind: 'bool', value });
        const forward = compute(
          'KtgNorm',
          [x, gamma, beta, other],
          { N: number(1), relu: flag(true), epsilon: { kind: 'float', value: EPSILON } },
          [0, 1, 2, 3].map((index) => ({ index, map: index === 0 })),
          type,
        );
        const plain = plainNorm(x, gamma, beta, dy.values);
        const y = plain.y.map((value, i) => Math.max(0, value + other.values[i]!));
        assert.ok(distance(forward[0]!, y) < bound, 'output');
        for (const [i, part] of (['mean', 'variance', 'inverse'] as const).entries())
          assert.ok(distance(forward[i + 1]!, plain[part]) < 1e-6, part);

        const masked = dy.values.map((value, i) =>
          forward[0]![i]! > 0 ? value + more.values[i]! : 0,
        );
        const expected = plainNorm(x, gamma, beta, masked);
        const statistics = [forward[1]!, forward[3]!].map((values): Given => ({
          shape: channels,
          values,
        }));
        const output: Given = { shape, values: forward[0]!, map: true };
        const added = random('added', shape);
        const gradients = (others: readonly Given[]) =>
          compute(
            'KtgNormGradient',
            [x, gamma, ...statistics, dy, more, output, ...others],
            { N: number(2), M: number(1), P: number(others.length), keep_slope: flag(true) },
            [0, 1, 2, 3].map((index) => ({ index, map: index === 0 || index === 3 })),
            type,
          ) as [Float32Array, Float32Array, Float32Array, Float32Array];
        const [dx, dgamma, dbeta, slope] = gradients([]);
        const [sum] = gradients([added]);
        assert.ok(distance(slope, [...masked]) < bound, 'slope');
        assert.ok(distance(dx, expected.dx) < 2 * bound, 'gradient of x');
        const sums = expected.dx.map((value, i) => value + added.values[i]!);
        assert.ok(distance(sum, sums) < bound, 'gradient of x with a map');
        assert.ok(distance(dgamma, expected.dgamma) < bound, 'gradient of gamma');
        assert.ok(distance(dbeta, expected.dbeta) < bound, 'gradient of beta');
      });

  test('equal slopes of all pixels move no input, although their sum is rounded', () => {
    const shape = [1, 8, 8, 16];
    const channels = [16];
    const equal = (name: string, centre: number): Given => {
      const one = random(name, channels, centre).values;
      return {
        shape,
        values: Float32Array.from({ length: 1024 }, (_, i) => one[i % 16]!),
        map: true,
      };
    };
    const x = random('x', shape);
    const gamma = random('gamma', channels, 1, false);
    const plain = plainNorm(x, gamma, gamma, x.values);
    const given = (values: readonly number[]): Given => ({
      shape: channels,
      values: Float32Array.from(values),
    });
    const [dx, slope] = compute(
      'KtgNormGradient',
      [
        ...[x, gamma, given(plain.mean), given(plain.inverse)],
        ...[equal('dy', 100), equal('more', 0), equal('output', 100)],
      ],
      {
        N: { kind: 'int', value: 2 },
        M: { kind: 'int', value: 1 },
        P: { kind: 'int', value: 0 },
        keep_slope: { kind: 'bool', value: true },
      },
      [0, 3].map((index) => ({ index, map: true })),
      DataType.bfloat16,
    ) as [Float32Array, Float32Array];
    assert.ok(slope.every((value) => value > 90));
    assert.ok(
      dx.every((value) => Math.abs(value) < 1e-3),
      `${Math.max(...dx.map(Math.abs))}`,
    );
  });

  test('a value that is not a number stays one behind a ReLU', () => {
    const x = random('x', [1, 4, 4, 16]);
    x.values[3] = NaN;
    const [gamma, beta] = ['gamma', 'beta'].map((name) => random(name, [16], 1, false)) as [
      Given,
      Given,
    ];
    const attributes: Record<string, Attribute> = {
      N: { kind: 'int', value: 0 },
      relu: { kind: 'bool', value: true },
      epsilon: { kind: 'float', value: EPSILON },
    };
    for (const type of [DataType.float, DataType.bfloat16]) {
      const fetched = [{ index: 0, map: true }];
      const [y] = compute('KtgNorm', [x, gamma, beta], attributes, fetched, type);
      assert.ok(y!.every((value, i) => Number.isNaN(value) === (i % 16 === 3)));
    }
  });
});
