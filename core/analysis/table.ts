/**
 * Trials with their choices and a value, such as the accuracy at one rung. NaN values are left out.
 */
export interface Table {
  /** Number of choices of each dimension. */
  readonly sizes: readonly number[];
  readonly rows: readonly Row[];
}

export interface Row {
  /** One choice (by index) per dimension; -1 for one that the dimension does not have. */
  readonly picks: readonly number[];
  readonly value: number;
}

/** Rows that can be computed with: finite values, choices of the table. */
export const usable = ({ sizes, rows }: Table): Row[] =>
  rows.filter(
    ({ picks, value }) =>
      Number.isFinite(value) && sizes.every((size, at) => picks[at]! >= 0 && picks[at]! < size),
  );

/** Number of rows with each choice of a dimension. */
export function countsOf(rows: readonly Row[], dimension: number, size: number): number[] {
  const counts = new Array<number>(size).fill(0);
  for (const { picks } of rows) counts[picks[dimension]!]!++;
  return counts;
}

/** The best rows: at least a share of all, ties with the last of them included; none of none. */
export function topOf(rows: readonly Row[], share: number): Row[] {
  const descending = rows.map(({ value }) => value).sort((a, b) => b - a);
  const bar = descending[Math.min(descending.length, Math.ceil(share * descending.length)) - 1];
  return bar === undefined ? [] : rows.filter(({ value }) => value >= bar);
}
