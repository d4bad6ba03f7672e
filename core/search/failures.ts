import type { Store } from '../store/store.ts';
import type { LabProblem } from '../study/problem.ts';
import { type Failure, type FailureKind, MEMORY_ADVICE, type Run } from '../study/run.ts';

/** What to do about a failed run. */
export type FailureAction =
  /** `alone`: the other slots of its device rest meanwhile. */
  | { do: 'retry'; afterSeconds: number; alone?: true }
  | { do: 'give-up'; state: 'failed' | 'out-of-memory' }
  /** Not the run's fault, and every other run would meet it too: the study waits for a person. */
  | { do: 'pause' };

/** Failures that a new start may mend, and that count. */
const COUNTED: readonly string[] = ['crash', 'hang', 'protocol'] satisfies FailureKind[];
/** Starts beside others on the device that may be out of memory; the next one is alone. */
export const MEMORY_STARTS = 2;
/** Seconds before the retry after one that was out of memory. */
const MEMORY_DELAY = 30;
/** Seconds before the first retry; each further one waits twice as long. */
const FIRST_DELAY = 1;
const LONGEST_DELAY = 60;

/** True for a kind of failure, as an attempt's outcome too, that counts against a run's retries. */
const isCounted = (kind: string | null): boolean => kind !== null && COUNTED.includes(kind);
const isOutOfMemory = (kind: string | null): boolean => kind === 'out-of-memory';

/** True for a kind of failure that the slot may be to blame for, or all of them. */
export const maySlotBeToBlame = (kind: FailureKind): boolean =>
  isCounted(kind) || isOutOfMemory(kind);

/**
 * @param before how often this run has failed alike, without this time: out of memory, or in a way
 * that counts
 * @param retries how often it may be started again
 * @param hasNeighbours its device has other slots, which could rest
 */
export function actionAfter(
  { kind }: Failure,
  before: number,
  retries: number,
  hasNeighbours = false,
): FailureAction {
  if (kind === 'data' || kind === 'teacher' || kind === 'precision') return { do: 'pause' };
  if (isOutOfMemory(kind)) {
    if (before + 1 < MEMORY_STARTS) return { do: 'retry', afterSeconds: MEMORY_DELAY };
    if (before + 1 === MEMORY_STARTS && hasNeighbours)
      return { do: 'retry', afterSeconds: MEMORY_DELAY, alone: true };
    return { do: 'give-up', state: 'out-of-memory' };
  }
  // The device went away: the run did nothing wrong, and without its device nothing starts in a
  // hurry.
  if (kind === 'lost') return { do: 'retry', afterSeconds: FIRST_DELAY };
  if (!isCounted(kind) || before >= retries) return { do: 'give-up', state: 'failed' };
  return { do: 'retry', afterSeconds: Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** before) };
}

/**
 * Records that an attempt failed, and what becomes of its run.
 *
 * @param hasNeighbours the device of its slot has others
 * @param isSuspect tells of a slot that its failures are not held against runs
 * @param cancelled it was to end for good anyway
 */
export function recordFailure(
  store: Store,
  run: Run,
  attempt: number,
  failure: Failure,
  {
    retries,
    hasNeighbours,
    isSuspect,
    cancelled,
    at,
  }: {
    retries: number;
    hasNeighbours: boolean;
    isSuspect: (slot: string) => boolean;
    cancelled: boolean;
    at: number;
  },
): FailureAction {
  const attempts = store.attempts({ run: run.id });
  const isAlike = isOutOfMemory(failure.kind) ? isOutOfMemory : isCounted;
  const before = attempts.filter(
    ({ outcome, slot }) => isAlike(outcome) && !isSuspect(slot),
  ).length;
  const excused = maySlotBeToBlame(failure.kind) && isSuspect(attempts.at(-1)!.slot);
  const advised = excused
    ? actionAfter(failure, 0, 1)
    : actionAfter(failure, before, retries, hasNeighbours);
  // Pretraining has no study to pause: those that wait for it are paused when it fails.
  const action: FailureAction =
    advised.do === 'pause' && run.kind === 'pretrain'
      ? { do: 'give-up', state: 'failed' }
      : advised;
  const told = isOutOfMemory(failure.kind)
    ? { ...failure, next: failure.next || MEMORY_ADVICE }
    : failure;
  store.transaction(() => {
    store.changeAttempt(run.id, attempt, { endedAt: at, outcome: failure.kind });
    if (cancelled) store.changeRun(run.id, { state: 'cancelled', endedAt: at });
    else if (action.do === 'give-up')
      store.changeRun(run.id, { state: action.state, failure: told, endedAt: at });
    else store.changeRun(run.id, { state: 'waiting', failure: told });
  });
  return action;
}

/** A study's problem from the failure of one of its runs. */
export const problemOf = ({ kind, code, message, next }: Failure): LabProblem => ({
  code: code || `search.${kind}`,
  message,
  next: next || 'Mend it and resume.',
});
