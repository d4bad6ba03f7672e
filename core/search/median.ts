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

/** One value of a trial. */
export interface Reported {
  readonly epoch: number;
  readonly value: number;
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

/**
 * Rules on the last report of a trial. `own` holds all its reports, `others` those of every other trial, stopped ones
 * too, each in order of epochs. NaN stops the trial, as in asha.ts; NaN values of others are left out.
 */
export function medianRule(
  own: readonly Reported[],
  others: readonly (readonly Reported[])[],
  { grace, samples }: MedianOptions,
): MedianRuling {
  const last = own.at(-1);
  if (!last) throw new RangeError('The median rule needs at least one report of the trial');
  const best = Math.max(...own.map((report) => report.value).filter((value) => !Number.isNaN(value)));
  const undecided = { n: 0, best, median: Number.NaN };
  if (Number.isNaN(last.value)) return { ...undecided, decision: 'stop', reason: 'not-a-number' };
  if (last.epoch < grace) return { ...undecided, decision: 'continue', reason: 'grace' };
  const means = others
    .filter((reports) => (reports.at(-1)?.epoch ?? -Infinity) >= last.epoch)
    .map((reports) => mean(reports.filter(({ epoch }) => epoch >= grace && epoch <= last.epoch)))
    .filter((value) => !Number.isNaN(value));
  const n = means.length;
  if (n < samples) return { ...undecided, n, decision: 'continue', reason: 'too-few-trials' };
  const middle = median(means);
  return { decision: best < middle ? 'stop' : 'continue', reason: 'judged', n, best, median: middle };
}

/** Mean of the values that are numbers; NaN when there are none. */
function mean(reports: readonly Reported[]): number {
  const values = reports.map((report) => report.value).filter((value) => !Number.isNaN(value));
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Middle value, or the mean of the two middle ones, of a list that is not empty. */
function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
