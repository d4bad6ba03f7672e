import { Worker } from 'node:worker_threads';

/** Places in the Int32Array that writer and keeper share. */
export const STOP = 0;
/** 0: the keeper has not opened the file; 1: it has; 2: it has let go of it. */
export const HOLDS = 1;
/** Pages in the log, and how many of them are in the file, at the keeper's last look. */
export const PAGES = 2;
export const COPIED = 3;

export interface KeeperData {
  file: string;
  shared: SharedArrayBuffer;
}

/** From this many pages of 4 KiB (64 MiB) on the log should start over. */
const LONG_LOG = 16_384;
/** Pages that the writer may copy itself without a noticeable wait. */
const FEW = 1024;
/** Milliseconds to wait for the thread at the end. */
const PATIENCE = 2000;

/** The writer's side of the thread that moves SQLite's log into the file. */
export interface LogKeeper {
  /**
   * True when the log is long and nearly all of it is in the file: then the writer should copy the rest, so that the log
   * starts over. The keeper alone cannot bring that about as long as writes go on.
   */
  wantsHelp(): boolean;
  /** Waits until the thread has let go of the file. */
  stop(): void;
}

/** @param onLost the thread ended by itself: the writer must look after the log alone */
export function startLogKeeper(file: string, onLost: () => void): LogKeeper {
  const shared = new SharedArrayBuffer(16);
  const state = new Int32Array(shared);
  const worker = new Worker(new URL('./keeper.ts', import.meta.url), {
    workerData: { file, shared } satisfies KeeperData,
  });
  worker.unref();
  let stopped = false;
  worker.once('error', () => {
    if (!stopped) onLost();
  });
  return {
    wantsHelp() {
      const pages = Atomics.load(state, PAGES);
      if (pages < LONG_LOG || pages - Atomics.load(state, COPIED) > FEW) return false;
      Atomics.store(state, PAGES, 0);
      return true;
    },
    stop() {
      stopped = true;
      Atomics.store(state, STOP, 1);
      Atomics.notify(state, STOP);
      Atomics.wait(state, HOLDS, 1, PATIENCE);
      void worker.terminate();
    },
  };
}
