/**
 * Trials with their choices and a value, such as the accuracy at one rung. NaN values are ignored.
 */
export interface Table {
  /** Number of choices of each dimension. */
  readonly sizes: readonly number[];
  /**
   * By dimension, the one before it whose choice decides whether its own means anything; null for
   * none. Absent: none for all.
   */
  readonly deciders?: readonly (number | null)[];
  readonly rows: readonly Row[];
}

export interface Row {
  /**
   * One choice (by index) per dimension; -1 when the dimension lacks the trial's choice, null when
   * no choice of it means anything in the trial.
   */
  readonly picks: readonly (number | null)[];
  readonly value: number;
}

/** Returns the usable rows: finite values, choices of the table. */
export const usable = ({ sizes, rows }: Table): Row[] =>
  rows.filter(
    ({ picks, value }) =>
      Number.isFinite(value) &&
      sizes.every((size, at) => {
        const pick = picks[at]!;
        return pick === null || (pick >= 0 && pick < size);
      }),
  );

/** Returns the number of rows with each choice of a dimension. */
export function countsOf(rows: readonly Row[], dimension: number, size: number): number[] {
  const counts = new Array<number>(size).fill(0);
  for (const { picks } of rows) {
    const pick = picks[dimension]!;
    if (pick !== null) counts[pick]!++;
  }
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

export const sumOf = (numbers: readonly number[]): number =>
  numbers.reduce((sum, each) => sum + each, 0);
