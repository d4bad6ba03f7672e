/** Every dialog of the app: they share a title, and are heard also while the app has no window. */
import {
  dialog,
  type BrowserWindow,
  type MessageBoxOptions,
  type OpenDialogOptions,
  type SaveDialogOptions,
} from 'electron';

/** Milliseconds between two turns of the main loop while a dialog is open. */
const TURN = 200;
/** An empty title bar says nothing about the program that asks. */
const TITLE = 'KTG lab';

/**
 * Asks a question in a box of its own, or of `window`.
 *
 * @returns index of the chosen button
 */
export async function ask(
  window: BrowserWindow | null,
  question: MessageBoxOptions,
): Promise<number> {
  const options = { title: TITLE, ...question };
  const { response } = await heard(
    window ? dialog.showMessageBox(window, options) : dialog.showMessageBox(options),
  );
  return response;
}

/** The file that the user opens; null when none. */
export async function askForFile(
  window: BrowserWindow | null,
  options: OpenDialogOptions,
): Promise<string | null> {
  const { filePaths } = await heard(
    window ? dialog.showOpenDialog(window, options) : dialog.showOpenDialog(options),
  );
  return filePaths[0] ?? null;
}

/** The name that the user gives to a file; null when none. */
export async function askForName(
  window: BrowserWindow | null,
  options: SaveDialogOptions,
): Promise<string | null> {
  const { filePath } = await heard(
    window ? dialog.showSaveDialog(window, options) : dialog.showSaveDialog(options),
  );
  return filePath === '' ? null : filePath;
}

/** Keeps the main loop turning: Electron 33 on Linux hears no answer without window and timer. */
async function heard<Answer>(answer: Promise<Answer>): Promise<Answer> {
  const turning = setInterval(() => undefined, TURN);
  try {
    return await answer;
  } finally {
    clearInterval(turning);
  }
}
