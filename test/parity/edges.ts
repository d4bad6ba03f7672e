import * as v from 'valibot';
import { gate, gateNames } from '../../core/gates/gates.ts';
import { kindIndex, kindNames } from '../../core/kinds/kinds.ts';
import { agreement, type GateTolerances, lossError } from './gates.ts';
import type { EdgeMatrices, Losses, LossForm, MoreInputs } from './loss.ts';
import { Tally } from './report.ts';
import type { ParityReport } from './report.ts';

const LOGITS = { nan: NaN, inf: Infinity, '-inf': -Infinity };
const logit = v.union([
  v.number(),
  v.pipe(
    v.picklist(['nan', 'inf', '-inf']),
    v.transform((word) => LOGITS[word]),
  ),
]);
const vector = v.array(v.number());
const matrix = v.array(vector);
/** [n][h][w][channel] */
const map = v.array(v.array(v.array(vector)));
/** null where it is not finite. */
const loss = v.nullable(v.number());

const carried = {
  gate: v.picklist(gateNames),
  kind: v.picklist(['label', ...kindNames]),
  weight: v.number(),
  T: v.number(),
};

const single = v.object({
  ...carried,
  name: v.string(),
  c: v.number(),
  c_end: v.number(),
  labels: v.string(),
  target: v.string(),
  source: v.optional(v.string()),
  target_maps: v.optional(v.string()),
  source_maps: v.optional(v.string()),
  per_sample: v.array(loss),
  raw: loss,
  factor: vector,
  gated: v.number(),
  counts: vector,
  grad_target: v.optional(matrix),
  grad_maps: v.optional(v.array(map)),
});

export const voters = v.object({
  voters: vector,
  combine: v.picklist(['logits', 'probabilities']),
});

/** An edge of a whole graph; nodes count from 0. */
export const edgeFixture = v.object({
  ...carried,
  source: v.union([v.number(), v.picklist(['label', 'ensemble'])]),
  destination: v.number(),
});
export type EdgeFixture = v.InferOutput<typeof edgeFixture>;

const graph = v.object({
  name: v.string(),
  labels: v.string(),
  logits: v.array(v.string()),
  maps: v.array(v.string()),
  c: v.number(),
  c_end: v.number(),
  edges: v.array(edgeFixture),
  ensemble: v.optional(voters),
  gated: vector,
  factor: matrix,
  counts: matrix,
  node_loss: vector,
  stepped: v.array(v.boolean()),
  grad: v.array(matrix),
  grad_maps: v.array(v.array(map)),
  ensemble_logits: v.optional(matrix),
  ensemble_right: v.optional(v.union([v.number(), v.array(v.union([v.boolean(), v.number()]))])),
});

const edgesFixture = v.object({
  kind: v.literal('edges2'),
  inputs: v.object({
    logits: v.record(v.string(), v.array(v.array(logit))),
    labels: v.record(v.string(), vector),
    maps: v.record(v.string(), v.array(map)),
  }),
  cases: v.array(single),
  nodes: v.array(graph),
});
type Inputs = v.InferOutput<typeof edgesFixture>['inputs'];

/**
 * Compares single edges between hand-sized logits and maps, sources that are not finite among them,
 * and whole small graphs, with independent answers.
 */
export function edgesParity(
  file: string,
  json: unknown,
  allowed: GateTolerances & { readonly edge_logits: number },
  form: LossForm,
): ParityReport {
  const { inputs, cases, nodes } = v.parse(edgesFixture, json);
  const tally = new Tally();
  for (const one of cases) compareEdge(tally, inputs, one, allowed, form);
  for (const one of nodes) compareGraph(tally, inputs, one, allowed, form);
  return tally.report(file);
}

/** Column of a source in matrices: the label first, the ensemble last. */
export const columnOf = (source: EdgeFixture['source'], nodes: number): number => {
  if (source === 'label') return 0;
  return source === 'ensemble' ? nodes + 1 : source + 1;
};

/** Largest difference of nested lists over 1 + the largest expected value; NaN for other shapes. */
function slopeError(actual: unknown, expected: unknown): number {
  const [a, e] = [[actual].flat(Infinity) as number[], [expected].flat(Infinity) as number[]];
  if (a.length !== e.length) return NaN;
  const largest = e.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return e.reduce((worst, value, i) => maximum(worst, Math.abs(a[i]! - value)), 0) / (1 + largest);
}

const maximum = (a: number, b: number): number => (Number.isNaN(b) || b > a ? b : a);

/**
 * A label edge is a graph of one node; a network edge leads from node 2 into node 1, all else being
 * cut.
 */
function compareEdge(
  tally: Tally,
  inputs: Inputs,
  one: v.InferOutput<typeof single>,
  allowed: GateTolerances,
  form: LossForm,
): void {
  const names = one.source === undefined ? [one.target] : [one.target, one.source];
  const source = names.length === 1 ? 0 : 2;
  const labels = inputs.labels[one.labels]!;
  const logits = names.map((name) => inputs.logits[name]!);
  const edges = edgeMatrices(names.length, names.length + 1, one.c / one.c_end, [
    { ...one, column: source, destination: 0 },
  ]);
  const maps = [one.target_maps, one.source_maps].flatMap((name) =>
    name === undefined ? [] : [inputs.maps[name]!],
  );
  const losses = form(logits, labels, edges, maps.length > 0 ? { maps } : {});
  const at = (what: string): string => `${one.name}, ${what}`;
  const compare = (what: string, actual: number, expected: number | null): void => {
    if (expected === null) tally.exact(at(`${what} is finite`), Number.isFinite(actual), false);
    else tally.within(at(what), lossError(actual, expected), allowed.gate_loss);
  };
  compare('raw', losses.raw[0]![source]!, one.raw);
  compare('gated', losses.gated[0]![source]!, one.gated);
  tally.exact(at('counts'), agreement(losses, 0, source, labels.length), one.counts);
  const gradient = one.grad_target ?? logits[0]!.map((row) => row.map(() => 0));
  tally.within(at('gradient'), slopeError(losses.gradient[0]!, gradient), allowed.gate_grad);
  compareMaps(tally, at('gradient'), losses, 0, one.grad_maps ?? [], allowed);
  for (const [n, expected] of one.per_sample.entries()) {
    if (losses.perSample)
      compare(`loss of sample ${n}`, losses.perSample[0]![source]![n]!, expected);
    if (losses.factor)
      compare(`factor of sample ${n}`, losses.factor[0]![source]![n]!, one.factor[n]!);
  }
}

/** Gradients of a node's stage outputs; a stage without one has all 0. */
function compareMaps(
  tally: Tally,
  what: string,
  losses: Losses,
  node: number,
  expected: readonly v.InferOutput<typeof map>[],
  allowed: GateTolerances,
): void {
  for (const [stage, slopes] of expected.entries()) {
    const zeros = slopes.map((n) => n.map((h) => h.map((w) => w.map(() => 0))));
    const actual = losses.mapGradients[node]?.[stage] ?? zeros;
    tally.within(`${what} of stage ${stage}`, slopeError(actual, slopes), allowed.gate_grad);
  }
}

function compareGraph(
  tally: Tally,
  inputs: Inputs,
  one: v.InferOutput<typeof graph>,
  allowed: GateTolerances & { readonly edge_logits: number },
  form: LossForm,
): void {
  const labels = inputs.labels[one.labels]!;
  const logits = one.logits.map((name) => inputs.logits[name]!);
  const nodes = logits.length;
  const more: MoreInputs = {
    maps: one.maps.map((name) => inputs.maps[name]!),
    ...(one.ensemble && { ensemble: one.ensemble }),
  };
  const columns = nodes + (one.ensemble ? 2 : 1);
  const edges = one.edges.map((edge) => ({ ...edge, column: columnOf(edge.source, nodes) }));
  const losses = form(logits, labels, edgeMatrices(nodes, columns, one.c / one.c_end, edges), more);
  const at = (what: string): string => `${one.name}, ${what}`;
  for (const [i, { destination: t, column: s }] of edges.entries()) {
    const gated = losses.gated[t]![s]!;
    tally.within(at(`edge ${i}, gated`), lossError(gated, one.gated[i]!), allowed.gate_loss);
    tally.exact(at(`edge ${i}, counts`), agreement(losses, t, s, labels.length), one.counts[i]);
    for (const [n, expected] of one.factor[i]!.entries())
      if (losses.factor)
        tally.within(
          at(`edge ${i}, factor of sample ${n}`),
          lossError(losses.factor[t]![s]![n]!, expected),
          allowed.gate_loss,
        );
  }
  for (const [t, expected] of one.node_loss.entries()) {
    tally.within(at(`node ${t}`), lossError(losses.nodeLoss[t]!, expected), allowed.gate_loss);
    tally.exact(at(`node ${t} stepped`), losses.nodeLoss[t] !== 0, one.stepped[t]);
    const error = slopeError(losses.gradient[t]!, one.grad[t]!);
    tally.within(at(`node ${t}, gradient`), error, allowed.gate_grad);
    compareMaps(tally, at(`node ${t}, gradient`), losses, t, one.grad_maps[t]!, allowed);
  }
  if (one.ensemble_logits) compareEnsemble(tally, at('ensemble'), losses, labels, one, allowed);
}

function compareEnsemble(
  tally: Tally,
  what: string,
  { ensemble, sourceRight }: Losses,
  labels: readonly number[],
  one: v.InferOutput<typeof graph>,
  allowed: { readonly edge_logits: number },
): void {
  const expected = one.ensemble_logits!.flat();
  const largest = Math.max(...expected.map(Math.abs));
  const errors = ensemble!.flat().map((value, i) => Math.abs(value - expected[i]!));
  tally.within(`${what}, logits`, Math.max(...errors) / largest, allowed.edge_logits);
  const right = [one.ensemble_right].flat().map(Number);
  const count = right.length === labels.length ? right.reduce((a, b) => a + b, 0) : right[0];
  tally.exact(`${what}, right`, sourceRight.at(-1), count);
}

/** An edge with the column of its source. */
type PlacedEdge = Pick<EdgeFixture, 'gate' | 'kind' | 'weight' | 'T' | 'destination'> & {
  readonly column: number;
};

/** Edges as the matrices that a step takes; everything else is cut. */
export function edgeMatrices(
  nodes: number,
  columns: number,
  progress: number,
  edges: readonly PlacedEdge[],
): EdgeMatrices {
  const fill = (value: (edge: PlacedEdge) => number, otherwise: number): number[][] =>
    Array.from({ length: nodes }, (_, t) =>
      Array.from({ length: columns }, (__, s) => {
        const found = edges.find(({ destination, column }) => destination === t && column === s);
        return found ? value(found) : otherwise;
      }),
    );
  return {
    weight: fill(({ gate: name, weight }) => weight * gate(name).weight(progress), 0),
    onlyCorrect: fill(({ gate: name }) => (gate(name).onlyCorrect ? 1 : 0), 0),
    temperature: fill(({ T }) => T, 1),
    overCorrect: fill(({ gate: name }) => (gate(name).over === 'correct' ? 1 : 0), 0),
    kind: fill(({ kind }) => (kind === 'label' ? 0 : kindIndex(kind)), 0),
  };
}
