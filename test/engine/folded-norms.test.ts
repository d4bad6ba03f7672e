import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stream } from '../../core/base/random.ts';
import { forward, runningNormaliser, unflatten } from '../../core/engine/forward.ts';
import type { Tensor } from '../../core/engine/ops.ts';
import { loadBinding } from '../../core/engine/tensorflow/binding.ts';
import { nativeOperations } from '../../core/engine/tensorflow/native-ops.ts';
import { architecture } from '../../core/models/architecture.ts';
import { initialParameters } from '../../core/models/initialise.ts';
import { sizeOf, statistics, tensors } from '../../core/models/tensors.ts';

const CLASSES = 10;
const tensorflow = loadBinding({ threads: 2 });
const { tf } = tensorflow;
const ops = nativeOperations(tensorflow);

/** Returns numbers between two limits. */
function numbers(purpose: string, count: number, least: number, most: number): Float32Array {
  const random = stream(3, purpose);
  return Float32Array.from({ length: count }, () => least + (most - least) * random.uniform());
}

/** Returns the logits of a network with running statistics, with norms folded or applied alone. */
function logitsOf(name: string, folded: boolean): Float32Array {
  const model = architecture(name);
  const specs = statistics(model);
  // Means and variances differ from channel to channel, and so do gamma, beta and bias.
  const running = specs.flatMap((spec, at) =>
    Array.from(numbers(`${at}`, sizeOf(spec.shape), at % 2 === 0 ? -0.5 : 0.3, 1.5)),
  );
  const start = initialParameters(model, CLASSES, 1, 1);
  const shifts = numbers('shift', start.length, -0.02, 0.02);
  const parameters = start.map((value, i) => value + shifts[i]!);
  return tf.tidy(() => {
    const states = unflatten(tf, tf.tensor1d(running), specs);
    const { apply, fold } = runningNormaliser(tf, ops, states);
    const normalise = folded ? { apply, fold: fold! } : { apply };
    const own = unflatten(tf, tf.tensor1d(parameters), tensors(model, CLASSES));
    const images = tf.tensor4d(numbers('images', 3 * 32 * 32 * 3, 0, 1), [3, 32, 32, 3]) as Tensor;
    return forward(tf, ops, model, own, normalise, images).logits.dataSync() as Float32Array;
  });
}

describe('norms that convolutions take into their filters give the same logits', () => {
  // Convolutions with and without bias, norms before and after them, and depthwise ones.
  for (const name of ['resnet8', 'vgg8', 'wrn-10-1', 'mobilenetv2-half', 'resnet18'])
    test(name, () => {
      const [expected, found] = [logitsOf(name, false), logitsOf(name, true)];
      const largest = Math.max(...expected.map(Math.abs));
      const errors = found.map((value, i) => Math.abs(value - expected[i]!));
      assert.ok(largest > 0.01, `the logits say little: ${largest}`);
      assert.ok(Math.max(...errors) / largest < 1e-4, `${Math.max(...errors)} of ${largest}`);
      assert.notDeepEqual(found, expected); // the folded form was computed
    });
});
