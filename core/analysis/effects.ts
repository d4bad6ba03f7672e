import { benjaminiHochberg } from './correction.ts';
import { contrast, fit } from './linear.ts';
import { tTest } from './statistics.ts';
import { type Table, countsOf, usable } from './table.ts';

/** The effect of one choice. */
export interface Effect {
  dimension: number;
  choice: number;
  /** Trials with this choice. */
  count: number;
  /** Their mean value; null without any. */
  mean: number | null;
  /**
   * Mean with this choice minus mean with the others, adjusted for all other dimensions by a linear
   * model of main effects; null where the trials do not determine it.
   */
  effect: number | null;
  /**
   * Its 95 % interval, and its two-sided p, also corrected over all effects (Benjamini-Hochberg);
   * null without residual degrees of freedom.
   */
  low: number | null;
  high: number | null;
  p: number | null;
  adjusted: number | null;
}

/** Returns the main effects of all choices of a table, dimension by dimension. */
export function mainEffects(table: Table): Effect[] {
  const rows = usable(table);
  const { sizes } = table;
  const model = fit(sizes, rows);
  const degrees = rows.length - model.rank;
  const variance = degrees > 0 ? model.rss / degrees : null;
  const effects = sizes.flatMap((size, dimension) => {
    const counts = countsOf(rows, dimension, size);
    const sums = new Array<number>(size).fill(0);
    for (const { picks, value } of rows) sums[picks[dimension]!]! += value;
    return counts.map((count, choice): Effect => {
      const weights = weightsOf(counts, choice, model.offsets[dimension]!);
      const found = weights && contrast(model, weights);
      const test =
        found && variance !== null
          ? tTest(found.value, Math.sqrt(found.variance * variance), degrees)
          : null;
      return {
        dimension,
        choice,
        count,
        mean: count === 0 ? null : sums[choice]! / count,
        effect: found ? found.value : null,
        low: test?.low ?? null,
        high: test?.high ?? null,
        p: test?.p ?? null,
        adjusted: null,
      };
    });
  });
  const tested = effects.flatMap((effect) => (effect.p === null ? [] : [{ effect, p: effect.p }]));
  for (const [at, adjusted] of benjaminiHochberg(tested.map(({ p }) => p)).entries())
    tested[at]!.effect.adjusted = adjusted;
  return effects;
}

/**
 * Returns contrast weights: this choice minus the mean of the other choices; null when one side is
 * empty.
 */
function weightsOf(
  counts: readonly number[],
  choice: number,
  offset: number,
): Map<number, number> | null {
  const others = counts.reduce((sum, count, at) => sum + (at === choice ? 0 : count), 0);
  if (counts[choice] === 0 || others === 0) return null;
  return new Map(counts.map((count, at) => [offset + at, at === choice ? 1 : -count / others]));
}
