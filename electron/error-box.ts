import { dialog } from 'electron';
import { LabError, messageOf } from '../core/base/errors.ts';

/** Next steps as they are taken here, for errors whose own speak of the command line. */
const steps: Readonly<Record<string, string>> = {
  'store.damaged':
    'Keep the file as it is, and open a copy that you made of it earlier, or start a new one.',
  'store.migration-failed': 'Keep the file as it is and report this; open another one meanwhile.',
  'store.network-folder':
    'Keep the lab file on a disk of this computer, and copies of it on the network.',
};

/**
 * What went wrong, and what can be done about it in the app; the latter is empty where nobody
 * knows.
 */
export function troubleOf(error: unknown): { message: string; next: string } {
  const next = error instanceof LabError ? (steps[error.code] ?? error.next) : '';
  return { message: messageOf(error), next };
}

/** Says what went wrong, and the next step where it is known. */
export function explain(error: unknown): void {
  const { message, next } = troubleOf(error);
  dialog.showErrorBox('That did not work', next === '' ? message : `${message}\n\n${next}`);
}
