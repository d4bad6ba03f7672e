import * as v from 'valibot';
import {
  columnsOf,
  type EdgeInputs,
  type Step,
  type StepMetrics,
  type StepPlan,
} from '../../core/engine/engine.ts';
import { initialStatistics } from '../../core/models/initialise.ts';
import { architecture } from '../../core/models/architecture.ts';
import type { Architecture } from '../../core/models/layers.ts';
import { sizeOf, statistics, tensors } from '../../core/models/tensors.ts';
import { kindNames } from '../../core/kinds/kinds.ts';
import type { Steps } from '../../core/train/steps.ts';
import { normaliseFixture } from './augment.ts';
import { compareCounts, type Tolerances } from './compare.ts';
import { columnOf, edgeFixture, edgeMatrices, voters } from './edges.ts';
import { initFormula, inputFormula } from './forward.ts';
import { formulaImages, formulaParameters, type InitFormula } from './formulas.ts';
import { type ParityReport, Tally } from './report.ts';
import {
  compareEdge,
  compareNodeLogits,
  compareNodes,
  compareStates,
  stateFixture,
  trainStep,
} from './steps.ts';

const numbers = v.array(v.number());
const matrix = v.array(numbers);

const stepsFixture2 = v.object({
  kind: v.literal('ktg2'),
  classes: v.number(),
  batch: v.number(),
  size: v.number(),
  optimizer: v.object({ momentum: v.number(), nesterov: v.boolean(), weight_decay: v.number() }),
  frozen: v.picklist(['train', 'eval']),
  normalise: normaliseFixture,
  ensemble: v.nullable(voters),
  models: v.array(v.string()),
  edges: v.array(edgeFixture),
  updates: v.object({ c_end: v.number() }),
  init: initFormula,
  input: inputFormula,
  steps: v.array(
    v.object({
      s: v.number(),
      lr: v.number(),
      c: v.number(),
      labels: numbers,
      logits: v.array(matrix),
      edges: v.array(
        v.object({ raw: v.number(), gated: v.number(), factor: numbers, counts: numbers }),
      ),
      node_loss: numbers,
      right: numbers,
      stepped: v.array(v.boolean()),
      ensemble_logits: v.optional(matrix),
      ensemble_right: v.optional(v.number()),
    }),
  ),
  after: v.record(v.string(), v.object({ nodes: v.array(stateFixture) })),
  eval: v.object({
    s: v.number(),
    logits: v.array(matrix),
    labels: v.optional(numbers),
    ensemble_logits: v.optional(matrix),
    ensemble_right: v.optional(v.number()),
  }),
  tolerance: v.string(),
});
type Fixture = v.InferOutput<typeof stepsFixture2>;

/** Whole collaborative steps with every kind of edge, ensembles and recipes. */
export async function stepsParity2(
  file: string,
  json: unknown,
  allowed: Tolerances,
  steps: Steps,
): Promise<ParityReport> {
  const fixture = v.parse(stepsFixture2, json);
  const tally = new Tally();
  const plan = planOf(fixture);
  const trained = [...plan.architectures.keys()].filter((node) => !plan.frozen!.includes(node));
  const step = await steps.borrow(plan);
  try {
    for (const node of plan.architectures.keys()) step.write(node, start(fixture, plan, node));
    for (const [done, expected] of fixture.steps.entries()) {
      const edges = edgeInputs(fixture, plan, expected.c);
      const { metrics, logits } = trainStep(step, fixture, expected, edges, trained);
      compareStep(tally, fixture, plan, done, metrics, logits, allowed);
      const after = fixture.after[String(done + 1)];
      if (after) {
        const { architectures: models, classes } = plan;
        compareStates(tally, models, classes, step, after.nodes, `after step ${done + 1}`, allowed);
      }
    }
    compareEvaluation(tally, fixture, step, allowed);
  } finally {
    steps.giveBack(step);
  }
  return tally.report(file);
}

function planOf(fixture: Fixture): StepPlan {
  const { models, classes, batch, size, edges, ensemble } = fixture;
  const used = kindNames.filter((name, i) => i > 0 && edges.some(({ kind }) => kind === name));
  const isClosed = ({ gate, weight }: Fixture['edges'][number]): boolean =>
    gate === 'cutoff' || weight === 0;
  const frozen = models.flatMap((_, node) =>
    edges.filter(({ destination }) => destination === node).every(isClosed) ? [node] : [],
  );
  return {
    architectures: models.map((name) => architecture(name, { side: size })),
    classes,
    batch,
    frozen,
    kinds: used,
    ...(ensemble && { ensemble }),
    form: {
      nesterov: fixture.optimizer.nesterov,
      frozenMode: fixture.frozen,
      normalise: fixture.normalise,
    },
  };
}

function start(fixture: Fixture, { architectures, classes, frozen }: StepPlan, node: number) {
  const model = architectures[node]!;
  const parameters = formulaParameters(model, classes, fixture.init, node);
  const isSet = frozen!.includes(node) && fixture.frozen === 'eval';
  return {
    parameters,
    momentum: new Float32Array(parameters.length),
    statistics: isSet
      ? formulaStatistics(model, classes, fixture.init, node)
      : initialStatistics(model),
  };
}

/** Running statistics of a pretrained node; their tensor numbers follow the parameters'. */
function formulaStatistics(
  model: Architecture,
  classes: number,
  { k, a, b, c, d }: InitFormula,
  node: number,
): Float32Array {
  const first = tensors(model, classes).length;
  return Float32Array.from(
    statistics(model).flatMap(({ name, shape }, i) =>
      Array.from({ length: sizeOf(shape) }, (_, j) => {
        const u = Math.sin(k * Math.sin(a * j + b * (first + i) + c * node + d));
        return name.endsWith('mean') ? 0.2 * u : 1 + 0.5 * u;
      }),
    ),
  );
}

function edgeInputs({ edges, updates }: Fixture, plan: StepPlan, c: number): EdgeInputs {
  const nodes = plan.architectures.length;
  const columns = columnsOf(plan);
  const placed = edges.map((edge) => ({ ...edge, column: columnOf(edge.source, nodes) }));
  const given = edgeMatrices(nodes, columns, c / updates.c_end, placed);
  const flat = (rows: readonly (readonly number[])[]): Float32Array =>
    Float32Array.from(rows.flat());
  return {
    weight: flat(given.weight),
    onlyCorrect: flat(given.onlyCorrect),
    temperature: flat(given.temperature),
    overCorrect: flat(given.overCorrect!),
    kind: flat(given.kind!),
  };
}

function compareStep(
  tally: Tally,
  { models, batch, steps, edges, ensemble }: Fixture,
  plan: StepPlan,
  done: number,
  metrics: StepMetrics,
  logits: Float32Array,
  allowed: Tolerances,
): void {
  const expected = steps[done]!;
  const nodes = models.length;
  const columns = columnsOf(plan);
  const when = `step ${done + 1}`;
  const rows = [...expected.logits, ...(ensemble ? [expected.ensemble_logits!] : [])];
  compareNodeLogits(tally, when, 'logits', logits, rows, allowed);
  const right = metrics.sourceRight;
  const answered = expected.right.concat(ensemble ? expected.ensemble_right! : []);
  const found = [...right].slice(1, answered.length + 1);
  compareCounts(tally, `${when}: right`, 'right', found, answered, allowed);
  for (const [i, edge] of expected.edges.entries()) {
    const { source, destination: t } = edges[i]!;
    const s = columnOf(source, nodes);
    const what = `${when}, edge ${source} -> ${t}`;
    const own = { batch, source: right[s]!, destination: right[t + 1]! };
    compareEdge(tally, what, metrics, t * columns + s, own, edge, allowed);
  }
  compareNodes(tally, when, metrics, expected, allowed);
}

function compareEvaluation(
  tally: Tally,
  { batch, size, input, eval: expected, classes, ensemble, models }: Fixture,
  step: Step,
  allowed: Tolerances,
): void {
  const images = formulaImages(batch, expected.s, input, size);
  const logits = step.logits({ images, labels: new Int32Array(batch) });
  const rows = [...expected.logits, ...(ensemble ? [expected.ensemble_logits!] : [])];
  compareNodeLogits(tally, 'evaluation', 'eval_logits', logits, rows, allowed);
  if (!ensemble) return;
  const right = expected.labels!.filter((label, n) => {
    const from = (models.length * batch + n) * classes;
    const own = logits.subarray(from, from + classes);
    return own.indexOf(Math.max(...own)) === label;
  });
  const answered = [expected.ensemble_right!];
  compareCounts(tally, 'evaluation: ensemble right', 'right', [right.length], answered, allowed);
}
