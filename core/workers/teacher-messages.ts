import * as v from 'valibot';
import { problemSchema } from '../base/problem.ts';
import { fractionSchema, sha256Schema, whole } from '../study/fields.ts';
import type { TrainingPlan } from '../study/plan.ts';
import type { RequestedEngine } from './messages.ts';

/** What the process that imports a teacher is told. */
export interface TeacherJob {
  /** The file, and its name for people. */
  readonly path: string;
  readonly source: string;
  readonly model: string;
  /** Place of the network in the file, where several fit. */
  readonly part?: string | undefined;
  /** Data and protocol say which images measure it. */
  readonly training: TrainingPlan;
  /** null: the usual one. */
  readonly dataFolder: string | null;
  readonly engine: RequestedEngine;
  /** Where the checkpoint is written. */
  readonly out: string;
  /** Also accept a network that is no better than chance. */
  readonly acceptAny: boolean;
}

const count = whole();

const progress = v.strictObject({
  type: v.literal('progress'),
  step: v.picklist(['read', 'data', 'measure']),
  done: count,
  /** 0 where it is not known. */
  total: count,
});
export type TeacherProgress = v.InferOutput<typeof progress>;

const result = v.strictObject({
  type: v.literal('done'),
  /** On the evaluation images, a fraction of 1. */
  accuracy: fractionSchema,
  images: count,
  evaluationName: v.picklist(['test', 'validation']),
  bytes: count,
  sha256: sha256Schema,
});
export type TeacherResult = v.InferOutput<typeof result>;

/** Messages of that process, which has read a file of a stranger. */
export const teacherMessageSchema = v.variant('type', [
  progress,
  result,
  v.strictObject({ type: v.literal('problem'), problem: problemSchema }),
]);
export type TeacherMessage = v.InferOutput<typeof teacherMessageSchema>;
