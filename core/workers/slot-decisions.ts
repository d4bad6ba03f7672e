import type { Slot } from '../search/runner.ts';
import type { LabProblem } from '../base/problem.ts';
import { leaks } from './leaks.ts';
import { type Occupant, type Place, waitsFor } from './placement.ts';

/** Processes in a row that end before they are ready, after which their slot counts as broken. */
const FALSE_STARTS = 2;

/** The facts from which the state of a slot follows. */
export interface SlotFacts {
  place: Place;
  retired: boolean;
  hasJob: boolean;
  /** Its process was asked to end and has not yet. */
  ending: boolean;
  /** Why its worker cannot begin. */
  problem: LabProblem | null;
  /** It is not known yet how workers share its card. */
  waitsForSharing: boolean;
}

/** The state of a slot as the scheduler sees it. Pure. */
export function slotState(
  { place, retired, hasJob, ending, problem, waitsForSharing }: SlotFacts,
  occupants: readonly Occupant[],
  cores: number,
): Pick<Slot, 'state' | 'problem'> {
  if (retired) return { state: 'retired', problem: '' };
  if (hasJob) return { state: 'busy', problem: '' };
  if (problem) return { state: 'broken', problem: `${problem.message} ${problem.next}`.trim() };
  if (ending || waitsForSharing) return { state: 'starting', problem: '' };
  const waits = waitsFor(place, occupants, cores);
  return waits === '' ? { state: 'ready', problem: '' } : { state: 'starting', problem: waits };
}

/** Whether the process of a slot stays for the next job. */
export type ProcessDecision =
  | { do: 'keep'; reason: 'in-order' }
  | { do: 'end'; reason: 'failed' | 'retired' | 'not-ready' | 'other-place' | 'leaks' };

/** The facts that decide about a process after its job. */
export interface JobEndFacts {
  /** The job ended in a way after which the process should take no other one. */
  tainted: boolean;
  retired: boolean;
  ready: boolean;
  /** It still has the cores and the card that its slot has now. */
  fitsPlace: boolean;
  /** Bytes of memory of the process after each of its jobs. */
  memory: readonly number[];
}

/** Whether the process of a slot stays after a job. Pure. */
export function afterJob(facts: JobEndFacts): ProcessDecision {
  if (facts.tainted) return { do: 'end', reason: 'failed' };
  if (facts.retired) return { do: 'end', reason: 'retired' };
  if (!facts.ready) return { do: 'end', reason: 'not-ready' };
  if (!facts.fitsPlace) return { do: 'end', reason: 'other-place' };
  if (leaks(facts.memory)) return { do: 'end', reason: 'leaks' };
  return { do: 'keep', reason: 'in-order' };
}

/** What becomes of a slot whose process has ended. */
export type ExitDecision =
  | { do: 'break-slot'; reason: 'cannot-begin' }
  | { do: 'fail-job'; reason: 'ended-by-itself' }
  /** The process before it was ended for this job. */
  | { do: 'start-process'; reason: 'job-waits' }
  | { do: 'nothing'; reason: 'no-job' };

/** The facts that decide about a slot after the end of its process. */
export interface ExitFacts {
  hasJob: boolean;
  /** The process had opened its engine. */
  ready: boolean;
  /** The process was asked to end. */
  ending: boolean;
  /** Processes in a row that ended by themselves before they were ready, this one included. */
  falseStarts: number;
}

/** What becomes of a slot whose process has ended. Pure. */
export function afterExit({ hasJob, ready, ending, falseStarts }: ExitFacts): ExitDecision {
  if (!hasJob) return { do: 'nothing', reason: 'no-job' };
  if (ending) return { do: 'start-process', reason: 'job-waits' };
  // Once may be chance: somebody killed it. Twice in a row is a fault of the slot.
  return !ready && falseStarts >= FALSE_STARTS
    ? { do: 'break-slot', reason: 'cannot-begin' }
    : { do: 'fail-job', reason: 'ended-by-itself' };
}
