import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from '../base/errors.ts';
import type { LabApi } from '../lab/api.ts';
import type { LabLine } from '../connection/channel.ts';
import { connectLocalSocket, listenOnLocalSocket } from '../connection/local-socket.ts';
import type { Lab } from '../lab/lab.ts';
import { IN_MEMORY, openLab } from './open.ts';

/** A lab that a program works with. */
export interface AttachedLab {
  readonly api: LabApi;
  readonly file: string;
  /**
   * It runs in another program of this user (the app, a search in a terminal), which goes on when
   * this one ends.
   */
  readonly elsewhere: boolean;
  /** Settles when a lab elsewhere has ended; never for our own. */
  readonly lost: Promise<void>;
  close(how?: 'save' | 'at-once'): Promise<void>;
}

/** Milliseconds that a program gets from taking a lab file to listening. */
const TIMEOUT = 3000;
/** Milliseconds between two tries. */
const HELLO = 100;

/**
 * The lab of a file: that of the program that holds it already, or else our own, which others may
 * then talk to. Throws LabErrors `store.*`.
 *
 * @param how as for `openLab`
 * @param patience milliseconds to wait for a program that holds the file and does not listen
 */
export async function attachLab(
  file: string,
  how: Parameters<typeof openLab>[1] = 'to-work',
  patience = TIMEOUT,
): Promise<AttachedLab> {
  const line = file === IN_MEMORY ? null : await connectLocalSocket(file);
  if (line) return elsewhere(file, line);
  const lab = await openOrEnter(file, how, patience);
  if ('elsewhere' in lab) return lab;
  const { readOnly } = await lab.request('lab.status', {});
  const leave =
    readOnly || file === IN_MEMORY ? () => undefined : await listenOnLocalSocket(lab, file);
  return {
    api: lab,
    file,
    elsewhere: false,
    lost: new Promise(() => undefined),
    async close(how = 'save') {
      leave();
      await lab.close(how);
    },
  };
}

/**
 * Our own lab, or that of another program: who has taken the file a moment ago is about to listen,
 * who has stopped listening is about to let go of it.
 */
async function openOrEnter(
  file: string,
  how: Parameters<typeof openLab>[1],
  patience: number,
): Promise<Lab | AttachedLab> {
  for (const end = performance.now() + patience; ;) {
    const lab = await openUnlessNew(file, how);
    if (lab && !(await lab.request('lab.status', {})).heldBy) return lab;
    const line = await connectLocalSocket(file);
    if (!line && lab && performance.now() > end) return lab;
    await lab?.close('at-once');
    if (line) return elsewhere(file, line);
    if (performance.now() > end) return openLab(file, how); // says what is wrong
    await sleep(HELLO);
  }
}

/** null when another program is just making the file. */
async function openUnlessNew(
  file: string,
  how: Parameters<typeof openLab>[1],
): Promise<Lab | null> {
  try {
    return await openLab(file, how);
  } catch (error) {
    if (error instanceof LabError && error.code === 'store.being-made') return null;
    throw error;
  }
}

const elsewhere = (file: string, line: LabLine): AttachedLab => ({
  api: line.api,
  file,
  elsewhere: true,
  lost: line.closed,
  close() {
    line.close();
    return line.closed;
  },
});
