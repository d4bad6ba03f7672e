import assert from 'node:assert/strict';
import { stream } from '../../core/base/random.ts';
import { epochBatches } from '../../core/data/batches.ts';
import type { ImageSet, NodeState, Step, StepPlan, TrainInput } from '../../core/engine/engine.ts';
import { isFrozen, nodeNumbers } from '../../core/graph/graph.ts';
import { fromText } from '../../core/graph/text.ts';
import { architecture } from '../../core/models/architecture.ts';
import { initialParameters, initialStatistics } from '../../core/models/initialise.ts';
import { edgeInputs } from '../../core/train/edges.ts';

export const CLASSES = 10;

/** Random bytes with classes that take turns: nothing to learn, but every pixel counts. */
export function randomImages(count: number, seed = 1): ImageSet {
  const random = stream(seed, 'images');
  return {
    images: Uint8Array.from({ length: count * 3072 }, () => random.below(256)),
    labels: Int32Array.from({ length: count }, (_, image) => image % CLASSES),
  };
}

/** What a step is compiled for, from the nodes of a graph in the text form. */
export const planOf = (text: string, batch: number): StepPlan => ({
  architectures: fromText(text).nodes.map(({ model }) => architecture(model)),
  classes: CLASSES,
  batch,
});

/** Everything of a training step but its images: the gates of `text`, and the recipe's rates. */
export function settings(text: string, progress = 1): Omit<TrainInput, 'codes'> {
  const graph = fromText(text);
  const nodes = nodeNumbers(graph);
  return {
    rates: { learningRate: 0.1, momentum: 0.9, weightDecay: 5e-4 },
    edges: edgeInputs(graph, nodes, progress),
    trained: nodes.filter((node) => !isFrozen(graph, node)).map((node) => node - 1),
  };
}

/** Codes of the first `steps` batches of an epoch over `count` images. */
export function codesOf(count: number, batch: number, steps = 1): Int32Array[] {
  const all = Int32Array.from({ length: count }, (_, image) => image);
  const codes = epochBatches(5, 1, all, batch);
  return Array.from({ length: steps }, (_, i) => codes.slice(i * batch * 4, (i + 1) * batch * 4));
}

/** A fresh state in the middle of training: the momentum is not zero. */
export function someState({ architectures, classes }: StepPlan, node: number, seed = 1): NodeState {
  const model = architectures[node]!;
  const random = stream(seed, 'momentum', node);
  const parameters = initialParameters(model, classes, seed, node + 1);
  return {
    parameters,
    momentum: parameters.map(() => 0.01 * random.normal()),
    statistics: initialStatistics(model),
  };
}

export function writeAll(step: Step, seed = 1): void {
  for (const node of step.plan.architectures.keys())
    step.write(node, someState(step.plan, node, seed));
}

const bitsOf = (values: Float32Array): Buffer =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength);

export const equalBits = (a: Float32Array, b: Float32Array): boolean => bitsOf(a).equals(bitsOf(b));

/** Equal to the last bit, the sign of zero and the kind of NaN included. */
export function assertBits(actual: Float32Array, expected: Float32Array, what: string): void {
  if (equalBits(actual, expected)) return;
  const at = expected.findIndex((value, i) => !Object.is(value, actual[i]));
  assert.fail(
    `${what}: ${actual.length} numbers, expected ${expected.length}; number ${at} is ${actual[at]}, expected ${expected[at]}`,
  );
}

/** Every vector of two records of vectors (states, metrics) is equal to the last bit. */
export function assertAllBits<T extends { readonly [key in keyof T]: Float32Array }>(
  actual: T,
  expected: T,
  what: string,
): void {
  for (const key of Object.keys(expected) as (keyof T & string)[]) {
    assertBits(actual[key], expected[key], `${what}, ${key}`);
  }
}
