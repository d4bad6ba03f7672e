import type { Holder } from '../store.ts';
import { isBusy, openSqlite } from '../sqlite.ts';
import type { Sqlite } from '../sqlite.ts';

/** The right to write to a lab file. */
export interface WriteLock {
  release(): void;
}

/**
 * Takes the right to write, or gives null when another process (or another store in this one) has it. It is a lock of
 * the operating system on `<file>.lock`, held by an open transaction of an empty SQLite file: it ends with its process,
 * however that ends. The empty file stays, since removing it could give two processes the right at once.
 */
export function takeWriteLock(file: string): WriteLock | null {
  const lock: Sqlite = openSqlite(`${file}.lock`, { busySeconds: 0 });
  try {
    lock.execute('PRAGMA journal_mode = MEMORY');
    lock.execute('BEGIN IMMEDIATE');
    return { release: () => lock.close() };
  } catch (error) {
    lock.close();
    if (isBusy(error)) return null;
    throw error;
  }
}

/** Who holds the right to write is noted in the lab file itself, for the message to a second lab. */
const HOLDER = 'holder';

export function noteHolder(database: Sqlite, holder: Holder): void {
  database.run('INSERT OR REPLACE INTO setting VALUES (?, ?)', HOLDER, JSON.stringify(holder));
}

export function holderOf(database: Sqlite): Holder {
  const text = database.value<string>('SELECT value FROM setting WHERE name = ?', HOLDER);
  return text === undefined ? { pid: 0, host: 'unknown', since: 0 } : (JSON.parse(text) as Holder);
}
