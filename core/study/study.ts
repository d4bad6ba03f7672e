import * as v from 'valibot';
import { idSchema, lineSchema, prioritySchema, textSchema, timeSchema, whole } from './fields.ts';
import { studyPlanSchema } from './plan.ts';
import { tagsSchema } from './tags.ts';
import { problemSchema } from '../base/problem.ts';

/**
 * State of anything that has runs to be scheduled: studies and re-runs.
 *
 * - `ready`: created, never started.
 * - `running`: gets slots as they become free.
 * - `paused`: starts nothing; runs that were on a slot wait with a checkpoint.
 * - `stopped`: a person ended it; its open runs are cancelled.
 * - `completed`: every run has ended.
 */
export const jobStateSchema = v.picklist(['ready', 'running', 'paused', 'stopped', 'completed']);
export type JobState = v.InferOutput<typeof jobStateSchema>;

/** Fields of everything that is scheduled. */
export const jobFields = {
  id: idSchema,
  name: lineSchema(200),
  state: jobStateSchema,
  /** Jobs of higher priority get free slots first; equal ones share. */
  priority: prioritySchema,
  /** Why the lab paused it by itself (missing data, no space), until it is resumed. */
  problem: v.nullable(problemSchema),
  createdAt: timeSchema,
  startedAt: v.nullable(timeSchema),
  endedAt: v.nullable(timeSchema),
};

export const studySchema = v.strictObject({
  ...jobFields,
  plan: studyPlanSchema,
  notes: textSchema,
  tags: tagsSchema,
});
export type Study = v.InferOutput<typeof studySchema>;

/** A drawn graph that was not trained, kept so that a study says what it threw away. */
export const rejectionSchema = v.strictObject({
  study: idSchema,
  /** Trial for which it was drawn. */
  trial: whole(),
  /** 0-based number of the draw for this trial. */
  draw: whole(),
  key: textSchema,
  reason: textSchema,
});
export type Rejection = v.InferOutput<typeof rejectionSchema>;

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
