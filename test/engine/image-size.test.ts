import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stream } from '../../core/base/random.ts';
import { augmentedBatch } from '../../core/data/augment.ts';
import { type Crop, epochBatches, type Padding, paperPadding } from '../../core/data/batches.ts';
import type { Engine, ImageSet, StepPlan } from '../../core/engine/engine.ts';
import { openEngine } from '../../core/engine/open.ts';
import { loadBinding } from '../../core/engine/tensorflow/binding.ts';
import { recordingFile } from '../../core/engine/tensorflow/recordings.ts';
import { residentImages } from '../../core/engine/tensorflow/resident.ts';
import { architecture } from '../../core/models/architecture.ts';
import { openHere } from './device.ts';
import {
  assertAllBits,
  assertBits,
  CLASSES,
  codesOf,
  planOf,
  settings,
  someState,
} from './support.ts';

const SIDE = 20;
const BATCH = 6;
const COUNT = 12;

const captured = await openHere();
const eager = await openEngine({ engine: 'eager' });
const compiled = await openEngine({ engine: 'tensorflow', computation: { compiler: 'xla' } });

function images(side: number): ImageSet {
  const random = stream(3, 'image sizes');
  return {
    images: Uint8Array.from({ length: COUNT * side * side * 3 }, () => random.below(256)),
    labels: Int32Array.from({ length: COUNT }, (_, image) => image % CLASSES),
  };
}

const planFor = (side: number): StepPlan => ({
  architectures: [architecture('resnet8', { side }), architecture('wrn-10-1', { side })],
  classes: CLASSES,
  batch: BATCH,
});

/** Pixel (h, w) of the training image of a code, by its definition. */
function augmented(set: ImageSet, side: number, code: Int32Array, h: number, w: number): number[] {
  const [image, flip, row, column] = code as unknown as [number, number, number, number];
  const reflect = (i: number): number => (i < 0 ? -i : i >= side ? 2 * (side - 1) - i : i);
  const y = reflect(h + row - 4);
  const x = reflect(w + column - 4);
  const start = ((image * side + y) * side + (flip === 1 ? side - 1 - x : x)) * 3;
  return [...set.images.subarray(start, start + 3)].map((byte) => Math.fround(byte / 255));
}

describe(`images of ${SIDE} x ${SIDE} pixels`, () => {
  test('are flipped, padded and cropped at their own size', () => {
    const set = images(SIDE);
    const { tf } = loadBinding();
    const source = residentImages(loadBinding(), SIDE, paperPadding);
    const codes = codesOf(COUNT, BATCH)[0]!;
    tf.tidy(() => {
      source.load(set);
      const { images: batch } = source.training(codes);
      assert.deepEqual(batch.shape, [BATCH, SIDE, SIDE, 3]);
      const expected = Array.from({ length: BATCH * SIDE * SIDE }, (_, i) => {
        const code = codes.subarray(Math.floor(i / SIDE / SIDE) * 4).subarray(0, 4);
        return augmented(set, SIDE, code, Math.floor(i / SIDE) % SIDE, i % SIDE);
      });
      assert.deepEqual([...batch.dataSync()], expected.flat());
    });
    source.dispose();
  });

  test('are padded by reflection or with zeros of any width', () => {
    const set = images(SIDE);
    const { tf } = loadBinding();
    for (const padding of [
      { mode: 'zero', pixels: 4 },
      { mode: 'reflect', pixels: 2 },
      { mode: 'zero', pixels: 3 },
    ] satisfies Padding[]) {
      const source = residentImages(loadBinding(), SIDE, padding);
      const codes = Int32Array.from({ length: BATCH * 4 }, (_, i) =>
        i % 4 < 2 ? (i >> 2) % 2 : (i * 5) % (2 * padding.pixels + 1),
      );
      tf.tidy(() => {
        source.load(set);
        const { images: batch } = source.training(codes);
        const expected = augmentedBatch({ ...set, side: SIDE }, codes, padding);
        assert.deepEqual([...batch.dataSync()], [...expected.images], padding.mode);
      });
      source.dispose();
    }
  });

  test('are resized from their parts as in JavaScript, to the last bit', () => {
    const { tf } = loadBinding();
    const crop: Crop = { mode: 'resized', area: 0.08 };
    const all = Int32Array.from({ length: COUNT }, (_, image) => image);
    for (const side of [SIDE, 32, 96, 128]) {
      const set = images(side);
      const source = residentImages(loadBinding(), side, crop);
      const codes = epochBatches(1, 1, all, COUNT, crop, side);
      tf.tidy(() => {
        source.load(set);
        const { images: batch, labels } = source.training(codes);
        const expected = augmentedBatch({ ...set, side }, codes, crop);
        assertBits(batch.dataSync() as Float32Array, expected.images, `${side} pixels`);
        assert.deepEqual([...labels.dataSync()], [...expected.labels]);
      });
      source.dispose();
    }
  });

  test('train equally on resized parts in every form of the step', async () => {
    const plan = { ...planFor(SIDE), form: { crop: { mode: 'resized', area: 0.2 } } } as const;
    const all = Int32Array.from({ length: COUNT }, (_, image) => image);
    const codes = epochBatches(2, 1, all, BATCH, plan.form.crop, SIDE).subarray(0, BATCH * 4);
    const set = images(SIDE);
    const batch = augmentedBatch({ ...set, side: SIDE }, codes, plan.form.crop);
    const text = 'resnet8=TL,wrn-10-1=TC';
    for (const engine of [captured, eager, compiled]) {
      const step = await engine.compile(plan);
      step.load(set);
      const reset = (): void => {
        for (const node of plan.architectures.keys()) step.write(node, someState(plan, node));
      };
      reset();
      const metrics = step.train({ codes, ...settings(text) });
      const states = plan.architectures.map((_, node) => step.read(node));
      reset();
      const direct = step.trainDirect(batch, settings(text));
      assertAllBits(metrics, direct.metrics, engine.info.name);
      for (const [node, state] of states.entries())
        assertAllBits(state, step.read(node), `${engine.info.name}, node ${node}`);
      step.dispose();
    }
  });

  test('train and evaluate equally in captured and eager mode', async () => {
    const plan = planFor(SIDE);
    const text = 'resnet8=TL,wrn-10-1=TC';
    const codes = codesOf(COUNT, BATCH, 2);
    const results = await Promise.all(
      [captured, eager].map(async (engine: Engine) => {
        const step = await engine.compile(plan);
        step.load(images(SIDE));
        for (const node of plan.architectures.keys()) step.write(node, someState(plan, node));
        const metrics = codes.map((each) => step.train({ codes: each, ...settings(text) }));
        const evaluation = step.evaluate(Int32Array.of(0, 3, 5), [0, 1]);
        const states = plan.architectures.map((_, node) => step.read(node));
        step.dispose();
        return { metrics, evaluation, states };
      }),
    );
    const [first, second] = results as [(typeof results)[0], (typeof results)[0]];
    for (const [i, metrics] of first.metrics.entries())
      assertAllBits(metrics, second.metrics[i]!, `step ${i}`);
    for (const [node, state] of first.states.entries())
      assertAllBits(state, second.states[node]!, `node ${node}`);
    // evaluation pads its batch in one engine alone: sums of other lengths round differently
    assert.deepEqual(first.evaluation.right, second.evaluation.right);
    for (const [i, loss] of first.evaluation.loss.entries())
      assert.ok(Math.abs(loss - second.evaluation.loss[i]!) < 1e-5 * loss);
  });
});

describe('the size of images belongs to a step', () => {
  test('images of another size are refused', async () => {
    for (const engine of [captured, eager]) {
      const step = await engine.compile(planFor(SIDE));
      assert.throws(() => step.load(images(32)), { code: 'engine.wrong-images' });
      step.dispose();
    }
  });

  test('networks for different sizes do not share a step', async () => {
    const architectures = [
      architecture('resnet8', { side: 20 }),
      architecture('resnet8', { side: 32 }),
    ];
    await assert.rejects(
      captured.compile({ architectures, classes: CLASSES, batch: 4 }),
      /one size/,
    );
  });

  test('recordings of two sizes are two files', () => {
    const file = (plan: StepPlan): string => recordingFile({ kind: 'session' }, plan, '/home');
    assert.notEqual(file(planFor(20)), file(planFor(32)));
    assert.equal(file(planFor(32)), file({ ...planOf('resnet8=TT,wrn-10-1=TT', BATCH) }));
  });
});
