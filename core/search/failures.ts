import type { Store } from '../store/store.ts';
import type { LabProblem } from '../study/problem.ts';
import { type Failure, type FailureKind, MEMORY_ADVICE, type Run } from '../study/run.ts';

/** What to do about a failed run. */
export type Remedy =
  | { do: 'retry'; afterSeconds: number }
  | { do: 'give-up'; state: 'failed' | 'out-of-memory' }
  /** Not the run's fault, and every other run would meet it too: the study waits for a person. */
  | { do: 'pause' };

/** Failures that a new start may mend, and that count. */
const COUNTED: readonly string[] = ['crash', 'hang', 'protocol'] satisfies FailureKind[];
/** Seconds before the first retry; each further one waits twice as long. */
const FIRST_DELAY = 1;
const LONGEST_DELAY = 60;

/** True for a kind of failure, as an attempt's outcome too, that counts against a run's retries. */
export const isCounted = (kind: string | null): boolean => kind !== null && COUNTED.includes(kind);

/**
 * @param before how often this run has failed in a way that counts, without this time
 * @param retries how often it may be started again
 */
export function remedyFor({ kind }: Failure, before: number, retries: number): Remedy {
  if (kind === 'data' || kind === 'teacher' || kind === 'precision') return { do: 'pause' };
  if (kind === 'out-of-memory') return { do: 'give-up', state: 'out-of-memory' };
  // The device went away: the run did nothing wrong, and without its device nothing starts in a hurry.
  if (kind === 'lost') return { do: 'retry', afterSeconds: FIRST_DELAY };
  if (!isCounted(kind) || before >= retries) return { do: 'give-up', state: 'failed' };
  return { do: 'retry', afterSeconds: Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** before) };
}

/**
 * Records that an attempt failed, and what becomes of its run.
 *
 * @param cancelled it was to end for good anyway
 */
export function recordFailure(
  store: Store,
  run: Run,
  attempt: number,
  failure: Failure,
  { retries, cancelled, at }: { retries: number; cancelled: boolean; at: number },
): Remedy {
  const before = store.attempts({ run: run.id }).filter((each) => isCounted(each.outcome)).length;
  const advised = remedyFor(failure, before, retries);
  // Pretraining has no study to pause: those that wait for it are paused when it fails.
  const remedy: Remedy =
    advised.do === 'pause' && run.kind === 'pretrain' ? { do: 'give-up', state: 'failed' } : advised;
  const told =
    failure.kind === 'out-of-memory' ? { ...failure, next: failure.next || MEMORY_ADVICE } : failure;
  store.transaction(() => {
    store.changeAttempt(run.id, attempt, { endedAt: at, outcome: failure.kind });
    if (cancelled) store.changeRun(run.id, { state: 'cancelled', endedAt: at });
    else if (remedy.do === 'give-up')
      store.changeRun(run.id, { state: remedy.state, failure: told, endedAt: at });
    else store.changeRun(run.id, { state: 'waiting', failure: told });
  });
  return remedy;
}

/** A study's problem from the failure of one of its runs. */
export const problemOf = ({ kind, code, message, next }: Failure): LabProblem => ({
  code: code || `search.${kind}`,
  message,
  next: next || 'Mend it and resume.',
});
