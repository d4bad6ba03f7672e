/** All dialogs of the app. They share a title, and work also while the app has no window. */
import {
  dialog,
  type BrowserWindow,
  type MessageBoxOptions,
  type OpenDialogOptions,
  type SaveDialogOptions,
} from 'electron';

/** Milliseconds between two iterations of the main loop while a dialog is open. */
const TURN = 200;
/** An empty title bar would not name the program. */
const TITLE = 'KTG lab';

/**
 * Shows a message box, or a sheet of `window`.
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

/** Asks for a file to open; returns null when the user cancels. */
export async function askForFile(
  window: BrowserWindow | null,
  options: OpenDialogOptions,
): Promise<string | null> {
  const { filePaths } = await heard(
    window ? dialog.showOpenDialog(window, options) : dialog.showOpenDialog(options),
  );
  return filePaths[0] ?? null;
}

/** Asks for a name of a file; returns null when the user cancels. */
export async function askForName(
  window: BrowserWindow | null,
  options: SaveDialogOptions,
): Promise<string | null> {
  const { filePath } = await heard(
    window ? dialog.showSaveDialog(window, options) : dialog.showSaveDialog(options),
  );
  return filePath === '' ? null : filePath;
}

/**
 * Keeps the main loop running: Electron 33 on Linux receives no answer without window and timer.
 */
async function heard<Answer>(answer: Promise<Answer>): Promise<Answer> {
  const turning = setInterval(() => undefined, TURN);
  try {
    return await answer;
  } finally {
    clearInterval(turning);
  }
}
