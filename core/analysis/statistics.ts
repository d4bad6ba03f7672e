import { tQuantile, tTails } from './distributions.ts';

/** Returns the arithmetic mean; NaN for no values. */
export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Returns the standard deviation of a sample (divided by n - 1); NaN below two values. */
export function sampleDeviation(values: readonly number[]): number {
  const middle = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - middle) ** 2, 0);
  return values.length < 2 ? NaN : Math.sqrt(squares / (values.length - 1));
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

/** Tests the mean of one sample against 0; null below two values. */
export function meanTest(values: readonly number[]): TTest | null {
  if (values.length < 2) return null;
  return tTest(mean(values), sampleDeviation(values) / Math.sqrt(values.length), values.length - 1);
}

/**
 * Tests mean(a - b) of pairs by position, such as runs with the same seed; null below two pairs.
 */
export function pairedTest(a: readonly number[], b: readonly number[]): TTest | null {
  const pairs = Math.min(a.length, b.length);
  return meanTest(Array.from({ length: pairs }, (_, at) => a[at]! - b[at]!));
}

/**
 * Tests mean(a) - mean(b) with unequal variances, degrees of freedom by Welch and Satterthwaite (B.
 * L. Welch, Biometrika 34, 1947); null below two values on a side.
 */
export function welchTest(a: readonly number[], b: readonly number[]): TTest | null {
  if (a.length < 2 || b.length < 2) return null;
  const [va, vb] = [sampleDeviation(a) ** 2 / a.length, sampleDeviation(b) ** 2 / b.length];
  const degrees = (va + vb) ** 2 / (va ** 2 / (a.length - 1) + vb ** 2 / (b.length - 1));
  return tTest(mean(a) - mean(b), Math.sqrt(va + vb), degrees);
}

/** Returns `welchTest` as a difference with its interval. */
export function welch(a: readonly number[], b: readonly number[]): Difference | null {
  const test = welchTest(a, b);
  if (!test) return null;
  const { difference, low, high } = test;
  return { mean: difference, low, high, significant: low > 0 || high < 0 };
}
