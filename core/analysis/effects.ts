import { benjaminiHochberg } from './correction.ts';
import { type LinearModel, contrast, fit } from './linear.ts';
import { tTest } from './statistics.ts';
import { type Row, type Table, countsOf, sumOf, usable } from './table.ts';

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

/**
 * Returns the main effects of all choices of a table, dimension by dimension. Where a choice decides
 * whether another dimension means anything, that one counts with its mean over the trials in which
 * it does.
 */
export function mainEffects(table: Table): Effect[] {
  const rows = usable(table);
  const { sizes } = table;
  const model = fit(sizes, rows);
  const degrees = rows.length - model.rank;
  const variance = degrees > 0 ? model.rss / degrees : null;
  const counts = sizes.map((size, dimension) => countsOf(rows, dimension, size));
  const dependent = dependentOf(table, rows);
  const effects = sizes.flatMap((size, dimension) => {
    const sums = new Array<number>(size).fill(0);
    for (const { picks, value } of rows) {
      const pick = picks[dimension]!;
      if (pick !== null) sums[pick]! += value;
    }
    return counts[dimension]!.map((count, choice): Effect => {
      const own = weightsOf(counts[dimension]!, choice);
      const found = own && contrast(model, columnWeights(model, counts, dependent, dimension, own));
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
 * Returns contrast weights by choice: this one minus the mean of the other choices; null when one
 * side is empty.
 */
function weightsOf(counts: readonly number[], choice: number): number[] | null {
  const others = counts.reduce((sum, count, at) => sum + (at === choice ? 0 : count), 0);
  if (counts[choice] === 0 || others === 0) return null;
  return counts.map((count, at) => (at === choice ? 1 : -count / others));
}

/** A dimension that means something only beside some choices of its decider. */
interface Dependent {
  readonly dimension: number;
  readonly decider: number;
  /** By choice of the decider. */
  readonly means: readonly boolean[];
}

function dependentOf({ sizes, deciders = [] }: Table, rows: readonly Row[]): Dependent[] {
  return deciders.flatMap((decider, dimension) => {
    if (decider === null) return [];
    const means = new Array<boolean>(sizes[decider]!).fill(false);
    for (const { picks } of rows) {
      const by = picks[decider]!;
      if (by !== null && picks[dimension] !== null) means[by] = true;
    }
    return [{ dimension, decider, means }];
  });
}

/** Returns the weight of each column in the contrast of a dimension's choices. */
function columnWeights(
  { offsets }: LinearModel,
  counts: readonly (readonly number[])[],
  dependent: readonly Dependent[],
  dimension: number,
  own: readonly number[],
): Map<number, number> {
  const byDimension = new Map([[dimension, own]]);
  for (const each of dependent) {
    const deciding = byDimension.get(each.decider);
    if (!deciding) continue;
    const total = deciding.reduce((sum, weight, at) => sum + (each.means[at] ? weight : 0), 0);
    const [choices, all] = [counts[each.dimension]!, sumOf(counts[each.dimension]!)];
    byDimension.set(
      each.dimension,
      choices.map((count) => (all === 0 ? 0 : (total * count) / all)),
    );
  }
  return new Map(
    [...byDimension].flatMap(([at, weights]) =>
      weights.map((weight, choice): [number, number] => [offsets[at]! + choice, weight]),
    ),
  );
}
