import * as v from 'valibot';
import { gate, gateNames } from '../../core/gates/gates.ts';
import { agreement, distance, type GateTolerances, lossError } from './gates.ts';
import type { EdgeMatrices, LossForm } from './loss.ts';
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

const edge = v.object({
  name: v.string(),
  kind: v.picklist(['label', 'kl']),
  gate: v.picklist(gateNames),
  weight: v.number(),
  T: v.number(),
  c: v.number(),
  c_end: v.number(),
  labels: v.string(),
  target: v.string(),
  source: v.optional(v.string()),
  /** null where it is not finite. */
  per_sample: v.array(v.nullable(v.number())),
  raw: v.nullable(v.number()),
  factor: vector,
  gated: v.number(),
  counts: vector,
  grad_target: v.array(vector),
});

const edgesFixture = v.object({
  kind: v.literal('edges2'),
  inputs: v.object({
    logits: v.record(v.string(), v.array(v.array(logit))),
    labels: v.record(v.string(), vector),
  }),
  cases: v.array(edge),
});
type Edges = v.InferOutput<typeof edgesFixture>;

/**
 * Compares single edges between hand-sized logits, sources that are not finite among them, with
 * independent answers.
 */
export function edgesParity(
  file: string,
  json: unknown,
  allowed: GateTolerances,
  form: LossForm,
): ParityReport {
  const { inputs, cases } = v.parse(edgesFixture, json);
  const tally = new Tally();
  for (const one of cases) compareEdge(tally, inputs, one, allowed, form);
  return tally.report(file);
}

/**
 * A label edge is a graph of one node; a network edge leads from node 2 into node 1, all else being
 * cut.
 */
function compareEdge(
  tally: Tally,
  inputs: Edges['inputs'],
  one: Edges['cases'][number],
  allowed: GateTolerances,
  form: LossForm,
): void {
  const names = one.source === undefined ? [one.target] : [one.target, one.source];
  const source = names.length === 1 ? 0 : 2;
  const labels = inputs.labels[one.labels]!;
  const logits = names.map((name) => inputs.logits[name]!);
  const losses = form(logits, labels, matrices(names.length, source, one));
  const at = (what: string): string => `${one.name}, ${what}`;
  const loss = (what: string, actual: number, expected: number | null): void => {
    if (expected === null) tally.exact(at(`${what} is finite`), Number.isFinite(actual), false);
    else tally.within(at(what), lossError(actual, expected), allowed.gate_loss);
  };
  loss('raw', losses.raw[0]![source]!, one.raw);
  loss('gated', losses.gated[0]![source]!, one.gated);
  tally.exact(at('counts'), agreement(losses, 0, source, labels.length), one.counts);
  const gradient = distance(losses.gradient[0]!, one.grad_target) / one.T / Math.max(1, one.weight);
  tally.within(at('gradient'), gradient, allowed.gate_grad);
  for (const [n, expected] of one.per_sample.entries()) {
    if (losses.perSample) loss(`loss of sample ${n}`, losses.perSample[0]![source]![n]!, expected);
    if (losses.factor)
      loss(`factor of sample ${n}`, losses.factor[0]![source]![n]!, one.factor[n]!);
  }
}

function matrices(
  nodes: number,
  source: number,
  { gate: name, weight, T, c, c_end: end }: Edges['cases'][number],
): EdgeMatrices {
  const only = (value: number): number[][] =>
    Array.from({ length: nodes }, (_, t) =>
      Array.from({ length: nodes + 1 }, (__, s) => (t === 0 && s === source ? value : 0)),
    );
  return {
    weight: only(weight * gate(name).weight(c / end)),
    onlyCorrect: only(gate(name).onlyCorrect ? 1 : 0),
    temperature: only(0).map((row) => row.map(() => T)),
  };
}
