import type { Failure, FailureKind } from '../study/run.ts';

/** What to do about a failed run. */
export type Remedy =
  | { do: 'retry'; afterSeconds: number }
  | { do: 'give-up'; state: 'failed' | 'out-of-memory' }
  /** Not the run's fault, and every other run would meet it too: the study waits for a person. */
  | { do: 'pause' };

/** Failures that a new start may mend. */
const RETRIED: readonly FailureKind[] = ['crash', 'hang', 'protocol'];
/** Seconds before the first retry; each further one waits twice as long. */
const FIRST_DELAY = 1;
const LONGEST_DELAY = 60;

/**
 * @param before how often this run has failed in a way that is retried, without this time
 * @param retries how often it may be started again
 */
export function remedyFor({ kind }: Failure, before: number, retries: number): Remedy {
  if (kind === 'data' || kind === 'teacher') return { do: 'pause' };
  if (kind === 'out-of-memory') return { do: 'give-up', state: 'out-of-memory' };
  // The device went away: the run did nothing wrong, and without its device nothing starts in a hurry.
  if (kind === 'lost') return { do: 'retry', afterSeconds: FIRST_DELAY };
  if (!RETRIED.includes(kind) || before >= retries) return { do: 'give-up', state: 'failed' };
  return { do: 'retry', afterSeconds: Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** before) };
}

/** True for an outcome of an attempt that counts against a run's retries. */
export const countsAsFailure = (outcome: string | null): boolean => RETRIED.some((kind) => kind === outcome);

/** Advice for a run that did not fit into memory. */
export const memoryAdvice = 'Use fewer slots on this device, a smaller batch, or smaller architectures.';
