import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { Engine, NodeState, Step, StepMetrics, TrainInput } from '../../core/engine/engine.ts';
import { Steps } from '../../core/train/steps.ts';
import type { Tolerances } from '../parity/compare.ts';
import { forwardParity } from '../parity/forward.ts';
import { stepsParity } from '../parity/steps.ts';
import { device, openHere } from './device.ts';
import { assertBits, codesOf, planOf, randomImages, settings, someState } from './support.ts';

const fixtures = new URL('../fixtures/ktg/', import.meta.url);
const fixture = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`${name}.json`, fixtures), 'utf8')) as unknown;
const tolerances = (name: string): Tolerances => {
  const { tolerance } = fixture(name) as { tolerance: string };
  return (fixture('tolerances') as { classes: Record<string, Tolerances> }).classes[tolerance]!;
};

/**
 * XLA in float32, on the processor where no card is asked for: the exactness of the compiled form
 * does not need one.
 */
const compiled = (
  stepsPerCall: number,
  precision: 'float32' | 'bfloat16' = 'float32',
): Promise<Engine> => openHere({ compiler: 'xla', precision }, stepsPerCall);

const set = randomImages(40);
const text = 'wrn-10-1=TC,wrn-10-1=LT@2';
const batch = 4;
const images = Int32Array.from({ length: 40 }, (_, i) => i);

/** Three steps of a graph, at a rate at which rounding does not grow from step to step. */
const inputsOf = (graph: string): TrainInput[] =>
  codesOf(40, batch, 3).map((codes, i) => {
    const given = settings(graph, (i + 1) / 3);
    return { codes, ...given, rates: { ...given.rates, learningRate: 1e-3 } };
  });

interface Outcome {
  readonly metrics: readonly StepMetrics[];
  readonly states: readonly NodeState[];
}

/** Metrics of three steps from a fixed start, and what the nodes are after them. */
function run(step: Step, graph: string): Outcome {
  step.load(set);
  const nodes = [...step.plan.architectures.keys()];
  for (const node of nodes) step.write(node, someState(step.plan, node, 3));
  const metrics = step.trainMany(inputsOf(graph));
  return { metrics, states: nodes.map((node) => step.read(node)) };
}

/**
 * Length of the difference over the length: one ReLU that rounding switches does not show as it
 * would in the largest difference.
 */
function difference(actual: Float32Array, expected: Float32Array): number {
  assert.equal(actual.length, expected.length);
  return lengthOf(actual.map((value, i) => value - expected[i]!)) / lengthOf(expected);
}

const lengthOf = (values: Float32Array): number =>
  Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

/** Rounding apart; who is right on which image is the same. */
function assertNear(actual: Outcome, expected: Outcome): void {
  assert.equal(actual.metrics.length, expected.metrics.length);
  for (const [i, one] of expected.metrics.entries()) {
    for (const part of ['raw', 'gated', 'nodeLoss'] as const)
      near(difference(actual.metrics[i]![part], one[part]), 1e-3, `step ${i + 1}, ${part}`);
    assert.deepEqual(actual.metrics[i]!.bothRight, one.bothRight, `step ${i + 1}`);
  }
  for (const [node, state] of expected.states.entries())
    for (const part of ['parameters', 'momentum', 'statistics'] as const)
      near(difference(actual.states[node]![part], state[part]), 1e-2, `node ${node}, ${part}`);
}

/** Equal to the last bit on the processor; a card promises that with --deterministic alone. */
function assertSame(actual: Outcome, expected: Outcome, what: string): void {
  if (device === 'cpu') assert.deepEqual(actual, expected, what);
  else assertNear(actual, expected);
}

const near = (found: number, most: number, what: string): void => {
  assert.ok(found < most, `${what} differs by ${found}`);
};

describe('the step compiled by XLA', () => {
  const steps: Step[] = [];
  const stepOf = async (engine: Engine, graph: string, frozen: number[] = []): Promise<Step> => {
    const step = await engine.compile({ ...planOf(graph, batch), frozen });
    steps.push(step);
    return step;
  };
  let shared: Steps;
  before(async () => {
    shared = new Steps(await compiled(1));
  });
  after(() => {
    shared.dispose();
    for (const step of steps) step.dispose();
  });

  test("equals PyTorch's forward pass, gradients and evaluation", async () => {
    const name = 'forward_resnet8';
    const report = await forwardParity(name, fixture(name), tolerances(name), shared);
    assert.deepEqual(report.failures, []);
    assert.ok(report.passed > 100);
  });

  test("equals PyTorch's steps of two nodes; one with a loss of 0 is not updated", async () => {
    const name = 'm2_correct_zero';
    const report = await stepsParity(name, fixture(name), tolerances(name), shared);
    assert.deepEqual(report.failures, []);
    assert.ok(report.passed > 500);
  });

  test('many steps in one call equal single steps', async () => {
    const [expected, looped] = [
      await stepOf(await openHere(), text),
      await stepOf(await compiled(5), text),
    ];
    const plain = run(expected, text);
    const inOne = run(looped, text);
    assertNear(inOne, plain);
    assertSame(run(looped, text), inOne, 'repeats');

    const [right, wrong] = [expected, looped].map((step) => step.evaluate(images, [1, 0]));
    assert.ok(Math.abs(right!.loss[0]! - wrong!.loss[0]!) < 0.02 * right!.loss[0]!);

    // a NaN of the second step stays in its own row, and those before it are as they were
    const poisoned = inputsOf(text).map((input, i) =>
      i === 1
        ? { ...input, edges: { ...input.edges, weight: input.edges.weight.map(() => NaN) } }
        : input,
    );
    for (const node of [0, 1]) looped.write(node, someState(looped.plan, node, 3));
    const [before, first] = looped.trainMany(poisoned);
    assertSame(
      { metrics: [before!], states: [] },
      { metrics: [inOne.metrics[0]!], states: [] },
      'before the NaN',
    );
    assert.ok(Number.isNaN(first!.nodeLoss[0]!));
  });

  test('a frozen node runs forward, teaches and keeps its weights', async () => {
    const taught = 'wrn-10-1=TT@2,resnet8=XX';
    const step = await stepOf(await compiled(1), taught, [1]);
    const outcome = run(step, taught);
    assertNear(outcome, run(await stepOf(await openHere(), taught), taught));
    const { parameters, momentum } = someState(step.plan, 1, 3);
    assertBits(outcome.states[1]!.parameters, parameters, 'the parameters of the frozen node');
    assertBits(outcome.states[1]!.momentum, momentum, 'its momentum');
  });

  test('a NaN source is correct on no image, class 0 included', async () => {
    const step = await stepOf(await compiled(1), text);
    step.load(set);
    const codes = Int32Array.from({ length: 4 * batch }, (_, i) =>
      i % 4 === 0 ? 10 * (i / 4) : 0,
    );
    const teacher = someState(step.plan, 1, 3);
    step.write(0, someState(step.plan, 0, 3));
    step.write(1, { ...teacher, parameters: teacher.parameters.map(() => NaN) });
    const { raw, gated, nodeLoss, bothRight } = step.train({ codes, ...settings(text) });
    assert.ok(Number.isNaN(raw[2]), 'the loss before the gate');
    assert.equal(gated[2], 0);
    assert.ok(Number.isFinite(nodeLoss[0]));
    assert.equal(bothRight[3], 0, 'the source with the label');
    assert.ok(step.read(0).parameters.every(Number.isFinite), 'the destination');
  });

  test('bfloat16 is close to float32 but not equal', async () => {
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
