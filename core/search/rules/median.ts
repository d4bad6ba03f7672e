/**
 * The median stopping rule of Google Vizier (Golovin et al., 2017, section 3.2.2) as Ray Tune implements it
 * (`MedianStoppingRule`, mode max, hard stop): stop a trial whose best value so far is strictly worse than the median,
 * over the other trials that have come as far, of their mean values up to the same epoch. Pure.
 */
export interface MedianOptions {
  /** Epochs before which nothing is stopped and that do not count in the means. Ray's grace_period. */
  readonly grace: number;
  /** Other trials needed before anything is stopped. Ray's min_samples_required, there 3. */
  readonly samples: number;
}

/** A report of a trial, with what is known of it and of the others. */
export interface MedianQuestion {
  readonly epoch: number;
  readonly value: number;
  /** Best value of the trial so far, this one included; NaN values left out, -Infinity when there is no other. */
  readonly best: number;
  /** Mean values, up to this epoch, of the other trials that have come as far, stopped ones too; ascending, none NaN. */
  readonly means: readonly number[];
}

export interface MedianRuling {
  readonly decision: 'continue' | 'stop';
  readonly reason: 'judged' | 'not-a-number' | 'grace' | 'too-few-trials';
  /** Other trials that have come as far. */
  readonly n: number;
  /** Best value of the trial so far. */
  readonly best: number;
  /** Median of the other trials' means; NaN unless judged. */
  readonly median: number;
}

/** Rules on the last report of a trial. NaN stops the trial, as in asha.ts. */
export function medianRule(
  { epoch, value, best, means }: MedianQuestion,
  { grace, samples }: MedianOptions,
): MedianRuling {
  const n = means.length;
  const undecided = { n, best, median: Number.NaN };
  if (Number.isNaN(value)) return { ...undecided, decision: 'stop', reason: 'not-a-number' };
  if (epoch < grace) return { ...undecided, decision: 'continue', reason: 'grace' };
  if (n < samples) return { ...undecided, decision: 'continue', reason: 'too-few-trials' };
  const middle = median(means);
  return { decision: best < middle ? 'stop' : 'continue', reason: 'judged', n, best, median: middle };
}

/** What the rule keeps of one trial. */
export interface MedianHistory {
  /** Its last report. */
  epoch: number;
  best: number;
  /** Sum and number of its values from `grace` on that are numbers. */
  sum: number;
  count: number;
}

export const newHistory = (): MedianHistory => ({ epoch: 0, best: -Infinity, sum: 0, count: 0 });

/**
 * Takes up the next report of a trial.
 *
 * @returns its mean value up to this epoch; NaN when there is none
 */
export function takeReport(history: MedianHistory, epoch: number, value: number, grace: number): number {
  history.epoch = epoch;
  if (!Number.isNaN(value)) {
    history.best = Math.max(history.best, value);
    if (epoch >= grace) {
      history.sum += value;
      history.count++;
    }
  }
  return history.count > 0 ? history.sum / history.count : NaN;
}

/** Middle value, or the mean of the two middle ones, of an ascending list that is not empty. */
function median(ascending: readonly number[]): number {
  const half = ascending.length >> 1;
  return ascending.length % 2 === 1 ? ascending[half]! : (ascending[half - 1]! + ascending[half]!) / 2;
}
