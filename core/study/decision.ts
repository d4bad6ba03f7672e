/** What the rule said of one trial at one rung, and why. Final: later arrivals change nothing. */
export interface RungDecision {
  /** Epoch of the rung. */
  rung: number;
  /**
   * The accuracy that was judged, a fraction of 1; null when it was not a number: it is not
   * recorded and competes with nobody.
   */
  value: number | null;
  go: boolean;
  /**
   * Values at this rung when it was decided, this one included; for the median rule, the other
   * trials that came as far.
   */
  n: number;
  /** 1 + number of strictly better values; null for the median rule. */
  rank: number | null;
  /** The last rank that goes on; null for the median rule. */
  limit: number | null;
  /**
   * The median that the best value so far must reach; null for other rules, or when nothing was
   * compared.
   */
  median: number | null;
}

/** "stopped at epoch 4: 31.2 %, rank 9 of 14, needs <= 7" */
export function explainDecision({ rung, value, go, n, rank, limit, median }: RungDecision): string {
  const verdict = `${go ? 'went on' : 'stopped'} at epoch ${rung}`;
  if (value === null) return `${verdict}: the accuracy is not a number`;
  if (rank !== null)
    return `${verdict}: ${percent(value)}, rank ${rank} of ${n}, needs <= ${limit}`;
  if (median === null)
    return `${verdict}: ${percent(value)}, ${n} others are too few to compare with`;
  return `${verdict}: best ${percent(value)}, median of ${n} others ${percent(median)}`;
}

const percent = (fraction: number): string => `${(fraction * 100).toFixed(1)} %`;
