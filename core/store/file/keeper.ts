import { workerData } from 'node:worker_threads';
import { openSqlite } from '../sqlite.ts';
import { COPIED, HOLDS, PAGES, STOP } from './log-keeper.ts';
import type { KeeperData } from './log-keeper.ts';

/** Milliseconds between two looks at the log. */
const PAUSE = 250;

/**
 * The keeper's thread: copies SQLite's log into the file, with its waits for the disk, so that the thread that writes
 * never does.
 */
const { file, shared } = workerData as KeeperData;
const state = new Int32Array(shared);
const database = openSqlite(file);
Atomics.store(state, HOLDS, 1);
while (Atomics.wait(state, STOP, 0, PAUSE) === 'timed-out') {
  try {
    const row = database.get<{ log: number; checkpointed: number }>('PRAGMA wal_checkpoint(PASSIVE)');
    Atomics.store(state, COPIED, row?.checkpointed ?? 0);
    Atomics.store(state, PAGES, row?.log ?? 0);
  } catch {
    // No space or busy: the log stays as it is and the next look tries again; the writer reports what it meets itself.
  }
}
database.close();
Atomics.store(state, HOLDS, 2);
Atomics.notify(state, HOLDS);
