import { binomialTest } from './binomial.ts';
import { benjaminiHochberg } from './correction.ts';
import { type Table, countsOf, topOf, usable } from './table.ts';

/** How much more often the best trials have a choice. */
export interface Lift {
  dimension: number;
  choice: number;
  /** Of the best trials, those with this choice. */
  top: number;
  topCount: number;
  /** Share of all trials that have it. */
  share: number;
  /** Share among the best over share among all; null where no trial has it. */
  lift: number | null;
  /** Exact binomial, two-sided, and corrected over all choices (Benjamini-Hochberg). */
  p: number;
  adjusted: number;
}

/** Choices to keep of a dimension; the others may be locked out. */
export interface SuggestedLock {
  dimension: number;
  choices: number[];
}

const LEVEL = 0.05;

/** Lift of every choice of a table among the best trials; empty without trials. */
export function liftOf(table: Table, topShare = 0.1): Lift[] {
  const rows = usable(table);
  if (rows.length === 0) return [];
  const best = topOf(rows, topShare);
  const lifts = table.sizes.flatMap((size, dimension) => {
    const all = countsOf(rows, dimension, size);
    return countsOf(best, dimension, size).map((top, choice): Omit<Lift, 'adjusted'> => {
      const share = all[choice]! / rows.length;
      const lift = share === 0 ? null : top / best.length / share;
      const { twoSided: p } = binomialTest(top, best.length, share);
      return { dimension, choice, top, topCount: best.length, share, lift, p };
    });
  });
  const adjusted = benjaminiHochberg(lifts.map(({ p }) => p));
  return lifts.map((each, at) => ({ ...each, adjusted: adjusted[at]! }));
}

/**
 * Dimensions in which some choices are more frequent among the best than chance explains, with
 * these choices.
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
