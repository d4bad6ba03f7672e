import * as v from 'valibot';
import { sizeOf, type TensorSpec } from '../../core/models/tensors.ts';
import type { Tally } from './report.ts';

/**
 * A tensor in three measures: norm, weighted sum that notices permutations, first eight elements.
 */
export const summary = v.object({ n: v.number(), p: v.number(), h: v.array(v.number()) });
export type Summary = v.InferOutput<typeof summary>;

/** Allowed deviations by quantity, as `tolerances.json` lists them. */
export type Tolerances = Readonly<Record<string, number>>;

/** Limits may tell the roles of tensors apart: `quantity.role.measure` goes before `quantity.measure`. */
function allowedFor(allowed: Tolerances, quantity: string, role = '', measure = ''): number {
  const key = [quantity, measure].filter((part) => part !== '').join('.');
  const limit = allowed[`${quantity}.${role}.${measure}`] ?? allowed[key];
  if (limit === undefined) throw new Error(`There is no limit for ${key} ${role}.`);
  return limit;
}

/**
 * Compares one tensor with its summary, under the limits of `quantity.n`, `.p` and `.h`.
 *
 * @param role of the tensor in its layer, where limits tell roles apart
 */
export function compareSummary(
  tally: Tally,
  what: string,
  quantity: string,
  actual: Float32Array,
  expected: Summary,
  allowed: Tolerances,
  role?: string,
): void {
  let squares = 0;
  let p = 0;
  for (let j = 0; j < actual.length; j++) {
    squares += actual[j]! ** 2;
    p += actual[j]! * Math.sin(j + 1);
  }
  if (expected.n === 0) {
    tally.exact(`${what} is all zero`, squares, 0);
    return;
  }
  const rms = expected.n / Math.sqrt(actual.length);
  const heads = expected.h.map((value, i) => Math.abs(actual[i]! - value));
  tally.within(
    `${what}, n`,
    Math.abs(Math.sqrt(squares) - expected.n) / expected.n,
    allowedFor(allowed, quantity, role, 'n'),
  );
  tally.within(
    `${what}, p`,
    Math.abs(p - expected.p) / expected.n,
    allowedFor(allowed, quantity, role, 'p'),
  );
  tally.within(`${what}, h`, Math.max(...heads) / rms, allowedFor(allowed, quantity, role, 'h'));
}

/** A flat vector cut into named tensors, compared one by one with what is expected of them. */
export function compareFlat(
  tally: Tally,
  what: string,
  quantity: string,
  flat: Float32Array,
  specs: readonly TensorSpec[],
  expected: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly value: Summary;
  }[],
  allowed: Tolerances,
): void {
  tally.exact(
    `${what}: names and shapes`,
    specs.map(({ name, shape }) => [name, shape]),
    expected.map(({ name, shape }) => [name, shape]),
  );
  let offset = 0;
  for (const [i, spec] of specs.entries()) {
    const part = flat.subarray(offset, (offset += sizeOf(spec.shape)));
    const zero = allowed[`${quantity}_zero`];
    if (expected[i]!.value.n === 0 && zero !== undefined) {
      const partner = expected.find(({ name }) => name === partnerOf(spec.name));
      tally.within(`${what} ${spec.name}, zero`, normOf(part) / partner!.value.n, zero);
      continue;
    }
    const label = `${what} ${spec.name}`;
    compareSummary(tally, label, quantity, part, expected[i]!.value, allowed, roleOf(spec));
  }
}

/** The role of a tensor, or which running statistic it is. */
const roleOf = ({ name, role }: TensorSpec): string => /(mean|var)$/.exec(name)?.[0] ?? role;

/** The tensor of the same layer whose gradient is the scale of one that is exactly 0. */
const partnerOf = (name: string): string =>
  name.replace(/bias$/, 'kernel').replace(/beta$/, 'gamma');

export const normOf = (values: Float32Array): number =>
  Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

/** Logits of one node's batch: largest difference over largest expected value. */
export function compareLogits(
  tally: Tally,
  what: string,
  quantity: 'logits' | 'eval_logits',
  actual: Float32Array,
  expected: readonly (readonly number[])[],
  allowed: Tolerances,
): void {
  const flat = expected.flat();
  tally.exact(`${what}: count`, actual.length, flat.length);
  const largest = Math.max(...flat.map(Math.abs));
  const errors = flat.map((value, i) => Math.abs(actual[i]! - value));
  tally.within(what, Math.max(...errors) / largest, allowedFor(allowed, quantity));
}

/** Numbers of images, which are exact unless limits say otherwise. */
export function compareCounts(
  tally: Tally,
  what: string,
  quantity: 'right' | 'counts',
  actual: readonly number[],
  expected: readonly number[],
  allowed: Tolerances,
): void {
  const limit = allowed[quantity] ?? 0;
  if (limit === 0 || actual.length !== expected.length) tally.exact(what, actual, expected);
  else tally.within(what, Math.max(...expected.map((e, i) => Math.abs(actual[i]! - e))), limit);
}

export function compareLoss(
  tally: Tally,
  what: string,
  actual: number,
  expected: number,
  allowed: Tolerances,
): void {
  tally.within(
    what,
    Math.abs(actual - expected) / (1 + Math.abs(expected)),
    allowedFor(allowed, 'loss'),
  );
}
