import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Engine, Step } from '../../core/engine/engine.ts';
import { openEngine } from '../../core/engine/open.ts';
import {
  assertAllBits,
  codesOf,
  planOf,
  randomImages,
  settings,
  someState,
  writeAll,
} from './support.ts';

const set = randomImages(90);

describe('the step as a session of TensorFlow', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ktg-captured-'));
  let captured: Engine;
  let eager: Engine;
  before(async () => {
    process.env.TMPDIR = folder; // temporary SavedModels land where they can be counted
    captured = await openEngine({ engine: 'tensorflow', threads: 2 });
    eager = await openEngine({ engine: 'eager' });
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  // 7 and 12 are no powers of two, so that a division turned into a multiplication would show
  const cases = [
    { text: 'resnet8=T', batch: 7 },
    { text: 'resnet8=TT@2C,resnet8=TTL,wrn-10-1=CLT@3', batch: 12 },
    { text: 'resnet8=TT,wrn-10-1=XX', batch: 7 },
  ];
  for (const { text, batch } of cases) {
    test(`equals the eager step bit for bit: ${text}, batch ${batch}`, async () => {
      const plan = planOf(text, batch);
      const steps = [await captured.compile(plan), await eager.compile(plan)] as const;
      try {
        const [recorded, plain] = steps.map((step) => run(step, text, batch)) as [Run, Run];
        for (const [i, metrics] of plain.metrics.entries()) {
          assertAllBits(recorded.metrics[i]!, metrics, `step ${i + 1}`);
        }
        // in evaluation sessions fuse convolutions with batch norms, which rounds a little
        // differently
        const errors = plain.logits.map((value, i) => Math.abs(recorded.logits[i]! - value));
        assert.ok(Math.max(...errors) < 1e-5 * Math.max(...plain.logits.map(Math.abs)));
        for (const [node, state] of plain.states.entries()) {
          assertAllBits(recorded.states[node]!, state, `node ${node}`);
        }
      } finally {
        for (const step of steps) step.dispose();
      }
    });
  }

  test('releases files, sessions and tensors', async () => {
    const held = captured.counts();
    const step = await captured.compile(planOf('resnet8=T', 4));
    assert.equal(captured.counts().sessions, held.sessions + 1);
    assert.deepEqual(readdirSync(folder), []);
    step.dispose();
    assert.deepEqual(captured.counts(), held);
  });

  test('a step without states throws', async () => {
    const step = await captured.compile(planOf('resnet8=T', 4));
    try {
      step.load(set);
      assert.throws(
        () => step.train({ codes: codesOf(90, 4)[0]!, ...settings('resnet8=T') }),
        /node0/,
      );
    } finally {
      step.dispose();
    }
  });

  test('one step computes every gate setting', async () => {
    const step = await captured.compile(planOf('resnet8=TT,resnet8=TT', 8));
    try {
      step.load(set);
      const [codes] = codesOf(90, 8);
      const losses = ['TT', 'TX', 'TC', 'TL', 'XT', 'TT@4'].map((gates) => {
        writeAll(step);
        const { nodeLoss, raw } = step.train({
          codes: codes!,
          ...settings(`resnet8=${gates},resnet8=TT`, 0.5),
        });
        return { loss: nodeLoss[0]!, raw };
      });
      const [through, cut, correct, linear, taught, soft] = losses.map(({ loss }) => loss);
      const label = losses[0]!.raw[0]!;
      const teaching = losses[0]!.raw[2]!;
      const near = (actual: number | undefined, expected: number): void => {
        assert.ok(
          Math.abs(actual! - expected) < 1e-5 * expected,
          `${actual} instead of ${expected}`,
        );
      };
      near(through, label + teaching);
      near(cut, label);
      near(linear, label + teaching / 2);
      near(taught, teaching);
      assert.ok(correct! >= label && correct! <= through!);
      near(soft, label + losses[5]!.raw[2]!);
    } finally {
      step.dispose();
    }
  });
});

interface Run {
  metrics: ReturnType<Step['train']>[];
  logits: Float32Array;
  states: ReturnType<Step['read']>[];
}

/** Four training steps from a fixed start, then an evaluation. */
function run(step: Step, text: string, batch: number): Run {
  step.load(set);
  const nodes = step.plan.architectures.map((_, node) => node);
  for (const node of nodes) step.write(node, someState(step.plan, node, 3));
  const metrics = codesOf(90, batch, 4).map((codes, i) =>
    step.train({ codes, ...settings(text, (i + 1) / 4) }),
  );
  const images = Float32Array.from(set.images.subarray(0, 5 * 3072), (byte) => byte / 255);
  const logits = step.logits({ images, labels: new Int32Array(5) });
  return { metrics, logits, states: nodes.map((node) => step.read(node)) };
}
