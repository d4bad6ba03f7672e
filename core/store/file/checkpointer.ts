import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { inBackground } from '../../base/in-background.ts';
import type { FileId, Whereabouts } from './whereabouts.ts';

/** Places in the Int32Array that writer and keeper share. */
export const STOP = 0;
/** 0: the keeper has not opened the file; 1: it has; 2: it has let go of it. */
export const HOLDS = 1;
/** Pages in the log at the keeper's last look. */
export const PAGES = 2;
/** Looks so far. */
export const LOOKS = 3;
/** Whereabouts of the file at the keeper's last look. */
export const PLACE = 4;
const PLACES = 5;

export interface CheckpointerData {
  file: string;
  id: FileId;
  shared: SharedArrayBuffer;
}

/** From this many pages of 4 KiB (64 MiB) on the log should start over. */
export const LONG_LOG = 16_384;
/** Milliseconds between two questions whether the keeper has looked. */
const POLL = 10;
/** Milliseconds to wait for the thread at the end. */
const TIMEOUT = 2000;

/** The writer's side of the thread that moves SQLite's log into the file. */
export interface Checkpointer {
  /**
   * Waits, when the log is long, until the keeper has copied what is in it: the next write then
   * starts the log over. Large writes call it before each portion; between them there is time for
   * the keeper, so that it gets to the end.
   */
  room(): Promise<void>;
  /** Where the file was at the last look; null when the thread has ended. */
  whereabouts(): Whereabouts | null;
  /** Waits until the thread has let go of the file. */
  stop(): void;
}

export interface LogKeeperEvents {
  /** The thread ended by itself: the writer must look after the log alone. */
  onLost: () => void;
  /** The file is no longer where it was opened, or is there again. */
  onPlace: () => void;
}

export function startCheckpointer(
  file: string,
  id: FileId,
  { onLost, onPlace }: LogKeeperEvents,
): Checkpointer {
  const shared = new SharedArrayBuffer(PLACES * Int32Array.BYTES_PER_ELEMENT);
  const state = new Int32Array(shared);
  const worker = new Worker(new URL('./checkpointer-thread.ts', import.meta.url), {
    workerData: { file, id, shared } satisfies CheckpointerData,
  });
  let ended = false;
  worker.on('message', () => {
    if (!ended) onPlace();
  });
  worker.unref();
  worker.once('error', () => {
    if (!ended) onLost();
    ended = true;
  });
  return {
    async room() {
      const seen = Atomics.load(state, LOOKS);
      while (
        !ended &&
        Atomics.load(state, PAGES) >= LONG_LOG &&
        Atomics.load(state, LOOKS) === seen
      )
        await setTimeout(POLL);
    },
    whereabouts: () => (ended ? null : (Atomics.load(state, PLACE) as Whereabouts)),
    stop() {
      ended = true;
      Atomics.store(state, STOP, 1);
      Atomics.notify(state, STOP);
      if (Atomics.load(state, HOLDS) === 0) {
        // It is just beginning, and to end a thread within SQLite can take the process with it: it
        // ends by itself at once.
        worker.ref();
        return;
      }
      Atomics.wait(state, HOLDS, 1, TIMEOUT);
      inBackground(worker.terminate());
    },
  };
}
