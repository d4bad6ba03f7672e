import type { LabProblem } from '../base/problem.ts';
import type { StudyPlan } from './plan.ts';

/**
 * State of anything that has runs to be scheduled: studies and re-runs.
 *
 * - `ready`: created, never started.
 * - `running`: gets slots as they become free.
 * - `paused`: starts nothing; runs that were on a slot wait with a checkpoint.
 * - `stopped`: a person ended it; what had not ended is cancelled.
 * - `completed`: every run has ended.
 */
export type JobState = 'ready' | 'running' | 'paused' | 'stopped' | 'completed';

export interface Study {
  id: number;
  name: string;
  plan: StudyPlan;
  state: JobState;
  /** Studies of higher priority get free slots first; equal ones share. */
  priority: number;
  /** Why the lab paused it by itself (missing data, no space), until it is resumed. */
  problem: LabProblem | null;
  notes: string;
  createdAt: number;
  startedAt: number | null;
  endedAt: number | null;
}

/** A drawn graph that was not trained, kept so that a study says what it threw away. */
export interface Rejection {
  study: number;
  /** Trial for which it was drawn. */
  trial: number;
  /** 0-based number of the draw for this trial. */
  draw: number;
  key: string;
  reason: string;
}

/** How many trials of a study are in each state. */
export interface TrialCounts {
  waiting: number;
  running: number;
  completed: number;
  stopped: number;
  failed: number;
  outOfMemory: number;
  cancelled: number;
  rejected: number;
  duplicate: number;
}

export const noTrials: Readonly<TrialCounts> = {
  waiting: 0,
  running: 0,
  completed: 0,
  stopped: 0,
  failed: 0,
  outOfMemory: 0,
  cancelled: 0,
  rejected: 0,
  duplicate: 0,
};
