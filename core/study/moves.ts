import { LabError } from '../base/errors.ts';
import type { RunState } from './run.ts';
import type { JobState } from './study.ts';

/**
 * Where a run may go from each state; states without an entry are final. A retry of what ended is a
 * person's wish.
 */
const runMoves: Readonly<Record<RunState, readonly RunState[]>> = {
  // Fails without a start when its record is damaged.
  waiting: ['running', 'failed', 'cancelled', 'rejected', 'duplicate'],
  running: ['waiting', 'completed', 'stopped', 'failed', 'out-of-memory', 'cancelled'],
  completed: [],
  stopped: [],
  failed: ['waiting'],
  'out-of-memory': ['waiting'],
  cancelled: ['waiting'],
  rejected: [],
  duplicate: [],
};

/** `completed -> running`: more trials were asked for, or a failed run is tried again. */
const jobMoves: Readonly<Record<JobState, readonly JobState[]>> = {
  ready: ['running', 'stopped'],
  running: ['paused', 'stopped', 'completed'],
  paused: ['running', 'stopped'],
  stopped: ['running'],
  completed: ['running'],
};

export const RUN_STATES = Object.keys(runMoves) as readonly RunState[];

export const isRunState = (text: string): text is RunState => Object.hasOwn(runMoves, text);
export const isJobState = (text: string): text is JobState => Object.hasOwn(jobMoves, text);

export const mayMoveRun = (from: RunState, to: RunState): boolean => runMoves[from].includes(to);
export const mayMoveJob = (from: JobState, to: JobState): boolean => jobMoves[from].includes(to);

/** True when a run will not be worked on again unless a person asks. */
export const hasEnded = (state: RunState): boolean => state !== 'waiting' && state !== 'running';

/** Throws LabError `study.illegal-move` unless a run may go from one state to the other. */
export function checkRunMove(from: RunState, to: RunState, what: string): void {
  if (!mayMoveRun(from, to)) throw illegal(from, to, what, runMoves[from]);
}

/**
 * Throws LabError `study.illegal-move` unless a study or re-run may go from one state to the other.
 */
export function checkJobMove(from: JobState, to: JobState, what: string): void {
  if (!mayMoveJob(from, to)) throw illegal(from, to, what, jobMoves[from]);
}

const illegal = (from: string, to: string, what: string, legal: readonly string[]): LabError =>
  new LabError('study.illegal-move', {
    what,
    from,
    to,
    expected: legal.length > 0 ? `; expected one of ${legal.join(', ')}` : ': that state is final',
  });
