/**
 * Asynchronous successive halving (Li et al., 2018, arXiv 1810.05934) as the paper uses it: at
 * every rung a trial continues only while it is in the best 1 / reduction of all values ever
 * recorded there. Pure: callers keep the values. With reduction 2 every decision equals Optuna's
 * SuccessiveHalvingPruner (min_early_stopping_rate 0, maximize).
 */
export interface Ladder {
  /** Epochs at which trials are judged, rising. */
  readonly rungs: readonly number[];
  /** eta: one in eta trials continues. */
  readonly reduction: number;
}

/** Where a value stands among all values recorded at its rung, itself included. */
export interface Standing {
  /** Values recorded at the rung, this one included. */
  readonly n: number;
  /** How many of them are strictly better. */
  readonly better: number;
}

/** A decision at one rung with its reason. */
export interface Verdict extends Standing {
  readonly decision: 'continue' | 'stop';
  readonly rung: number;
  /** 1 + better: 1 is the best; equal values share a rank. */
  readonly rank: number;
  /** The last rank that continues. */
  readonly limit: number;
}

/** What follows from one report. */
export interface Ruling {
  readonly decision: 'continue' | 'stop';
  /**
   * judged: by the last verdict; not-a-number: stopped, nothing recorded; between-rungs: nothing to
   * judge.
   */
  readonly reason: 'judged' | 'not-a-number' | 'between-rungs';
  /** Rungs that the value is recorded at, lowest first. */
  readonly verdicts: readonly Verdict[];
}

/**
 * Rungs minimum * reduction^k below the last epoch: 1, 2, 4, ..., 128 of 200. The last epoch ends a
 * trial anyway and is no rung. Expects integers minimum >= 1 and reduction >= 2 (RangeError
 * otherwise).
 */
export function ladder(epochs: number, minimum = 1, reduction = 2): Ladder {
  if (!Number.isInteger(minimum) || minimum < 1) {
    throw new RangeError(`Minimum resource ${minimum}: expected a whole number of epochs from 1`);
  }
  if (!Number.isInteger(reduction) || reduction < 2) {
    throw new RangeError(`Reduction factor ${reduction}: expected a whole number from 2`);
  }
  const rungs: number[] = [];
  for (let rung = minimum; rung < epochs; rung *= reduction) rungs.push(rung);
  return { rungs, reduction };
}

/**
 * Continues iff rank <= max(1, floor(n / reduction)): ties never stop by themselves, the first
 * value at a rung continues.
 */
export function judge(rung: number, { n, better }: Standing, reduction: number): Verdict {
  const rank = 1 + better;
  const limit = Math.max(1, Math.floor(n / reduction));
  return { decision: rank <= limit ? 'continue' : 'stop', rung, n, better, rank, limit };
}

/**
 * Rules on a report of a trial that has filled the first `filled` rungs. A report past several
 * unfilled rungs fills them lowest first with the same value, up to the first one that stops it; a
 * report that fills none (between rungs, or a repeated epoch) changes nothing. `standing` says
 * where the value would stand at a rung; the caller records it at every rung of the verdicts, in
 * the same transaction. Decisions are final.
 */
export function rule(
  { rungs, reduction }: Ladder,
  filled: number,
  epoch: number,
  value: number,
  standing: (rung: number) => Standing,
): Ruling {
  const due = rungs.slice(filled).filter((rung) => rung <= epoch);
  if (due.length === 0) return { decision: 'continue', reason: 'between-rungs', verdicts: [] };
  if (Number.isNaN(value)) return { decision: 'stop', reason: 'not-a-number', verdicts: [] };
  const verdicts: Verdict[] = [];
  for (const rung of due) {
    const verdict = judge(rung, standing(rung), reduction);
    verdicts.push(verdict);
    if (verdict.decision === 'stop') return { decision: 'stop', reason: 'judged', verdicts };
  }
  return { decision: 'continue', reason: 'judged', verdicts };
}

/** Standing of a value among the values already recorded at a rung, itself not yet among them. */
export const standingAmong = (recorded: readonly number[], value: number): Standing => ({
  n: recorded.length + 1,
  better: recorded.filter((other) => other > value).length,
});
