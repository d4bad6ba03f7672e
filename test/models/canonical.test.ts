import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { architecture } from '../../core/models/architecture.ts';
import { initialParameters, initialStatistics } from '../../core/models/initialise.ts';
import { parameterCount, statistics, tensors, type TensorSpec } from '../../core/models/tensors.ts';

/**
 * Digests of version 0.1.0, which described each network by hand: names and shapes of its tensors,
 * of its statistics, and the bits of its initial parameters (100 classes, seed 7, node 2).
 * Checkpoints and the results of a seed depend on them.
 */
const kept: Readonly<Record<string, readonly [string, string, string]>> = {
  resnet8: ['5304bd3320ac', '138691a947c5', '2c1b8d900af2'],
  resnet32: ['89b04fa2ee9b', '27c811af9a5f', 'eb8f71308632'],
  resnet110: ['a91facc68c25', '0db4cfb769a7', 'c453bb4d02c4'],
  'wrn-10-1': ['5b6bd80d157a', '46948d17ab85', '14178bcd9b51'],
  'wrn-28-2': ['b39812b2ae4c', '00e3c2fbbde5', 'd62ae854590f'],
  'wrn-40-4': ['8abccc99c873', '608bbd73d657', 'd0a3c917a981'],
};

const digest = (bytes: string | Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex').slice(0, 12);

const namesAndShapes = (specs: readonly TensorSpec[]): string =>
  digest(JSON.stringify(specs.map(({ name, shape }) => [name, shape])));

describe('networks equal those of version 0.1.0', () => {
  for (const [name, expected] of Object.entries(kept)) {
    test(`${name}: same names, shapes, order and initial values`, () => {
      const model = architecture(name);
      const parameters = initialParameters(model, 100, 7, 2);
      assert.equal(parameters.length, parameterCount(model, 100));
      assert.deepEqual(
        [
          namesAndShapes(tensors(model, 100)),
          namesAndShapes(statistics(model)),
          digest(new Uint8Array(parameters.buffer)),
        ],
        expected,
      );
    });
  }

  test('running means start at 0 and running variances at 1', () => {
    const model = architecture('wrn-10-1');
    const flat = initialStatistics(model);
    let offset = 0;
    for (const { name, shape } of statistics(model)) {
      const part = flat.slice(offset, (offset += shape[0]!));
      const start = name.endsWith('/var') ? 1 : 0;
      assert.ok(
        part.every((value) => value === start),
        name,
      );
    }
    assert.equal(offset, flat.length);
  });
});
