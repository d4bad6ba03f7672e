import { type Comparison, mainTest } from './comparison.ts';

/** Spread of a kind of training that this lab has never repeated, a fraction of 1. */
export const USUAL_SPREAD = 0.004;

/** Returns what a comparison means, such as `significant at 5 % after correction`. */
export function verdictText(comparison: Comparison): string {
  if (!mainTest(comparison)) return 'too few seeds to compare';
  return `${comparison.significant ? '' : 'not '}significant at 5 % after correction`;
}

/** Returns a difference of accuracies in points of percent: `+0.42`. */
export const pointsText = (difference: number, minus = '−', digits = 2): string =>
  `${difference >= 0 ? '+' : minus}${(Math.abs(difference) * 100).toFixed(digits)}`;

/** Returns `+0.20 to +0.64`. */
export const intervalText = (test: { low: number; high: number }, minus = '−'): string =>
  `${pointsText(test.low, minus)} to ${pointsText(test.high, minus)}`;

/** What a re-run can show before it starts. */
export interface PlannedPower {
  /** Standard deviation over seeds, a fraction of 1. */
  spread: number;
  /** Graphs that it is compared with. */
  comparisons: number;
  /** Smallest difference found in 80 % of cases; null where so few seeds show nothing. */
  detectable: number | null;
}

/** Returns what a re-run can show before it starts, in one sentence. */
export function powerText(
  seeds: number,
  { spread, comparisons, detectable }: PlannedPower,
): string {
  if (seeds < 2) return 'With one seed no difference can be tested.';
  const corrected = comparisons > 1 ? `, corrected for ${comparisons} comparisons` : '';
  if (detectable === null)
    return `With ${seeds} seeds no difference can be shown${corrected}; take more seeds.`;
  return (
    `With ${seeds} seeds and a spread of ${short(spread)} points you will see differences of ` +
    `${(100 * detectable).toFixed(2)} points in 80 % of cases, by equal seeds${corrected}.`
  );
}

/** Returns a spread in points with one or two decimals: `0.4`, `0.37`. */
const short = (fraction: number): string => String(Number((100 * fraction).toFixed(2)));

/**
 * Returns how many seeds the observed difference needs after the correction; '' where that says
 * nothing.
 */
export const neededText = ({ needed }: Comparison): string =>
  needed === null ? '' : `for this difference ${needed} seeds are needed`;
