import * as v from 'valibot';
import { EPOCH_LIMIT, TRIAL_LIMIT, countSchema, notANumber, percent, placeAfter } from './_base.ts';
import type { Judge, Recorded, StoppingRule } from './_base.ts';

/**
 * The median stopping rule of Google Vizier (Golovin et al., 2017, section 3.2.2) as Ray Tune
 * implements it (`MedianStoppingRule`, mode max, hard stop): stop a trial whose best value so far
 * is strictly worse than the median, over the other trials that have come as far, of their mean
 * values up to the same epoch. Pure.
 */
export interface MedianOptions {
  /**
   * Epochs before which nothing is stopped and that do not count in the means. Ray's grace_period.
   */
  readonly grace: number;
  /** Other trials needed before anything is stopped. Ray's min_samples_required, there 3. */
  readonly samples: number;
}

/** A report of a trial, with what is known of it and of the others. */
export interface MedianQuestion {
  readonly epoch: number;
  readonly value: number;
  /**
   * Best value of the trial so far, this one included; NaN values left out, -Infinity when there is
   * no other.
   */
  readonly best: number;
  /**
   * Mean values, up to this epoch, of the other trials that have come as far, stopped ones too;
   * ascending, none NaN.
   */
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
  const middle = middleOf(means);
  return {
    decision: best < middle ? 'stop' : 'continue',
    reason: 'judged',
    n,
    best,
    median: middle,
  };
}

/** State of the rule about one trial. */
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
export function takeReport(
  history: MedianHistory,
  epoch: number,
  value: number,
  grace: number,
): number {
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
function middleOf(ascending: readonly number[]): number {
  const half = ascending.length >> 1;
  return ascending.length % 2 === 1
    ? ascending[half]!
    : (ascending[half - 1]! + ascending[half]!) / 2;
}

const schema = v.strictObject({
  kind: v.literal('median'),
  grace: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(EPOCH_LIMIT)),
  samples: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(TRIAL_LIMIT)),
});

type Options = v.InferOutput<typeof schema>;

const reason = v.strictObject({
  kind: v.literal('median'),
  /** Other trials that came as far. */
  n: countSchema,
  /** The median that the best value so far must reach; null when nothing was compared. */
  median: v.nullable(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
});

type Reason = v.InferOutput<typeof reason>;

/** Judges after every epoch from `grace` on, once `samples` other trials have come as far. */
export const median = {
  kind: 'median',
  schema,
  usual: { kind: 'median', grace: 1, samples: 3 },
  reason,
  because: (value, { n, median: middle }) =>
    middle === null
      ? `${value}, ${n} others are too few to compare with`
      : `best ${value}, median of ${n} others ${percent(middle)}`,
  name: 'median',
  title: 'below the median stops',
  about: () => '',
  fields: [
    {
      key: 'grace',
      type: 'whole',
      title: 'First decision, an epoch',
      option: 'min-epochs',
      usage: 'epochs before the first decision',
      least: 1,
      most: EPOCH_LIMIT,
    },
  ],
  rungs: ({ grace }, epochs) => {
    const first = Math.max(1, grace);
    return Array.from({ length: Math.max(0, epochs - first) }, (_, index) => first + index);
  },
  expectedShare: () => 1,
  goesOn: () => 'a trial that reaches the median of the others continues',
  explain: () =>
    'After every epoch a trial continues if its best value so far reaches the median of the ' +
    'others that have reached this epoch.',
  judge: judgeBy,
} as const satisfies StoppingRule<Options, Reason>;

function judgeBy(options: Options, epochs: number, before: Recorded): Judge<Reason> {
  const histories = new Map<number, MedianHistory>();
  /** By epoch, the mean values of all trials that have come as far, ascending. */
  const means = new Map<number, number[]>();
  const take = (run: number, epoch: number, value: number): void => {
    const history = histories.get(run) ?? newHistory();
    histories.set(run, history);
    if (epoch <= history.epoch) return;
    const mean = takeReport(history, epoch, value, options.grace);
    if (Number.isNaN(mean)) return;
    const there = means.get(epoch) ?? [];
    means.set(epoch, there);
    there.splice(placeAfter(there, mean), 0, mean);
  };
  let looked = false;
  /**
   * The first time: what was reported before. A report that is about to be judged is in the store
   * already.
   */
  const look = (judged: number, epoch: number): void => {
    if (looked) return;
    looked = true;
    for (const { run, accuracy } of before.curves())
      for (const [index, value] of accuracy.entries())
        if (run !== judged || index + 1 < epoch) take(run, index + 1, value);
  };
  return {
    rungs: median.rungs(options, epochs),
    judge(run, epoch, accuracy) {
      // The last epoch ends a trial anyway.
      if (epoch === epochs) return [];
      look(run, epoch);
      const { best: before } = histories.get(run) ?? newHistory();
      const best = Number.isNaN(accuracy) ? before : Math.max(before, accuracy);
      const question = { epoch, value: accuracy, best, means: means.get(epoch) ?? [] };
      const { decision, reason, n, median: middle } = medianRule(question, options);
      if (reason === 'not-a-number') return [notANumber(epoch, n)];
      if (reason !== 'judged') return [];
      const go = decision === 'continue';
      return [{ rung: epoch, value: best, go, reason: { kind: 'median', n, median: middle } }];
    },
    recorded(run, epoch, accuracy) {
      look(run, epoch);
      take(run, epoch, accuracy);
    },
  };
}
