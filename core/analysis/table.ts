/**
 * Trials with their choices and a value, such as the accuracy at one rung. NaN values are ignored.
 */
export interface Table {
  /** Number of choices of each dimension. */
  readonly sizes: readonly number[];
  readonly rows: readonly Row[];
}

export interface Row {
  /** One choice (by index) per dimension; -1 when the dimension lacks the trial's choice. */
  readonly picks: readonly number[];
  readonly value: number;
}

/** Returns the usable rows: finite values, choices of the table. */
export const usable = ({ sizes, rows }: Table): Row[] =>
  rows.filter(
    ({ picks, value }) =>
      Number.isFinite(value) && sizes.every((size, at) => picks[at]! >= 0 && picks[at]! < size),
  );

/** Returns the number of rows with each choice of a dimension. */
export function countsOf(rows: readonly Row[], dimension: number, size: number): number[] {
  const counts = new Array<number>(size).fill(0);
  for (const { picks } of rows) counts[picks[dimension]!]!++;
  return counts;
}

/**
 * Returns the best rows: at least a share of all, with all ties of the last one; none for no rows.
 */
export function topOf(rows: readonly Row[], share: number): Row[] {
  const descending = rows.map(({ value }) => value).sort((a, b) => b - a);
  const bar = descending[Math.min(descending.length, Math.ceil(share * descending.length)) - 1];
  return bar === undefined ? [] : rows.filter(({ value }) => value >= bar);
}
