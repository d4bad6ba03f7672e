import * as v from 'valibot';
import { gate, gateNames } from '../../core/gates/gates.ts';
import type { GateName } from '../../core/gates/gates.ts';
import type { EdgeMatrices, LossForm, Losses } from './loss.ts';
import { Tally } from './report.ts';
import type { ParityReport } from './report.ts';

const vector = v.array(v.number());
const matrix = v.array(vector);
const setting = { T: v.number(), linear_k: v.number(), linear_k_end: v.number(), labels: vector };

const edge = v.object({
  ...setting,
  name: v.string(),
  edge: v.picklist(['label', 'kl']),
  gate: v.picklist(gateNames),
  target: matrix,
  source: v.optional(matrix),
  per_sample: vector,
  raw: v.number(),
  factor: vector,
  gated: v.number(),
  counts: vector,
  grad_target: matrix,
  grad_source: v.optional(matrix),
});

const nodes = v.object({
  ...setting,
  name: v.string(),
  logits: v.array(matrix),
  gates: v.array(v.array(v.picklist(gateNames))),
  gated: matrix,
  node_loss: vector,
  stepped: vector,
  grad: v.array(matrix),
});

const gatesFixture = v.object({
  kind: v.literal('gates'),
  edges: v.array(edge),
  nodes: v.array(nodes),
});

export interface GateTolerances {
  readonly gate_loss: number;
  readonly gate_grad: number;
}

export const lossError = (actual: number, expected: number): number =>
  Math.abs(actual - expected) / (1 + Math.abs(expected));

/** Largest difference of two matrices; NaN when their shapes differ. */
function distance(
  actual: readonly (readonly number[])[],
  expected: readonly (readonly number[])[],
): number {
  const errors = expected.flatMap((row, i) =>
    row.map((value, j) => Math.abs((actual[i]?.[j] ?? NaN) - value)),
  );
  return errors.length === actual.flat().length ? Math.max(...errors) : NaN;
}

/**
 * Compares losses, gates, counts and gradients of hand-sized logits with closed-form answers, in
 * any form of the loss.
 */
export function gatesParity(
  file: string,
  json: unknown,
  allowed: GateTolerances,
  form: LossForm,
): ParityReport {
  const fixture = v.parse(gatesFixture, json);
  const tally = new Tally();
  for (const one of fixture.edges) compareEdge(tally, one, allowed, form);
  for (const one of fixture.nodes) compareNodes(tally, one, allowed, form);
  return tally.report(file);
}

/**
 * A label edge is a graph of one node; a network edge leads from node 2 into node 1, all else being
 * cut.
 */
function compareEdge(
  tally: Tally,
  one: v.InferOutput<typeof edge>,
  allowed: GateTolerances,
  form: LossForm,
): void {
  const logits = one.source ? [one.target, one.source] : [one.target];
  const source = one.source ? 2 : 0;
  const cut = (t: number, s: number): GateName => (t === 0 && s === source ? one.gate : 'cutoff');
  const losses = form(logits, one.labels, matrices(logits.length, one, cut));
  const at = (what: string): string => `${one.name}, ${what}`;
  const loss = (what: string, actual: number, expected: number): void => {
    tally.within(at(what), lossError(actual, expected), allowed.gate_loss);
  };
  loss('raw', losses.raw[0]![source]!, one.raw);
  loss('gated', losses.gated[0]![source]!, one.gated);
  loss('node loss', losses.nodeLoss[0]!, one.gated);
  tally.exact(at('counts'), agreement(losses, 0, source, one.labels.length), one.counts);
  tally.within(
    at('gradient'),
    distance(losses.gradient[0]!, one.grad_target) / one.T,
    allowed.gate_grad,
  );
  if (one.grad_source)
    tally.exact(at('gradient of the source'), distance(losses.gradient[1]!, one.grad_source), 0);
  for (const [n, expected] of one.per_sample.entries()) {
    if (losses.perSample) loss(`loss of sample ${n}`, losses.perSample[0]![source]![n]!, expected);
    if (losses.factor)
      loss(`factor of sample ${n}`, losses.factor[0]![source]![n]!, one.factor[n]!);
  }
}

/** Whole small graphs; the fixture's diagonal is the label edge. */
function compareNodes(
  tally: Tally,
  one: v.InferOutput<typeof nodes>,
  allowed: GateTolerances,
  form: LossForm,
): void {
  const inFixture = (t: number, s: number): number => (s === 0 ? t : s - 1);
  const open = (t: number, s: number): GateName =>
    s === t + 1 ? 'cutoff' : one.gates[t]![inFixture(t, s)]!;
  const losses = form(one.logits, one.labels, matrices(one.logits.length, one, open));
  for (const [t, expected] of one.node_loss.entries()) {
    const at = (what: string): string => `${one.name}, node ${t + 1}, ${what}`;
    tally.within(at('loss'), lossError(losses.nodeLoss[t]!, expected), allowed.gate_loss);
    tally.exact(at('stepped'), losses.nodeLoss[t] !== 0 ? 1 : 0, one.stepped[t]);
    tally.within(
      at('gradient'),
      distance(losses.gradient[t]!, one.grad[t]!) / one.T,
      allowed.gate_grad,
    );
    for (const s of one.logits.map((_, node) => (node === t ? 0 : node + 1))) {
      const gated = losses.gated[t]![s]!;
      tally.within(
        at(`gated ${s}`),
        lossError(gated, one.gated[t]![inFixture(t, s)]!),
        allowed.gate_loss,
      );
    }
  }
}

/** Gates as the numbers that a step takes (core/gates/gate.ts). */
function matrices(
  count: number,
  { T, linear_k, linear_k_end }: { T: number; linear_k: number; linear_k_end: number },
  gateAt: (t: number, s: number) => GateName,
): EdgeMatrices {
  const each = (value: (t: number, s: number) => number): number[][] =>
    Array.from({ length: count }, (_, t) =>
      Array.from({ length: count + 1 }, (_, s) => value(t, s)),
    );
  return {
    weight: each((t, s) => gate(gateAt(t, s)).weight(linear_k / linear_k_end)),
    onlyCorrect: each((t, s) => (gate(gateAt(t, s)).onlyCorrect ? 1 : 0)),
    temperature: each(() => T),
  };
}

/**
 * [TT, TF, FT, FF], source first: from who was right together, and from the label's column, who was
 * right at all.
 */
export function agreement(
  { bothRight, sourceRight }: Losses,
  t: number,
  s: number,
  batch: number,
): number[] {
  const both = bothRight[t]![s]!;
  const source = sourceRight[s]!;
  const target = bothRight[t]![0]!;
  return [both, source - both, target - both, batch - source - target + both];
}
