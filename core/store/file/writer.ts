import { existsSync, rmSync } from 'node:fs';
import { LabError } from '../../base/errors.ts';
import { Portions } from '../portions.ts';
import type { Sqlite } from '../sqlite.ts';
import { Eraser } from './eraser.ts';
import type { Holding, WriteLock } from './lock.ts';
import { type Checkpointer, startCheckpointer } from './checkpointer.ts';
import { lostFile } from './lost-file.ts';
import { type FileId, THERE, whereaboutsOf } from './whereabouts.ts';

/** An opened file that this process has the right to write to. */
export interface OpenedToWrite {
  /** Not guarded: closing must reach the file, wherever it is. */
  database: Sqlite;
  file: string;
  id: FileId;
  holding: Holding;
  lock: WriteLock;
}

/** Everything that only the writer of a lab file has: a thread for the log, an eraser, the lock. */
export class Writer {
  /** Refuses changes while the file is not where it was opened. */
  readonly database: Sqlite;
  readonly portions: Portions;
  readonly eraser: Eraser;
  readonly #opened: OpenedToWrite;
  readonly #keeper: Checkpointer;
  readonly #listeners = new Set<(trouble: LabError) => void>();

  constructor(opened: OpenedToWrite) {
    const { database, file, id } = opened;
    this.#opened = opened;
    this.#keeper = startCheckpointer(file, id, {
      onLost: () => {
        database.execute('PRAGMA wal_autocheckpoint = 1000');
      },
      onPlace: () => {
        this.#tell();
      },
    });
    this.database = guarded(database, () => {
      this.#requirePlace();
    });
    this.portions = new Portions(() => this.#keeper.room());
    this.eraser = new Eraser(this.database, this.portions);
    this.eraser.wake();
  }

  /**
   * Why the file takes no changes: it was moved or deleted while it was open. null when all is
   * well.
   */
  trouble(): LabError | null {
    const { file, id } = this.#opened;
    const where = whereaboutsOf(file, id);
    return where === THERE ? null : lostFile(file, id, where);
  }

  onTrouble(listener: (trouble: LabError) => void): void {
    this.#listeners.add(listener);
  }

  close(): void {
    const { database, file, holding, lock } = this.#opened;
    try {
      this.eraser.close();
      holding.release();
      this.#keeper.stop();
      const lost = this.trouble() !== null;
      if (lost) emptyLog(database);
      database.close();
      if (lost) removeLog(file);
    } finally {
      lock.release();
    }
  }

  /**
   * The keeper has looked a moment ago: one more look only when it has missed the file, or has
   * ended.
   */
  #requirePlace(): void {
    if (this.#keeper.whereabouts() === THERE) return;
    const trouble = this.trouble();
    if (!trouble) return;
    emptyLog(this.#opened.database);
    throw trouble;
  }

  #tell(): void {
    const trouble = this.trouble();
    if (!trouble) return;
    // A file under a new name does not find its log: all that is in it goes into the file.
    emptyLog(this.#opened.database);
    for (const listener of this.#listeners) listener(trouble);
  }
}

/** A connection that asks before every change. */
function guarded(database: Sqlite, requirePlace: () => void): Sqlite {
  return {
    ...database,
    run(sql, ...values) {
      requirePlace();
      return database.run(sql, ...values);
    },
    execute(sql) {
      requirePlace();
      database.execute(sql);
    },
    transaction(work) {
      requirePlace();
      return database.transaction(work);
    },
  };
}

/**
 * SQLite leaves the log of a file that has moved: without this, the file would lack what is in it.
 */
function emptyLog(database: Sqlite): void {
  try {
    database.all('PRAGMA wal_checkpoint(TRUNCATE)');
  } catch (error) {
    // No space or busy: the keeper has copied all but the last moments.
    if (!(error instanceof LabError)) throw error;
  }
}

/** A log without its file must not be taken for that of the next file of this name. */
function removeLog(file: string): void {
  if (existsSync(file)) return;
  for (const end of ['-wal', '-shm']) rmSync(`${file}${end}`, { force: true });
}
