import { type Row, type Table, countsOf, sumOf, topOf, usable } from './table.ts';

/** Importance of a dimension. */
export interface Importance {
  /**
   * Between-group share of the total sum of squares, this dimension alone: 0 to 1. Trials in which
   * no choice of it means anything are in no group.
   */
  anova: number;
  /**
   * PED-ANOVA on the top share, normalised to sum 1 over all dimensions; `pedAnovaRaw` is not
   * normalised.
   */
  pedAnova: number;
  pedAnovaRaw: number;
}

/** Returns the importance of each dimension; all 0 when values or choices do not differ. */
export function importanceOf(table: Table, topShare = 0.1): Importance[] {
  const rows = usable(table);
  const top = topOf(rows, topShare);
  const raw = table.sizes.map((size, at) => divergence(rows, top, at, size));
  const sum = raw.reduce((total, each) => total + each, 0);
  return table.sizes.map((size, at) => ({
    anova: anovaShare(rows, at, size),
    pedAnova: sum > 0 ? raw[at]! / sum : 0,
    pedAnovaRaw: raw[at]!,
  }));
}

function anovaShare(rows: readonly Row[], dimension: number, size: number): number {
  const [first] = rows;
  if (!first) return 0;
  // Subtracting the first value makes equal values exactly 0.
  const values = rows.map(({ value }) => value - first.value);
  const centre = values.reduce((sum, value) => sum + value, 0) / rows.length;
  const total = values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  if (total === 0) return 0;
  const counts = countsOf(rows, dimension, size);
  const sums = new Array<number>(size).fill(0);
  for (const [at, { picks }] of rows.entries()) {
    const pick = picks[dimension]!;
    if (pick !== null) sums[pick]! += values[at]!;
  }
  const grouped = sumOf(counts);
  const middle = grouped === rows.length ? centre : sumOf(sums) / grouped;
  const between = counts.reduce(
    (sum, count, choice) => sum + (count === 0 ? 0 : count * (sums[choice]! / count - middle) ** 2),
    0,
  );
  return Math.min(1, between / total);
}

/**
 * Returns the Pearson divergence between the choices of the top rows and of all rows (Watanabe et
 * al., IJCAI 2023), in the closed form of Optuna's smoothed shares for categories.
 */
function divergence(
  rows: readonly Row[],
  top: readonly Row[],
  dimension: number,
  size: number,
): number {
  const means = ({ picks }: Row): boolean => picks[dimension] !== null;
  const [grouped, groupedTop] = [rows.filter(means).length, top.filter(means).length];
  if (grouped === 0 || size < 2) return 0;
  const all = smoothed(countsOf(rows, dimension, size));
  const best = smoothed(countsOf(top, dimension, size));
  const distance = all.reduce(
    (sum, share, choice) => sum + share * (best[choice]! / share - 1) ** 2,
    0,
  );
  return (groupedTop / grouped) ** 2 * distance;
}

/**
 * Returns shares of choices with Optuna's prior: p_k = ((n_k + N / K) / (1 + C / K) + 1 / C) / (N +
 * 1), K: number of chosen ones + 1.
 */
function smoothed(counts: readonly number[]): number[] {
  const n = counts.reduce((sum, count) => sum + count, 0);
  const c = counts.length;
  const k = counts.filter((count) => count > 0).length + 1;
  return counts.map((count) => ((count + n / k) / (1 + c / k) + 1 / c) / (n + 1) + 1e-12);
}
