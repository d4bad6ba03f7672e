import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, describe, test } from 'node:test';
import type { Engine, Step, StepMetrics, TrainInput } from '../../core/engine/engine.ts';
import { openEngine } from '../../core/engine/open.ts';
import type { Tolerances } from '../parity/compare.ts';
import { forwardParity } from '../parity/forward.ts';
import { stepsParity } from '../parity/steps.ts';
import { codesOf, planOf, randomImages, settings, someState } from './support.ts';

const fixtures = new URL('../fixtures/ktg/', import.meta.url);
const fixture = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`${name}.json`, fixtures), 'utf8')) as unknown;
const tolerances = (name: string): Tolerances => {
  const { tolerance } = fixture(name) as { tolerance: string };
  return (fixture('tolerances') as { classes: Record<string, Tolerances> }).classes[tolerance]!;
};

/** XLA in float32 on the processor: the exactness of the compiled form does not need a card. */
const compiled = (stepsPerCall: number, precision: 'float32' | 'bfloat16' = 'float32'): Promise<Engine> =>
  openEngine({ engine: 'tensorflow', threads: 2, computation: { compiler: 'xla', precision }, stepsPerCall });

const set = randomImages(40);
const text = 'resnet8=TC,wrn-10-1=LT@2';
const batch = 4;
const images = Int32Array.from({ length: 40 }, (_, i) => i);

/** At a rate at which rounding does not grow from step to step. */
const slowly = (progress: number): Omit<TrainInput, 'codes'> => {
  const given = settings(text, progress);
  return { ...given, rates: { ...given.rates, learningRate: 1e-3 } };
};

/** Metrics of three steps from a fixed start, and what the nodes are after them. */
function run(step: Step): { metrics: StepMetrics[]; states: ReturnType<Step['read']>[] } {
  step.load(set);
  const nodes = [...step.plan.architectures.keys()];
  for (const node of nodes) step.write(node, someState(step.plan, node, 3));
  const inputs = codesOf(40, batch, 3).map((codes, i) => ({ codes, ...slowly((i + 1) / 3) }));
  return { metrics: step.trainMany(inputs), states: nodes.map((node) => step.read(node)) };
}

/** Largest difference over the largest value. */
function difference(actual: Float32Array, expected: Float32Array): number {
  assert.equal(actual.length, expected.length);
  const largest = Math.max(...expected.map(Math.abs));
  return Math.max(...actual.map((value, i) => Math.abs(value - expected[i]!))) / largest;
}

describe('the step compiled by XLA', () => {
  const steps: Step[] = [];
  const stepOf = async (engine: Engine): Promise<Step> => {
    const step = await engine.compile(planOf(text, batch));
    steps.push(step);
    return step;
  };
  after(() => {
    for (const step of steps) step.dispose();
  });

  test("gives PyTorch's forward pass, gradients and evaluation", async () => {
    const name = 'forward_resnet8';
    const report = await forwardParity(name, fixture(name), tolerances(name), await compiled(1));
    assert.deepEqual(report.failures, []);
    assert.ok(report.passed > 100);
  });

  test("gives PyTorch's whole steps of two nodes, one not updated where its loss is 0", async () => {
    const name = 'm2_correct_zero';
    const report = await stepsParity(name, fixture(name), tolerances(name), await compiled(1));
    assert.deepEqual(report.failures, []);
    assert.ok(report.passed > 500);
  });

  test('many steps in one call, fewer than it can take, are the steps one by one', async () => {
    const single = await openEngine({ engine: 'tensorflow', threads: 2 });
    const [expected, looped, called] = await Promise.all([
      stepOf(single),
      stepOf(await compiled(5)),
      stepOf(await compiled(1)),
    ]);
    const plain = run(expected);
    for (const [form, step] of Object.entries({ looped, called })) {
      const { metrics, states } = run(step);
      assert.equal(metrics.length, 3);
      for (const [i, one] of plain.metrics.entries()) {
        for (const part of ['raw', 'gated', 'nodeLoss'] as const)
          assert.ok(difference(metrics[i]![part], one[part]) < 1e-3, `${form}, step ${i + 1}, ${part}`);
        assert.deepEqual(metrics[i]!.bothRight, one.bothRight, `${form}, step ${i + 1}`);
      }
      for (const [node, state] of plain.states.entries())
        for (const part of ['parameters', 'momentum', 'statistics'] as const)
          assert.ok(difference(states[node]![part], state[part]) < 1e-2, `${form}, node ${node}, ${part}`);
    }
    const [inOne, inTwo] = [run(looped), run(looped)];
    assert.deepEqual(inOne, inTwo, 'repeats are equal to the last bit');

    const [right, wrong] = [expected, looped].map((step) => step.evaluate(images, [1, 0]));
    assert.ok(Math.abs(right!.loss[0]! - wrong!.loss[0]!) < 0.02 * right!.loss[0]!);

    // a NaN of the second step stays in its own row, and those before it are as they were
    const poisoned = codesOf(40, batch, 3).map((codes, i) => {
      const given = slowly((i + 1) / 3);
      return i === 1 ? { codes, ...given, edges: { ...given.edges, weight: given.edges.weight.map(() => NaN) } } : { codes, ...given }; // prettier-ignore
    });
    for (const node of [0, 1]) looped.write(node, someState(looped.plan, node, 3));
    const [before, first] = looped.trainMany(poisoned);
    assert.deepEqual(before, inOne.metrics[0]);
    assert.ok(Number.isNaN(first!.nodeLoss[0]!));
  });

  test('bfloat16 is near float32, and not the same', async () => {
    const plan = planOf('resnet8=T', batch);
    const losses: Float32Array[] = [];
    for (const precision of ['float32', 'bfloat16'] as const) {
      const step = await (await compiled(1, precision)).compile(plan);
      steps.push(step);
      const count = 8;
      const pixels = Float32Array.from(set.images.subarray(0, count * 3072), (byte) => byte / 255);
      step.write(0, someState(plan, 0));
      losses.push(step.logits({ images: pixels, labels: new Int32Array(count) }));
    }
    const error = difference(losses[1]!, losses[0]!);
    assert.ok(error > 1e-5 && error < 0.05, `differs by ${error}`);
  });
});
