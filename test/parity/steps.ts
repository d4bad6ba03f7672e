import * as v from 'valibot';
import type { DirectResult, EdgeInputs, Step, StepMetrics } from '../../core/engine/engine.ts';
import { gate, gateNames } from '../../core/gates/gates.ts';
import { architecture } from '../../core/models/architecture.ts';
import type { Architecture } from '../../core/models/layers.ts';
import { statistics, tensors } from '../../core/models/tensors.ts';
import { initialStatistics } from '../../core/models/initialise.ts';
import { linearWeight } from '../../core/train/schedule.ts';
import type { Steps } from '../../core/train/steps.ts';
import {
  compareCounts,
  compareFlat,
  compareLogits,
  compareLoss,
  summary,
  type Tolerances,
} from './compare.ts';
import { initFormula, inputFormula } from './forward.ts';
import { formulaImages, formulaParameters } from './formulas.ts';
import { type ParityReport, Tally } from './report.ts';

const numbers = v.array(v.number());
const edge = v.object({ raw: v.number(), gated: v.number(), counts: numbers });
export const stateFixture = v.object({
  tensors: v.array(
    v.object({ name: v.string(), shape: numbers, param: summary, momentum: summary }),
  ),
  stats: v.array(v.object({ name: v.string(), shape: numbers, value: summary })),
});

const stepsFixture = v.object({
  kind: v.literal('ktg'),
  classes: v.number(),
  batch: v.number(),
  T: v.number(),
  optimizer: v.object({
    momentum: v.number(),
    nesterov: v.literal(true),
    weight_decay: v.number(),
  }),
  models: v.array(v.string()),
  gates: v.array(v.array(v.picklist(gateNames))),
  linear: v.object({ k_end: v.number() }),
  init: initFormula,
  input: inputFormula,
  steps: v.array(
    v.object({
      s: v.number(),
      lr: v.number(),
      linear_k: v.number(),
      labels: numbers,
      logits: v.array(v.array(numbers)),
      edges: v.array(v.array(edge)),
      node_loss: numbers,
      right: numbers,
      stepped: v.array(v.boolean()),
    }),
  ),
  after: v.record(v.string(), v.object({ nodes: v.array(stateFixture) })),
  eval: v.object({ s: v.number(), logits: v.array(v.array(numbers)) }),
  tolerance: v.string(),
});
type Fixture = v.InferOutput<typeof stepsFixture>;

/**
 * Whole collaborative steps of small graphs: losses, gates, counts, updates, statistics,
 * evaluation.
 */
export async function stepsParity(
  file: string,
  json: unknown,
  allowed: Tolerances,
  steps: Steps,
): Promise<ParityReport> {
  const fixture = v.parse(stepsFixture, json);
  const { classes, batch } = fixture;
  const tally = new Tally();
  const models = fixture.models.map((name) => architecture(name));
  const step = await steps.borrow({
    architectures: models,
    classes,
    batch,
  });
  try {
    for (const [node, model] of models.entries()) {
      const parameters = formulaParameters(model, classes, fixture.init, node);
      const momentum = new Float32Array(parameters.length);
      step.write(node, { parameters, momentum, statistics: initialStatistics(model) });
    }
    for (const [done, expected] of fixture.steps.entries()) {
      const edges = edgeInputs(fixture, expected.linear_k);
      const { metrics, logits } = trainStep(step, fixture, expected, edges, [...models.keys()]);
      compareStep(tally, fixture, done, metrics, logits, allowed);
      const after = fixture.after[String(done + 1)];
      if (after)
        compareStates(tally, models, classes, step, after.nodes, `after step ${done + 1}`, allowed);
    }
    const { s } = fixture.eval;
    const images = formulaImages(batch, s, fixture.input);
    const logits = step.logits({ images, labels: new Int32Array(batch) });
    compareNodeLogits(tally, 'evaluation', 'eval_logits', logits, fixture.eval.logits, allowed);
  } finally {
    steps.giveBack(step);
  }
  return tally.report(file);
}

/** The inputs of every step of a fixture. */
interface StepsFixture {
  readonly batch: number;
  readonly size?: number;
  readonly input: v.InferOutput<typeof inputFormula>;
  readonly optimizer: { readonly momentum: number; readonly weight_decay: number };
}

/** Trains one step of a fixture on its formula images. */
export function trainStep(
  step: Step,
  { batch, size, input, optimizer }: StepsFixture,
  expected: { readonly s: number; readonly lr: number; readonly labels: readonly number[] },
  edges: EdgeInputs,
  trained: readonly number[],
): DirectResult {
  const images = formulaImages(batch, expected.s, input, size);
  const { momentum, weight_decay: weightDecay } = optimizer;
  const rates = { learningRate: expected.lr, momentum, weightDecay };
  return step.trainDirect(
    { images, labels: Int32Array.from(expected.labels) },
    { rates, edges, trained },
  );
}

/**
 * Column of source `s` (from 0) in an engine's matrices; the fixture's diagonal is the label edge,
 * column 0 here.
 */
const column = (t: number, s: number): number => (s === t ? 0 : s + 1);

function edgeInputs(fixture: Fixture, update: number): EdgeInputs {
  const nodes = fixture.models.length;
  const size = nodes * (nodes + 1);
  const weight = new Float32Array(size);
  const onlyCorrect = new Float32Array(size);
  const progress = linearWeight(update, fixture.linear.k_end);
  for (const [t, row] of fixture.gates.entries()) {
    for (const [s, name] of row.entries()) {
      const at = t * (nodes + 1) + column(t, s);
      weight[at] = gate(name).weight(progress);
      onlyCorrect[at] = gate(name).onlyCorrect ? 1 : 0;
    }
  }
  return { weight, onlyCorrect, temperature: new Float32Array(size).fill(fixture.T) };
}

function compareStep(
  tally: Tally,
  { models, batch, steps }: Fixture,
  done: number,
  metrics: StepMetrics,
  logits: Float32Array,
  allowed: Tolerances,
): void {
  const expected = steps[done]!;
  const nodes = models.length;
  compareNodeLogits(tally, `step ${done + 1}`, 'logits', logits, expected.logits, allowed);
  const at = (t: number, s: number): number => t * (nodes + 1) + column(t, s);
  const right = models.map((_, t) => metrics.bothRight[at(t, t)]!);
  compareCounts(tally, `step ${done + 1}: right`, 'right', right, expected.right, allowed);
  for (const [t, row] of expected.edges.entries()) {
    for (const [s, edge] of row.entries()) {
      const what = `step ${done + 1}, edge ${s} -> ${t}`;
      const own = { batch, source: s === t ? batch : right[s]!, destination: right[t]! };
      compareEdge(tally, what, metrics, at(t, s), own, edge, allowed);
    }
  }
  compareNodes(tally, `step ${done + 1}`, metrics, expected, allowed);
}

/**
 * Compares losses and counts of one edge.
 *
 * @param at place of the edge in the matrices of the metrics
 * @param right images of the batch, and how many of them either end classifies correctly
 */
export function compareEdge(
  tally: Tally,
  what: string,
  metrics: StepMetrics,
  at: number,
  right: { readonly batch: number; readonly source: number; readonly destination: number },
  expected: { readonly raw: number; readonly gated: number; readonly counts: readonly number[] },
  allowed: Tolerances,
): void {
  compareLoss(tally, `${what}, raw`, metrics.raw[at]!, expected.raw, allowed);
  compareLoss(tally, `${what}, gated`, metrics.gated[at]!, expected.gated, allowed);
  const both = metrics.bothRight[at]!;
  const { batch, source, destination } = right;
  const counts = [both, source - both, destination - both, batch - source - destination + both];
  compareCounts(tally, `${what}, counts`, 'counts', counts, expected.counts, allowed);
}

/** Compares the loss of every node, and whether it was updated. */
export function compareNodes(
  tally: Tally,
  when: string,
  { nodeLoss }: StepMetrics,
  expected: { readonly node_loss: readonly number[]; readonly stepped: readonly boolean[] },
  allowed: Tolerances,
): void {
  for (const [t, loss] of expected.node_loss.entries()) {
    compareLoss(tally, `${when}, node ${t}`, nodeLoss[t]!, loss, allowed);
    tally.exact(`${when}, node ${t} stepped`, nodeLoss[t] !== 0, expected.stepped[t]);
  }
}

export function compareStates(
  tally: Tally,
  models: readonly Architecture[],
  classes: number,
  step: Step,
  expected: readonly v.InferOutput<typeof stateFixture>[],
  when: string,
  allowed: Tolerances,
): void {
  for (const [node, model] of models.entries()) {
    const specs = tensors(model, classes);
    const { parameters, momentum, statistics: running } = step.read(node);
    const { tensors: values, stats } = expected[node]!;
    const of = (quantity: 'param' | 'momentum') =>
      values.map((value) => ({ ...value, value: value[quantity] }));
    const what = `${when}, node ${node}`;
    compareFlat(tally, `${what} parameters`, 'param', parameters, specs, of('param'), allowed);
    compareFlat(tally, `${what} momentum`, 'momentum', momentum, specs, of('momentum'), allowed);
    compareFlat(tally, `${what} statistics`, 'stats', running, statistics(model), stats, allowed);
  }
}

export function compareNodeLogits(
  tally: Tally,
  what: string,
  quantity: 'logits' | 'eval_logits',
  actual: Float32Array,
  expected: readonly (readonly (readonly number[])[])[],
  allowed: Tolerances,
): void {
  const size = actual.length / expected.length;
  for (const [node, rows] of expected.entries()) {
    const part = actual.subarray(node * size, (node + 1) * size);
    compareLogits(tally, `${what}, node ${node}`, quantity, part, rows, allowed);
  }
}
