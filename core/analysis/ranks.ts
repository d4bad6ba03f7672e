import { sumOf } from './table.ts';

/**
 * Returns Spearman's rank correlation, equal values with their mean rank; null below three pairs or
 * without spread.
 *
 * @param weights of how many values each stands for; ranks are those in that larger population
 */
export function rankCorrelation(
  a: readonly number[],
  b: readonly number[],
  weights: readonly number[] = a.map(() => 1),
): number | null {
  if (a.length < 3 || a.length !== b.length) return null;
  const [x, y] = [ranks(a, weights), ranks(b, weights)];
  const centre = (sumOf(weights) + 1) / 2;
  let [xy, xx, yy] = [0, 0, 0];
  for (const [at, rank] of x.entries()) {
    xy += weights[at]! * (rank - centre) * (y[at]! - centre);
    xx += weights[at]! * (rank - centre) ** 2;
    yy += weights[at]! * (y[at]! - centre) ** 2;
  }
  return xx === 0 || yy === 0 ? null : xy / Math.sqrt(xx * yy);
}

/** Returns how many equal weights tell as much (L. Kish, Survey Sampling, 1965). */
export const effectiveNumber = (weights: readonly number[]): number =>
  sumOf(weights) ** 2 / sumOf(weights.map((each) => each ** 2));

/** Returns ranks from 1, smallest first; equal values share their mean rank. */
function ranks(values: readonly number[], weights: readonly number[]): number[] {
  const order = values.map((_, index) => index).sort((a, b) => values[a]! - values[b]!);
  const found = new Array<number>(values.length);
  let before = 0;
  for (let start = 0; start < order.length;) {
    let end = start;
    let tied = 0;
    while (end < order.length && values[order[end]!] === values[order[start]!])
      tied += weights[order[end++]!]!;
    for (let at = start; at < end; at++) found[order[at]!] = before + (tied + 1) / 2;
    before += tied;
    start = end;
  }
  return found;
}
