import * as v from 'valibot';
import { type Step, isKnown, stepsSchema } from './actions.ts';

/** Longest text of a record, in characters. */
const MAX_TEXT = 20_000;

const text = v.pipe(v.string(), v.maxLength(MAX_TEXT));

/** The key `steps` of a schema of records or messages. */
export const optionalSteps = { steps: v.exactOptional(v.pipe(stepsSchema, v.readonly())) };

/** An expected failure as plain data, for records and messages: what a LabError carries. */
export const problemSchema = v.strictObject({
  code: text,
  message: text,
  /** Next steps as text for the command line; '' when nothing can be done. */
  next: text,
  /** Next steps as data, for faces with words of their own; older records have only the text. */
  ...optionalSteps,
});
export type LabProblem = v.InferOutput<typeof problemSchema>;

/** Next steps that a face can phrase; the text where a record has no steps or unknown ones. */
export function stepsOf({ next, steps = [] }: Pick<LabProblem, 'next' | 'steps'>): readonly Step[] {
  if (steps.length > 0 && isKnown(steps)) return steps;
  return next === '' ? [] : [next];
}
