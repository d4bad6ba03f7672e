import { binomialTest } from './binomial.ts';
import { benjaminiHochberg } from './correction.ts';
import { type Table, countsOf, sumOf, topOf, usable } from './table.ts';

/** Frequency of a choice among the best trials relative to all trials. */
export interface Lift {
  dimension: number;
  choice: number;
  /** Best trials with this choice, of those in which it means something. */
  top: number;
  topCount: number;
  /** Share of all trials with this choice, of those in which it means something. */
  share: number;
  /** Share among the best / share among all; null when no trial has the choice. */
  lift: number | null;
  /**
   * p of the exact binomial test, two-sided, and corrected over all choices (Benjamini-Hochberg).
   */
  p: number;
  adjusted: number;
}

/** The choices of a dimension worth keeping; a lock may exclude the others. */
export interface SuggestedLock {
  dimension: number;
  choices: number[];
}

const LEVEL = 0.05;

/** Returns the lift of every choice of a table; empty without trials. */
export function liftOf(table: Table, topShare = 0.1): Lift[] {
  const rows = usable(table);
  if (rows.length === 0) return [];
  const best = topOf(rows, topShare);
  const lifts = table.sizes.flatMap((size, dimension) => {
    const all = countsOf(rows, dimension, size);
    const tops = countsOf(best, dimension, size);
    const [count, topCount] = [sumOf(all), sumOf(tops)];
    return tops.map((top, choice): Omit<Lift, 'adjusted'> => {
      const share = count === 0 ? 0 : all[choice]! / count;
      const lift = share === 0 || topCount === 0 ? null : top / topCount / share;
      const { twoSided: p } = binomialTest(top, topCount, share);
      return { dimension, choice, top, topCount, share, lift, p };
    });
  });
  const adjusted = benjaminiHochberg(lifts.map(({ p }) => p));
  return lifts.map((each, at) => ({ ...each, adjusted: adjusted[at]! }));
}

/**
 * Returns the dimensions with choices that are significantly frequent among the best, with these
 * choices.
 */
export function suggestedLocks(lifts: readonly Lift[]): SuggestedLock[] {
  const frequent = lifts.filter(
    ({ lift, adjusted }) => lift !== null && lift > 1 && adjusted < LEVEL,
  );
  const byDimension = Map.groupBy(frequent, ({ dimension }) => dimension);
  return [...byDimension].map(([dimension, some]) => ({
    dimension,
    choices: some.map(({ choice }) => choice),
  }));
}
