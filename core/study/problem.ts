/**
 * An expected failure as plain data, for records and messages: a LabError's code, message and next
 * step.
 */
export interface LabProblem {
  code: string;
  message: string;
  next: string;
}
