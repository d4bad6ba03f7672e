import { tQuantile, tTails } from './distributions.ts';

/** Returns the arithmetic mean; NaN for no values. */
export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Returns the largest magnitude; 0 for no values. */
const largest = (values: readonly number[]): number =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** Whether a difference is no more than the rounding of numbers of a magnitude. */
const isRounding = (difference: number, scale: number): boolean =>
  Math.abs(difference) <= 2 * Number.EPSILON * scale;

/**
 * Returns the standard deviation of a sample (divided by n - 1); NaN below two values. Values that
 * differ by no more than their rounding have none: three times 0.1 has a mean beside 0.1.
 *
 * @param scale magnitude of the numbers that were rounded, such as those whose differences the
 * values are
 */
export function sampleDeviation(values: readonly number[], scale = largest(values)): number {
  if (values.length < 2) return NaN;
  if (isRounding(Math.max(...values) - Math.min(...values), scale)) return 0;
  const middle = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - middle) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1));
}

/** Difference of two means with its 95 % confidence interval. */
export interface Difference {
  mean: number;
  low: number;
  high: number;
  /** True when the interval excludes 0. */
  significant: boolean;
}

/** A t test of a mean, or of a difference of means, against 0. */
export interface TTest {
  difference: number;
  standardError: number;
  /** Degrees of freedom and t; null without any spread. */
  df: number | null;
  t: number | null;
  /** Two-sided. Without any spread: 1 for no difference, else 0. */
  p: number;
  /** 95 % interval; without any spread the difference itself. */
  low: number;
  high: number;
}

const CONFIDENCE = 0.95;

/** Returns half the width of a 95 % interval. */
const halfWidth = (standardError: number, degrees: number): number =>
  standardError === 0 ? 0 : tQuantile((1 + CONFIDENCE) / 2, degrees) * standardError;

/** Tests an estimate with its standard error against 0. */
export function tTest(difference: number, standardError: number, degrees: number): TTest {
  const half = halfWidth(standardError, degrees);
  const [low, high] = [difference - half, difference + half];
  if (standardError === 0)
    return { difference, standardError, df: null, t: null, p: Number(difference === 0), low, high };
  const t = difference / standardError;
  return { difference, standardError, df: degrees, t, p: tTails(t, degrees), low, high };
}

/**
 * Tests the mean of one sample against 0; null below two values.
 *
 * @param scale as for `sampleDeviation`
 */
export function meanTest(values: readonly number[], scale?: number): TTest | null {
  if (values.length < 2) return null;
  const standardError = sampleDeviation(values, scale) / Math.sqrt(values.length);
  return tTest(mean(values), standardError, values.length - 1);
}

/**
 * Tests mean(a - b) of pairs by position, such as runs with the same seed; null below two pairs.
 */
export function pairedTest(a: readonly number[], b: readonly number[]): TTest | null {
  const pairs = Math.min(a.length, b.length);
  const differences = Array.from({ length: pairs }, (_, at) => a[at]! - b[at]!);
  return meanTest(differences, Math.max(largest(a), largest(b)));
}

/**
 * Tests mean(a) - mean(b) with unequal variances, degrees of freedom by Welch and Satterthwaite (B.
 * L. Welch, Biometrika 34, 1947); null below two values on a side.
 */
export const welchTest = (a: readonly number[], b: readonly number[]): TTest | null =>
  a.length < 2 || b.length < 2 ? null : welchOfSummaries(summaryOf(a), summaryOf(b));

/** Mean and sample standard deviation of at least two runs, such as a row of a published table. */
export interface Summary {
  mean: number;
  standardDeviation: number;
  runs: number;
}

const summaryOf = (values: readonly number[]): Summary => ({
  mean: mean(values),
  standardDeviation: sampleDeviation(values),
  runs: values.length,
});

/** Returns `welchTest` of two groups whose values are not known, only their summaries. */
export function welchOfSummaries(a: Summary, b: Summary): TTest {
  const [va, vb] = [a.standardDeviation ** 2 / a.runs, b.standardDeviation ** 2 / b.runs];
  const degrees = (va + vb) ** 2 / (va ** 2 / (a.runs - 1) + vb ** 2 / (b.runs - 1));
  const difference = a.mean - b.mean;
  const isNone = isRounding(difference, Math.max(Math.abs(a.mean), Math.abs(b.mean)));
  return tTest(isNone ? 0 : difference, Math.sqrt(va + vb), degrees);
}

/** Returns `welchTest` as a difference with its interval. */
export function welch(a: readonly number[], b: readonly number[]): Difference | null {
  const test = welchTest(a, b);
  if (!test) return null;
  const { difference, low, high } = test;
  return { mean: difference, low, high, significant: low > 0 || high < 0 };
}
