import { dialog } from 'electron';
import { LabError, messageOf, problemOf } from '../core/base/errors.ts';
import { stepsOf } from '../core/base/problem.ts';
import { stepsText } from './actions.ts';

/**
 * What went wrong, and what can be done about it in the app; the latter is empty where nobody
 * knows.
 */
export function troubleOf(error: unknown): { message: string; next: string } {
  const next = error instanceof LabError ? stepsText(stepsOf(problemOf(error))) : '';
  return { message: messageOf(error), next };
}

/** Says what went wrong, and the next step where it is known. */
export function explain(error: unknown): void {
  const { message, next } = troubleOf(error);
  dialog.showErrorBox('The action failed', next === '' ? message : `${message}\n\n${next}`);
}
