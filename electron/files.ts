import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { app, shell, type BrowserWindow, type Session } from 'electron';
import { LabError } from '../core/base/errors.ts';
import type { LabApi } from '../core/lab/api.ts';
import type { AttachedLab } from '../core/host/attach.ts';
import { askForFile, askForName } from './dialogs.ts';
import { explain } from './error-box.ts';

/**
 * The system's dialog chooses the path of each download of the page. Uploads come from file fields
 * and drops and cross the port: the page never learns a path.
 */
export function askWhereToSave(session: Session): void {
  session.on('will-download', (event, item) => {
    if (!/^(?:blob:app:\/\/lab\/|data:)/.test(item.getURL())) {
      event.preventDefault();
      return;
    }
    const defaultPath = join(app.getPath('downloads'), basename(item.getFilename()));
    item.setSaveDialogOptions({ title: 'Save', defaultPath, ...askBeforeReplacing });
  });
}

/** Linux asks before it replaces a file only with this property; macOS and Windows always ask. */
const askBeforeReplacing = { properties: ['showOverwriteConfirmation' as const] };

/** Asks for a name and copies the lab file there. */
export async function backUp(
  { api, file }: AttachedLab,
  window: BrowserWindow | null,
): Promise<void> {
  const day = new Date().toISOString().slice(0, 10);
  const options = {
    title: 'Save a copy of the lab file',
    defaultPath: join(app.getPath('documents'), `${basename(file, '.sqlite')}-${day}.sqlite`),
    ...askBeforeReplacing,
  };
  const path = await askForName(window, options);
  if (path !== null) await copyTo(api, path).catch(explain);
}

/**
 * Replaces a file, since the system's dialog already asked, but only after the copy is complete.
 */
async function copyTo(api: LabApi, path: string): Promise<void> {
  if (!existsSync(path)) {
    await api.request('lab.backup', { path });
    return;
  }
  if (existsSync(`${path}-wal`)) throw new LabError('files.lab-in-use', { path });
  const folder = await mkdtemp(join(dirname(path), '.ktg-copy-')); // private to this copy
  try {
    const copy = join(folder, basename(path));
    await api.request('lab.backup', { path: copy });
    await rename(copy, path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Asks for another lab file; returns null when the user cancels. */
export async function chooseLab(window: BrowserWindow | null): Promise<string | null> {
  const options = {
    title: 'Open another lab file',
    properties: ['openFile' as const],
    filters: [{ name: 'Lab files', extensions: ['sqlite'] }],
  };
  return askForFile(window, options);
}

/**
 * Asks for the name of a new lab file; returns null when the user cancels. An existing lab with
 * that name is opened.
 */
export async function nameLab(window: BrowserWindow | null): Promise<string | null> {
  const options = {
    title: 'Start a new lab file',
    defaultPath: join(app.getPath('documents'), 'lab.sqlite'),
    filters: [{ name: 'Lab files', extensions: ['sqlite'] }],
  };
  return askForName(window, options);
}

export function showInFolder({ file }: AttachedLab): void {
  shell.showItemInFolder(file);
}
