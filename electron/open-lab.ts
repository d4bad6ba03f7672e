import type { MessageBoxOptions } from 'electron';
import { type AttachedLab, attachLab } from '../core/host/attach.ts';
import { ask } from './dialogs.ts';
import { chooseLab, nameLab } from './files.ts';
import { troubleOf } from './error-box.ts';

/**
 * Opens the lab of a file, or of another file that the user chooses after a failure; returns null
 * when the user gives up.
 */
export async function openOrChoose(file: string): Promise<AttachedLab | null> {
  for (let wanted: string | null = file; wanted !== null;) {
    try {
      return await attachLab(wanted);
    } catch (error) {
      wanted = await askForAnother(wanted, error);
    }
  }
  return null;
}

/** Asks until the user chooses a file; null to end the app. */
async function askForAnother(file: string, error: unknown): Promise<string | null> {
  const { message, next } = troubleOf(error);
  const question: MessageBoxOptions = {
    type: 'error',
    title: 'The lab cannot be opened',
    message: 'The lab cannot be opened.',
    detail: [message.includes(file) ? '' : file, message, next]
      .filter((line) => line !== '')
      .join('\n\n'),
    buttons: ['Open another lab file…', 'New lab file…', 'Quit'],
    defaultId: 0,
    cancelId: 2,
  };
  for (;;) {
    const response = await ask(null, question);
    if (response === 2) return null;
    const chosen = await (response === 0 ? chooseLab(null) : nameLab(null));
    if (chosen !== null) return chosen;
  }
}
