import * as v from 'valibot';
import { type Step, isKnown, stepsSchema } from './actions.ts';

/** An expected failure as plain data, for records and messages: what a LabError carries. */
export interface LabProblem {
  code: string;
  message: string;
  /** Next steps as text for the command line; '' when nothing can be done. */
  next: string;
  /** Next steps as data, for faces with words of their own; older records have only the text. */
  steps?: readonly Step[];
}

/** The key `steps` of a schema of records or messages. */
export const optionalSteps = { steps: v.exactOptional(stepsSchema) };

/** Next steps that a face can phrase; the text where a record has no steps or unknown ones. */
export function stepsOf({ next, steps = [] }: Pick<LabProblem, 'next' | 'steps'>): readonly Step[] {
  if (steps.length > 0 && isKnown(steps)) return steps;
  return next === '' ? [] : [next];
}
