import type { RunState } from './run.ts';

/** The part of a trial that its rank follows from. */
export interface Rankable {
  readonly number: number;
  readonly state: RunState;
  readonly epoch: number;
  /** A fraction of 1; null before the first result. */
  readonly accuracy: number | null;
  /** The epoch at which the rule stopped a trial that runs on for the audit; else null. */
  readonly audit?: number | null;
}

const isCompleted = ({ state }: Rankable): boolean => state === 'completed';

/** True of a trial with an accuracy that counts: what runs on for the audit is out of the race. */
const isRanked = ({ accuracy, audit = null }: Rankable): boolean =>
  accuracy !== null && audit === null;

/** Epochs that count for the rank: all completed trials are equally far. */
const reached = (trial: Rankable): number => (isCompleted(trial) ? 0 : trial.epoch);

/**
 * Compares results, the better one first: completed trials by accuracy, then the others by epoch
 * and by accuracy at that epoch, since accuracies of different epochs do not compare. Trials
 * without an accuracy, and those that run on for the audit, come last. 0 for equal results.
 */
export function compareResults(a: Rankable, b: Rankable): number {
  if (!isRanked(a) || !isRanked(b)) return Number(isRanked(b)) - Number(isRanked(a));
  return (
    Number(isCompleted(b)) - Number(isCompleted(a)) ||
    reached(b) - reached(a) ||
    b.accuracy! - a.accuracy!
  );
}

/** The total order of trials: by result, then by number. */
export const compareTrials = (a: Rankable, b: Rankable): number =>
  compareResults(a, b) || a.number - b.number;

/** Trials with an accuracy that counts, the best first. */
export const rankTrials = <Trial extends Rankable>(trials: readonly Trial[]): Trial[] =>
  trials.filter(isRanked).sort(compareTrials);

/**
 * ` at epoch 5`, to follow an accuracy that is not final; '' for a completed trial and before the
 * first result.
 */
export const epochNote = (trial: Rankable): string =>
  isCompleted(trial) || trial.accuracy === null ? '' : ` at epoch ${trial.epoch}`;
