import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { LabError } from '../../core/base/errors.ts';
import type { Engine, EngineName, ImageSet, Step } from '../../core/engine/engine.ts';
import { EVALUATION_BATCH } from '../../core/engine/engine.ts';
import { openEngine } from '../../core/engine/open.ts';
import { augmentSlowly } from '../data/slow-augmentation.ts';
import {
  assertAllBits,
  assertBits,
  CLASSES,
  codesOf,
  equalBits,
  planOf,
  randomImages,
  settings,
  someState,
  writeAll,
} from '../engine/support.ts';

const BATCH = 6;
const set = randomImages(EVALUATION_BATCH + 3);
/** Codes of images of class 0 alone. */
const ofClass0 = Int32Array.from({ length: 4 * BATCH }, (_, i) => (i % 4 === 0 ? 10 * (i / 4) : 0));
const ofTeacher = 'resnet8=TC,resnet8=XX';
/** Node 2 learns by a gate that begins closed. */
const closed = 'resnet8=TX,resnet8=LX';

/** What every engine must do. Opens the engine for the life of the process. */
export function engineContract(name: EngineName): void {
  let engine: Engine;

  /** A step with states and images that is gone afterwards, with everything that it held. */
  const withStep = (what: string, text: string, work: (step: Step) => void): void => {
    void test(what, async () => {
      const held = engine.counts();
      const step = await engine.compile(planOf(text, BATCH));
      try {
        step.load(set);
        writeAll(step);
        work(step);
      } finally {
        step.dispose();
      }
      assert.deepEqual(engine.counts(), held, 'tensors and sessions after dispose');
    });
  };

  describe(`engine ${name}`, () => {
    before(async () => {
      engine = await openEngine({ engine: name, threads: 2 });
    });
    after(() => {
      engine.dispose();
    });

    withStep('augments as the slow recipe does', 'resnet8=T', (step) => {
      const codes = codesOf(set.labels.length, BATCH, 5);
      // the corners of the padding, flipped and not
      codes.push(
        Int32Array.of(0, 0, 0, 0, 1, 1, 0, 8, 2, 0, 8, 0, 3, 1, 8, 8, 202, 1, 4, 4, 7, 0, 3, 5),
      );
      for (const [i, batch] of codes.entries()) {
        writeAll(step);
        const metrics = step.train({ codes: batch, ...settings('resnet8=T') });
        const state = step.read(0);
        writeAll(step);
        const expected = step.trainDirect(slowBatch(set, batch), settings('resnet8=T'));
        assertAllBits(metrics, expected.metrics, `batch ${i}`);
        assertAllBits(state, step.read(0), `batch ${i}`);
      }
    });

    withStep('evaluates every image once, the padding never', 'resnet8=TT,resnet8=TT', (step) => {
      const [codes] = codesOf(set.labels.length, BATCH);
      step.train({ codes: codes!, ...settings('resnet8=TT,resnet8=TT') });
      const indices = Int32Array.from(set.labels, (_, image) => image);
      const expected = slowEvaluation(step, set, indices);
      const actual = step.evaluate(indices, [0, 1]);
      assert.deepEqual(actual.right, expected.right);
      for (const node of [0, 1]) {
        assert.ok(
          Math.abs(actual.loss[node]! / expected.loss[node]! - 1) < 1e-5,
          `loss of node ${node}`,
        );
      }
      assert.deepEqual(step.evaluate(indices, [1]), {
        right: [actual.right[1]],
        loss: [actual.loss[1]],
      });
      const some = indices.subarray(0, 7);
      assert.deepEqual(step.evaluate(some, [0]).right, [slowEvaluation(step, set, some).right[0]]);
      assert.deepEqual(step.evaluate(new Int32Array(0), [0, 1]), { right: [0, 0], loss: [0, 0] });
    });

    withStep('the same step twice gives the same bits', 'resnet8=TL,resnet8=CT', (step) => {
      const run = () => {
        writeAll(step);
        const metrics = codesOf(set.labels.length, BATCH, 2).map((codes) =>
          step.train({ codes, ...settings('resnet8=TL,resnet8=CT', 0.3) }),
        );
        return { metrics, states: [step.read(0), step.read(1)] };
      };
      const [first, second] = [run(), run()];
      for (const i of [0, 1]) {
        assertAllBits(second.metrics[i]!, first.metrics[i]!, `step ${i}`);
        assertAllBits(second.states[i]!, first.states[i]!, `node ${i}`);
      }
    });

    describe('a node whose loss is exactly 0 keeps weights and momentum to the last bit', () => {
      const unchanged = (text: string, progress: number, node: number) => (step: Step) => {
        const old = someState(step.plan, node);
        const [codes] = codesOf(set.labels.length, BATCH);
        const metrics = step.train({ codes: codes!, ...settings(text, progress) });
        assertKept(step, node, metrics.nodeLoss[node]!, old);
        assert.ok(metrics.nodeLoss[0]! > 0, 'the target learns');
        assert.ok(!equalBits(step.read(0).parameters, someState(step.plan, 0).parameters));
      };
      const frozen = 'resnet8=TT,resnet8=XX';
      withStep('frozen', frozen, unchanged(frozen, 1, 1));
      const waiting = 'resnet8=TX,resnet8=LL';
      withStep('Linear at 0', waiting, unchanged(waiting, 0, 1));

      withStep('Correct, and its source has nothing right', 'resnet8=TX,resnet8=XC', (step) => {
        const text = 'resnet8=TX,resnet8=XC';
        const [codes] = codesOf(set.labels.length, BATCH);
        const batch = slowBatch(set, codes!);
        const { logits } = step.trainDirect(batch, settings(text));
        const wrong = batch.labels.map((_, n) => (argMax(logitsOf(logits, n)) + 1) % CLASSES);
        writeAll(step);
        const { metrics } = step.trainDirect({ ...batch, labels: wrong }, settings(text));
        assert.equal(metrics.bothRight[0], 0, 'the source is right nowhere');
        assert.ok(metrics.raw[4]! > 0, 'there is something to teach');
        assertKept(step, 1, metrics.nodeLoss[1]!, someState(step.plan, 1));
      });

      withStep('though named among the trained', frozen, (step) => {
        const [codes] = codesOf(set.labels.length, BATCH);
        const metrics = step.train({ codes: codes!, ...settings(frozen), trained: [0, 1] });
        assertKept(step, 1, metrics.nodeLoss[1]!, someState(step.plan, 1));
      });
    });

    for (const gates of ['TX', 'TL']) {
      const text = `resnet8=${gates},resnet8=TX`;
      withStep(
        `a source of NaN does not reach through a closed gate (${gates[1]})`,
        text,
        (step) => {
          const [codes] = codesOf(set.labels.length, BATCH);
          const input = { codes: codes!, ...settings(text, 0) };
          const healthy = step.train(input);
          const expected = step.read(0);
          writeAll(step);
          const ill = someState(step.plan, 1);
          step.write(1, { ...ill, parameters: ill.parameters.map(() => NaN) });
          const metrics = step.train(input);
          assert.ok(Number.isNaN(metrics.nodeLoss[1]));
          assert.equal(metrics.nodeLoss[0], healthy.nodeLoss[0]);
          assert.equal(metrics.gated[1], 0);
          assertAllBits(step.read(0), expected, 'the destination');
        },
      );
    }

    withStep('a source of NaN is right about no image, of class 0 neither', ofTeacher, (step) => {
      const teacher = someState(step.plan, 1);
      step.write(1, { ...teacher, parameters: teacher.parameters.map(() => NaN) });
      const metrics = step.train({ codes: ofClass0, ...settings(ofTeacher) });
      assert.ok(Number.isNaN(metrics.raw[2]), 'the loss before the gate');
      assert.equal(metrics.gated[2], 0);
      assert.equal(metrics.nodeLoss[0], metrics.gated[0]);
      assert.ok(Number.isFinite(metrics.nodeLoss[0]));
      assert.equal(metrics.bothRight[2], 0, 'the source with the destination');
      assert.equal(metrics.bothRight[3], 0, 'the source with the label');
      assert.ok(step.read(0).parameters.every(Number.isFinite), 'the destination');
      assert.deepEqual(step.evaluate(Int32Array.of(0, 10, 20), [1]).right, [0]);
    });

    withStep('a node whose loss is 0 keeps its bits where its gradient is NaN', closed, (step) => {
      const ill = someState(step.plan, 1);
      // The last of the dense layer's kernel, and its bias.
      ill.parameters.fill(Infinity, -2 * CLASSES);
      step.write(1, ill);
      const metrics = step.train({ codes: ofClass0, ...settings(closed, 0) });
      assert.ok(Number.isNaN(metrics.raw[3]), 'the loss before the gate');
      assertKept(step, 1, metrics.nodeLoss[1]!, ill);
    });

    withStep(
      'gives back the states that it was given, and refuses others',
      'resnet8=TT,wrn-10-1=TT',
      (step) => {
        const states = [someState(step.plan, 0, 7), someState(step.plan, 1, 7)];
        for (const [node, state] of states.entries()) step.write(node, state);
        for (const [node, state] of states.entries())
          assertAllBits(step.read(node), state, `node ${node}`);
        const wrong = [
          { ...states[0]!, parameters: states[0]!.parameters.slice(1) },
          { ...states[0]!, momentum: new Float32Array(0) },
          { ...states[0]!, statistics: new Float32Array(states[0]!.statistics.length + 2) },
          states[1]!,
        ];
        for (const state of wrong) {
          assert.throws(
            () => {
              step.write(0, state);
            },
            (error) => error instanceof LabError && error.code === 'engine.wrong-state',
          );
        }
        assertAllBits(step.read(0), states[0]!, 'the state before');
      },
    );

    withStep('steps leave nothing behind', 'resnet8=TT,resnet8=TX', (step) => {
      const indices = Int32Array.from({ length: 20 }, (_, image) => image);
      const use = (): void => {
        for (const codes of codesOf(set.labels.length, BATCH, 2)) {
          const input = settings('resnet8=TT,resnet8=TX');
          step.train({ codes, ...input });
          step.trainDirect(slowBatch(set, codes), input);
        }
        step.evaluate(indices, [0, 1]);
        step.logits(slowBatch(set, codesOf(set.labels.length, BATCH)[0]!));
        step.write(1, step.read(0));
        step.load(randomImages(20));
        step.load(set);
      };
      use();
      const held = engine.counts();
      use();
      assert.deepEqual(engine.counts(), held);
    });
  });
}

/** A batch from codes, made by the slow recipe. */
function slowBatch({ images, labels }: ImageSet, codes: Int32Array) {
  const batch = Array.from({ length: codes.length / 4 }, (_, n) => codes.slice(n * 4, n * 4 + 4));
  return {
    images: Float32Array.from(
      batch.flatMap(([image, flip, row, column]) =>
        augmentSlowly({ images, side: 32 }, image!, flip!, row!, column!),
      ),
    ),
    labels: Int32Array.from(batch, ([image]) => labels[image!]!),
  };
}

/** Right answers and summed cross-entropy by the step's logits, image by image in float64. */
function slowEvaluation(step: Step, { images, labels }: ImageSet, indices: Int32Array) {
  const nodes = step.plan.architectures.map((_, node) => node);
  const right = nodes.map(() => 0);
  const loss = nodes.map(() => 0);
  for (let start = 0; start < indices.length; start += EVALUATION_BATCH) {
    const part = indices.slice(start, start + EVALUATION_BATCH);
    const pixels = Float32Array.from(
      [...part].flatMap((i) => [...images.subarray(i * 3072, (i + 1) * 3072)]),
    );
    const partLabels = part.map((image) => labels[image]!);
    const logits = step.logits({ images: pixels.map((byte) => byte / 255), labels: partLabels });
    for (const node of nodes) {
      for (const [n, label] of partLabels.entries()) {
        const z = logitsOf(logits, node * part.length + n);
        if (argMax(z) === label) right[node]!++;
        loss[node]! += Math.log(
          [...z].reduce((sum, value) => sum + Math.exp(value - z[label]!), 0),
        );
      }
    }
  }
  return { right, loss };
}

const logitsOf = (logits: Float32Array, row: number): Float32Array =>
  logits.subarray(row * CLASSES, (row + 1) * CLASSES);

const argMax = (values: Float32Array): number => values.indexOf(Math.max(...values));

function assertKept(
  step: Step,
  node: number,
  loss: number,
  old: ReturnType<typeof someState>,
): void {
  assert.equal(loss, 0);
  const { parameters, momentum, statistics } = step.read(node);
  assertBits(parameters, old.parameters, 'weights');
  assertBits(momentum, old.momentum, 'momentum');
  assert.ok(
    !equalBits(statistics, old.statistics),
    'statistics follow the batch, in frozen nodes too',
  );
}
