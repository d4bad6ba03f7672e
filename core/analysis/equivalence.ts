import { tQuantile, tTails } from './distributions.ts';
import type { TTest } from './statistics.ts';

/** An equivalence test of a difference within a margin. */
export interface Equivalence {
  /** p of both one-sided tests together; below 5 % the difference lies within the margin. */
  p: number;
  /** 90 % interval: it lies within the margin exactly where p is below 5 %. */
  low: number;
  high: number;
}

const LEVEL = 0.05;

/**
 * Tests that a difference lies within -margin and margin, by two one-sided t tests (D. J.
 * Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 15, 1987); null for a test without
 * spread, which cannot say how far the next difference lies.
 *
 * @param margin above 0, in units of the difference
 */
export function equivalenceOf(test: TTest, margin: number): Equivalence | null {
  const { difference, standardError, df } = test;
  if (df === null) return null;
  const below = tailAbove((difference + margin) / standardError, df);
  const above = tailAbove((margin - difference) / standardError, df);
  const half = tQuantile(1 - LEVEL, df) * standardError;
  return { p: Math.max(below, above), low: difference - half, high: difference + half };
}

/** Whether a difference is shown to lie within the margin. */
export const isEquivalent = (equivalence: Equivalence | null): boolean =>
  equivalence !== null && equivalence.p < LEVEL;

/** Returns the share of Student's t above `t`. */
const tailAbove = (t: number, degrees: number): number =>
  t >= 0 ? tTails(t, degrees) / 2 : 1 - tTails(t, degrees) / 2;
