import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { architecture } from '../../core/models/architecture.ts';
import { multiplyAdds, stageSizes, trainingBytes } from '../../core/models/cost.ts';
import { parameterCount } from '../../core/models/tensors.ts';

describe('cost of networks', () => {
  test('multiply-adds equal those of version 0.1.0', () => {
    const expected = {
      resnet20: 40_550_400,
      resnet110: 252_887_040,
      'wrn-28-2': 214_351_872,
      'wrn-40-4': 1_298_579_456,
    };
    for (const [name, count] of Object.entries(expected))
      assert.equal(multiplyAdds(architecture(name)), count, name);
  });

  test('four times the pixels are four times the multiply-adds, with the same parameters', () => {
    for (const name of ['resnet32', 'wrn-10-1']) {
      const [small, large] = [architecture(name), architecture(name, { side: 64 })];
      assert.equal(multiplyAdds(large), 4 * multiplyAdds(small));
      assert.equal(parameterCount(large, 10), parameterCount(small, 10));
    }
  });

  test('each stage has half the side of the one before', () => {
    assert.deepEqual(stageSizes(architecture('wrn-16-1', { side: 64 })), [
      { name: 's1', side: 64, channels: 16 },
      { name: 's2', side: 32, channels: 32 },
      { name: 's3', side: 16, channels: 64 },
    ]);
  });

  test('bytes of a step grow with the batch and add up over nodes', () => {
    const [one, other] = [architecture('resnet8'), architecture('wrn-10-1')];
    const bytes = (batch: number): number => trainingBytes([one], 10, batch);
    assert.equal(bytes(128) - bytes(64), bytes(64) - bytes(0));
    assert.equal(bytes(0), 4 * 4 * parameterCount(one, 10));
    assert.equal(trainingBytes([one, other], 10, 64), bytes(64) + trainingBytes([other], 10, 64));
    // by hand: stem 3 maps of 16 channels, then per block 5 in the body, the sum and its ReLU;
    // stages 2 and 3 also a halved shortcut, once with the old channels, once with the new
    const pixels = 32 * 32;
    const stage = (side: number, channels: number): number => side * side * channels * 7;
    const shortcut = 16 * 16 * (16 + 32) + 8 * 8 * (32 + 64);
    const activations = pixels * 16 * 3 + stage(32, 16) + stage(16, 32) + stage(8, 64) + shortcut;
    assert.equal((bytes(1) - bytes(0)) / 4, activations);
  });
});

describe('the side of the images', () => {
  test('is 32 by default', () => {
    assert.equal(architecture('resnet8').side, 32);
    assert.equal(architecture('resnet8'), architecture('ResNet_8', { side: 32 }));
    assert.notEqual(architecture('resnet8'), architecture('resnet8', { side: 64 }));
  });

  test('is refused when the network cannot halve it without a remainder', () => {
    for (const side of [30, 33, 0, -4, 32.5, NaN, Infinity])
      assert.throws(() => architecture('resnet8', { side }), { code: 'model.side' }, String(side));
    assert.equal(architecture('resnet8', { side: 28 }).side, 28);
  });
});
