import { workerData } from 'node:worker_threads';
import { openSqlite } from '../sqlite.ts';
import { HOLDS, LONG_LOG, LOOKS, PAGES, STOP } from './log-keeper.ts';
import type { KeeperData } from './log-keeper.ts';

/** Milliseconds between two looks at the log. */
const PAUSE = 250;
/** The same while it is long: the large writes that wait get this time for a portion each. */
const SHORT_PAUSE = 50;

/**
 * The keeper's thread: copies SQLite's log into the file, with its waits for the disk, so that the thread that writes
 * never does.
 */
const { file, shared } = workerData as KeeperData;
const state = new Int32Array(shared);
const pause = (): number => (Atomics.load(state, PAGES) >= LONG_LOG ? SHORT_PAUSE : PAUSE);

// A writer that was there for a moment only has gone already, perhaps with its file.
if (Atomics.load(state, STOP) === 0) keep();

function keep(): void {
  const database = openSqlite(file);
  Atomics.store(state, HOLDS, 1);
  while (Atomics.wait(state, STOP, 0, pause()) === 'timed-out') {
    try {
      const row = database.get<{ log: number }>('PRAGMA wal_checkpoint(PASSIVE)');
      Atomics.store(state, PAGES, row?.log ?? 0);
    } catch {
      // No space or busy: the log stays as it is and the next look tries again; the writer reports what it meets itself.
    }
    Atomics.add(state, LOOKS, 1);
  }
  database.close();
  Atomics.store(state, HOLDS, 2);
  Atomics.notify(state, HOLDS);
}
