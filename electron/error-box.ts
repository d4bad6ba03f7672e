import { app, dialog } from 'electron';
import { LabError, messageOf, problemOf } from '../core/base/errors.ts';
import { stepsOf } from '../core/base/problem.ts';
import { stepsText } from './actions.ts';
import { ask } from './dialogs.ts';

/**
 * What went wrong, and what can be done about it in the app; the latter is empty where nobody
 * knows.
 */
export function troubleOf(error: unknown): { message: string; next: string } {
  const next = error instanceof LabError ? stepsText(stepsOf(problemOf(error))) : '';
  return { message: messageOf(error), next };
}

const FAILED = 'The action failed';

/**
 * Says what went wrong, and the next step where it is known. Returns after the user closed the box.
 * An open `showErrorBox` blocks the main loop: trainings wait, and Chromium lets a second start of
 * the app kill this one after 20 s. Before the app is ready no other box exists, and no lab is open.
 */
export async function explain(error: unknown): Promise<void> {
  const { message, next } = troubleOf(error);
  const detail = next === '' ? message : `${message}\n\n${next}`;
  if (app.isReady())
    await ask(null, { type: 'error', message: `${FAILED}.`, detail, buttons: ['OK'] });
  else dialog.showErrorBox(FAILED, detail);
}
