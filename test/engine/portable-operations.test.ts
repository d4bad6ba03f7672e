import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { plainOperations } from '../../core/engine/plain-ops.ts';
import { openPortableBackend } from '../../core/engine/portable/backend.ts';
import { LAYER_ALLOWED, layerCases, layerError, ties, tiesGradient } from './layer-cases.ts';
import {
  cotangentOf,
  differentiate,
  differentiatePlainly,
  type OperationCase,
  operationCases,
  relativeError,
  tensorsOf,
} from './operation-cases.ts';

const { tf, backend } = await openPortableBackend();
const ops = plainOperations(tf);

/** float32, in sums of up to a hundred numbers. */
const ALLOWED = 2e-5;

describe(`plain operations on ${backend}, on inputs far from mean 0 and variance 1`, () => {
  for (const one of operationCases) {
    test(`${one.name}: equals float64 and finite differences`, () => {
      const held = tf.memory().numTensors;
      const inputs = tensorsOf(tf, one);
      const results = tf.tidy(() => differentiate(tf, ops, one, inputs));
      for (const [i, expected] of differentiatePlainly(one).entries()) {
        const error = relativeError(results[i]!.dataSync(), expected);
        assert.ok(
          error < ALLOWED,
          `${i === 0 ? 'output' : `gradient of input ${i}`} is off by ${error}`,
        );
      }
      tf.dispose([...inputs, ...results]);
      assert.equal(tf.memory().numTensors, held, 'tensors left behind');
    });
  }

  const compute = (one: OperationCase): Float32Array[] => {
    const inputs = tensorsOf(tf, one);
    const results = tf.tidy(() => differentiate(tf, ops, one, inputs));
    const values = results.map((result) => result.dataSync() as Float32Array);
    tf.dispose([...inputs, ...results]);
    return values;
  };
  for (const { one, expected } of layerCases) {
    test(`${one.name}: equals PyTorch`, () => {
      for (const [i, values] of compute(one).entries()) {
        const error = layerError(values, expected[i]!);
        assert.ok(error < LAYER_ALLOWED, `${i} is off by ${error}`);
      }
    });
  }

  test('of equal pixels the first gets the gradient of a max-pool', () => {
    const expected = tiesGradient(cotangentOf(ties.name, 12).map(Math.fround));
    assert.deepEqual([...compute(ties)[1]!], expected);
  });

  test('WASM runs on a machine that supports it', () => {
    assert.equal(backend, 'wasm');
  });
});
