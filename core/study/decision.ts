/** What the rule said of one trial at one rung, and why. Final: later arrivals change nothing. */
export interface RungDecision {
  /** Epoch of the rung. */
  rung: number;
  /** The recorded accuracy, a fraction of 1; null when it was not a number (then it is not recorded and competes with nobody). */
  value: number | null;
  go: boolean;
  /** Values at this rung when it was decided, this one included. */
  n: number;
  /** 1 + number of strictly better values. */
  rank: number;
  /** The last rank that goes on; `rank <= limit` goes on. */
  limit: number;
}

/** "stopped at epoch 4: 31.2 %, rank 9 of 14, needs <= 7" */
export function explainDecision(decision: RungDecision): string {
  const { rung, value, go, n, rank, limit } = decision;
  const verdict = go ? 'went on' : 'stopped';
  if (value === null) return `${verdict} at epoch ${rung}: the accuracy is not a number`;
  return `${verdict} at epoch ${rung}: ${(value * 100).toFixed(1)} %, rank ${rank} of ${n}, needs <= ${limit}`;
}
