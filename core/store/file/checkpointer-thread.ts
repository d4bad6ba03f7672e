import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { HOLDS, LONG_LOG, LOOKS, PAGES, PLACE, STOP } from './checkpointer.ts';
import type { CheckpointerData } from './checkpointer.ts';
import { THERE, whereaboutsOf } from './whereabouts.ts';

/** Milliseconds between two looks at the log. */
const PAUSE = 250;
/** The same while it is long: the large writes that wait get this time for a portion each. */
const SHORT_PAUSE = 50;

/**
 * The keeper's thread: copies SQLite's log into the file, with its waits for the disk, so that the
 * thread that writes never does, and looks whether the file is still where it was opened. Uses
 * better-sqlite3 itself: the words for its errors would be a third of the time in which every
 * opened lab begins.
 */
const { file, id, shared } = workerData as CheckpointerData;
const state = new Int32Array(shared);
const pause = (): number => (Atomics.load(state, PAGES) >= LONG_LOG ? SHORT_PAUSE : PAUSE);

// A writer that was there for a moment only has gone already, perhaps with its file.
if (Atomics.load(state, STOP) === 0) keep();

function keep(): void {
  let database = openWhileThere();
  while (Atomics.wait(state, STOP, 0, pause()) === 'timed-out') {
    const where = whereaboutsOf(file, id);
    if (Atomics.exchange(state, PLACE, where) !== where) parentPort!.postMessage(where);
    database ??= openWhileThere();
    if (database) moveLog(database);
    Atomics.add(state, LOOKS, 1);
  }
  database?.close();
  Atomics.store(state, HOLDS, 2);
  Atomics.notify(state, HOLDS);
}

/** null for a file that was moved before this thread had begun. */
function openWhileThere(): Database.Database | null {
  if (whereaboutsOf(file, id) !== THERE) return null;
  const database = new Database(file);
  Atomics.store(state, HOLDS, 1);
  return database;
}

function moveLog(database: Database.Database): void {
  try {
    const [row] = database.pragma('wal_checkpoint(PASSIVE)') as { log: number }[];
    Atomics.store(state, PAGES, row!.log);
  } catch {
    // No space or busy: the log stays as it is and the next look tries again; the writer reports
    // what it meets itself.
  }
}
