/**
 * Finds out whether an earlier start of the app still answers, before Chromium's process singleton
 * is asked: that kills a first process whose main loop is busy for 20 s and takes its place.
 */
import { connect, createServer } from 'node:net';
import { chmodSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { localSocketPath } from '../core/connection/local-socket.ts';
import { ask } from './dialogs.ts';

/** Milliseconds that a first start gets to answer. */
const TIMEOUT = 10_000;
const ANSWER = 'here';

/** The socket of the first start that keeps its state in `folder`; null where its path is too long. */
const socketIn = (folder: string): string | null => localSocketPath(join(folder, 'app'));

/** Returns whether a first start is alive and its main loop does not turn. */
export async function firstStartIsSilent(folder: string, timeout = TIMEOUT): Promise<boolean> {
  const path = existsSync(folder) ? socketIn(folder) : null;
  if (path === null) return false;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  // The system accepts a connection for a process that does nothing; only its main loop answers.
  const socket = connect(path);
  const timer = setTimeout(resolve, timeout, true);
  socket.on('data', () => {
    resolve(false);
  });
  socket.on('error', () => {
    resolve(false);
  });
  socket.on('close', () => {
    resolve(false);
  });
  const silent = await promise;
  clearTimeout(timer);
  socket.destroy();
  return silent;
}

/** Answers later starts. Only the holder of Chromium's lock on `folder` may call it. */
export function answerLaterStarts(folder: string): void {
  const path = socketIn(folder);
  if (path === null) return;
  if (process.platform !== 'win32') rmSync(path, { force: true });
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end(ANSWER);
  });
  server.on('error', () => undefined); // without it, later starts rely on Chromium alone
  server.listen(path, () => {
    if (process.platform !== 'win32') chmodSync(path, 0o600);
  });
  server.unref();
}

/** Asks what to do about a first start that is silent; returns whether to look again. */
export async function triesAgain(): Promise<boolean> {
  const response = await ask(null, {
    type: 'warning',
    message: 'KTG lab is already open, but it does not answer.',
    detail:
      'It may be busy or stopped. This start leaves it alone, so that no training loses progress. ' +
      'Wait and try again, or end the other one with the tools of your system.',
    buttons: ['Try again', 'Quit'],
    defaultId: 0,
    cancelId: 1,
  });
  return response === 0;
}
