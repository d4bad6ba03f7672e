import { nextSteps } from '../base/command-words.ts';
import { problem } from '../base/errors.ts';
import type { Store } from '../store/store.ts';
import type { LabProblem } from '../base/problem.ts';
import type { Failure, FailureKind, Run } from '../study/run.ts';

/** What becomes of a failed run. */
export type FailureAction =
  /** `alone`: the other slots of its device get no run meanwhile. */
  | { do: 'retry'; afterSeconds: number; alone?: true }
  | { do: 'give-up'; state: 'failed' | 'out-of-memory' }
  /** Every other run would fail as well: the study waits for a person. */
  | { do: 'pause' };

/** Failures that a new start may mend, up to a plan's retries. */
const COUNTED: readonly string[] = ['crash', 'hang', 'protocol'] satisfies FailureKind[];
/** Starts out of memory beside others on the device, before the one that has it alone. */
export const MEMORY_STARTS = 2;
/** Seconds before the retry after one that was out of memory. */
const MEMORY_DELAY = 30;
/** Seconds before the first retry; each further one waits twice as long. */
const FIRST_DELAY = 1;
const LONGEST_DELAY = 60;
/** Failed starts in a row, of whatever runs, before a study pauses; at least two for each slot. */
const HOPELESS = 8;

/** True for a kind of failure, as an attempt's outcome too, that counts against a run's retries. */
const isCounted = (kind: string | null): boolean => kind !== null && COUNTED.includes(kind);
const isOutOfMemory = (kind: string | null): boolean => kind === 'out-of-memory';

/** True for a kind of failure that the slot may be to blame for, or all of them. */
export const maySlotBeToBlame = (kind: FailureKind): boolean =>
  isCounted(kind) || isOutOfMemory(kind);

/**
 * What becomes of a failed run. Pure.
 *
 * @param before failures of the same sort before this one: out of memory, or counted ones
 * @param retries how often the run may be started again
 * @param hasNeighbours its device has other slots, which may be left empty for it; asked only where
 * it counts
 * @param suitsElsewhere its machine or device cannot work by its plan, and another one may
 */
export function actionAfter(
  { kind }: Failure,
  before: number,
  retries: number,
  hasNeighbours: () => boolean = () => false,
  suitsElsewhere = false,
): FailureAction {
  if (suitsElsewhere) return { do: 'retry', afterSeconds: FIRST_DELAY };
  if (kind === 'data' || kind === 'teacher' || kind === 'precision') return { do: 'pause' };
  if (isOutOfMemory(kind)) {
    if (before + 1 < MEMORY_STARTS) return { do: 'retry', afterSeconds: MEMORY_DELAY };
    if (before + 1 === MEMORY_STARTS && hasNeighbours())
      return { do: 'retry', afterSeconds: MEMORY_DELAY, alone: true };
    return { do: 'give-up', state: 'out-of-memory' };
  }
  // The device went away: the run did nothing wrong, and it cannot start before the device is back.
  if (kind === 'lost') return { do: 'retry', afterSeconds: FIRST_DELAY };
  if (!isCounted(kind) || before >= retries) return { do: 'give-up', state: 'failed' };
  return { do: 'retry', afterSeconds: Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** before) };
}

/** The circumstances of a failure. */
export interface FailureFacts {
  retries: number;
  /** The device of its slot has other slots; asked only where it counts. */
  hasNeighbours: () => boolean;
  /** True of a slot whose failures do not count against runs. */
  isSuspect: (slot: string) => boolean;
  /** Its machine or device cannot work by its plan, and another one may. */
  suitsElsewhere: boolean;
  /** A person cancels the run anyway. */
  cancelled: boolean;
  at: number;
}

/** Records that an attempt failed, and what becomes of its run. */
export function recordFailure(
  store: Store,
  run: Run,
  attempt: number,
  failure: Failure,
  { retries, hasNeighbours, isSuspect, suitsElsewhere, cancelled, at }: FailureFacts,
): FailureAction {
  const attempts = store.attempts({ run: run.id });
  const isAlike = isOutOfMemory(failure.kind) ? isOutOfMemory : isCounted;
  const before = attempts.filter(
    ({ outcome, slot }) => isAlike(outcome) && !isSuspect(slot),
  ).length;
  const excused = maySlotBeToBlame(failure.kind) && isSuspect(attempts.at(-1)!.slot);
  const advised = excused
    ? actionAfter(failure, 0, 1)
    : actionAfter(failure, before, retries, hasNeighbours, suitsElsewhere);
  // Pretraining has no study to pause: its failure pauses the studies that wait for it.
  const action: FailureAction =
    advised.do === 'pause' && run.kind === 'pretrain'
      ? { do: 'give-up', state: 'failed' }
      : advised;
  const recorded = isOutOfMemory(failure.kind)
    ? { ...failure, ...(failure.next === '' && nextSteps({ do: 'free-memory' })) }
    : failure;
  store.transaction(() => {
    store.changeAttempt(run.id, attempt, { endedAt: at, outcome: failure.kind });
    if (cancelled) store.changeRun(run.id, { state: 'cancelled', endedAt: at });
    else if (action.do === 'give-up')
      store.changeRun(run.id, { state: action.state, failure: recorded, endedAt: at });
    else store.changeRun(run.id, { state: 'waiting', failure: recorded });
  });
  return action;
}

/**
 * The reason to pause a study after many failed starts in a row; null below the limit. Pure.
 *
 * @param inARow failed starts since the last epoch of any of its runs
 * @param last the latest of these failures
 */
export function hopeless(inARow: number, slots: number, last: Failure): LabProblem | null {
  if (inARow < Math.max(HOPELESS, 2 * slots)) return null;
  const params = { count: inARow, last: last.message };
  return isOutOfMemory(last.kind)
    ? problem('search.workers-keep-failing/memory', params)
    : problem('search.workers-keep-failing', params);
}

/** A study's problem from the failure of one of its runs. */
export const problemOfFailure = ({ kind, code, message, next, steps }: Failure): LabProblem => ({
  code: code || `search.${kind}`,
  message,
  ...(next === '' ? withoutNext : { next, ...(steps && { steps }) }),
});

const withoutNext = {
  next: 'Solve the problem and resume.',
  steps: ['Solve the problem and resume.'],
};
