import * as v from 'valibot';
import { textSchema } from './fields.ts';

/**
 * An expected failure as plain data, for records and messages: a LabError's code, message and next
 * step.
 */
export const problemSchema = v.strictObject({
  code: textSchema,
  message: textSchema,
  next: textSchema,
});

export type LabProblem = v.InferOutput<typeof problemSchema>;
