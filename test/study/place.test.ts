import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as v from 'valibot';
import { HERE, isAllowed, placeSchema, placeText } from '../../core/study/place.ts';
import { trainingSchema, withPlace, withoutPlace } from '../../core/study/plan.ts';
import { training } from '../contract/samples.ts';

const h100 = { machine: 'lena', device: 'NVIDIA H100', engine: 'TensorFlow 2.21.0' };

void describe('the place of a plan', () => {
  void test('allows what its entries name, and everything where it has none', () => {
    assert.ok(isAllowed({}, h100));
    assert.ok(isAllowed(h100, h100));
    for (const [entry, other] of [
      ['machine', HERE],
      ['device', 'NVIDIA A100'],
      ['engine', 'tfjs WASM'],
    ] as const) {
      assert.ok(isAllowed({ [entry]: h100[entry] }, h100));
      assert.equal(isAllowed({ [entry]: other }, h100), false);
    }
  });

  void test('is named in words', () => {
    assert.equal(placeText(h100), 'NVIDIA H100 with TensorFlow 2.21.0 on lena');
    assert.equal(placeText({ device: 'NVIDIA H100' }), 'NVIDIA H100');
    assert.equal(placeText({ machine: HERE }), 'the lab’s own machine');
    assert.equal(placeText({ machine: 'lena' }), 'lena');
    assert.equal(placeText({ engine: 'tfjs WASM' }), 'devices with tfjs WASM');
  });

  void test('older plans have none, and one without entries is none', () => {
    assert.deepEqual(v.parse(trainingSchema, training()), training());
    const placed = withPlace(training(), h100);
    assert.deepEqual(v.parse(trainingSchema, placed).place, h100);
    assert.deepEqual(withoutPlace(placed), training());
    assert.deepEqual(withPlace(placed, {}), training());
    assert.deepEqual(withPlace(placed, null), training());
  });

  void test('refuses a machine that is no id', () => {
    assert.equal(v.safeParse(placeSchema, { machine: 'lena/gpu' }).success, false);
  });
});
