import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { plainOperations } from '../../core/engine/plain-ops.ts';
import { openPortableBackend } from '../../core/engine/portable/backend.ts';
import {
  differentiate,
  differentiatePlainly,
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
    test(`${one.name}: as float64 and its differences`, () => {
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

  test('WASM runs where this machine has it', () => {
    assert.equal(backend, 'wasm');
  });
});
