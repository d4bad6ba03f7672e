import Database from 'better-sqlite3';
import { LabError } from '../base/errors.ts';

export type Value = string | number | Uint8Array | null;

/**
 * One connection to a SQLite file. Only this module and the checkpointer's thread know
 * better-sqlite3; expected failures (no space, damaged, read-only, busy) come out as LabErrors,
 * statements are prepared once.
 */
export interface Sqlite {
  /** Changes rows; gives how many, and the id of the last one inserted. */
  run(sql: string, ...values: Value[]): { changes: number; id: number };
  get<Row>(sql: string, ...values: Value[]): Row | undefined;
  all<Row>(sql: string, ...values: Value[]): Row[];
  iterate<Row>(sql: string, ...values: Value[]): IterableIterator<Row>;
  /** First column of the first row. */
  value<T>(sql: string, ...values: Value[]): T | undefined;
  /** Several statements without values. */
  execute(sql: string): void;
  /**
   * All or nothing; a transaction inside joins the outermost. `onUndo` listeners run after an undo.
   */
  transaction<T>(work: () => T): T;
  onUndo(listener: () => void): void;
  /** Copies everything into an empty file; blocks this thread as long as it takes. */
  backup(file: string): Promise<void>;
  /** Idempotent. Every later call throws LabError `lab.closed`. */
  close(): void;
}

/** Opens a file, which is created unless it is opened read-only. Throws LabErrors `store.*`. */
export function openSqlite(
  file: string,
  options: { readOnly?: boolean; busySeconds?: number } = {},
): Sqlite {
  const explained = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw explain(error, file);
    }
  };
  const database = explained(
    () =>
      new Database(file, {
        readonly: options.readOnly ?? false,
        timeout: (options.busySeconds ?? 5) * 1000,
      }),
  );
  // A file may come from an untrusted source: its schema calls no function that does more than
  // compute, and its pages are checked.
  for (const pragma of ['trusted_schema = OFF', 'cell_size_check = ON']) database.pragma(pragma);
  const statements = new Map<string, Database.Statement<Value[]>>();
  const undoListeners: (() => void)[] = [];
  const statement = (sql: string): Database.Statement<Value[]> => {
    const known = statements.get(sql);
    if (known) return known;
    const prepared = database.prepare<Value[]>(sql);
    statements.set(sql, prepared);
    return prepared;
  };

  return {
    run(sql, ...values) {
      return explained(() => {
        const { changes, lastInsertRowid } = statement(sql).run(...values);
        return { changes, id: Number(lastInsertRowid) };
      });
    },
    get: <Row>(sql: string, ...values: Value[]) =>
      explained(() => statement(sql).get(...values) as Row | undefined),
    all: <Row>(sql: string, ...values: Value[]) =>
      explained(() => statement(sql).all(...values) as Row[]),
    iterate: <Row>(sql: string, ...values: Value[]) =>
      explained(() => statement(sql).iterate(...values) as IterableIterator<Row>),
    value<T>(sql: string, ...values: Value[]) {
      const row = explained(() => statement(sql).get(...values) as Record<string, T> | undefined);
      return row && Object.values(row)[0];
    },
    execute: (sql) => explained(() => void database.exec(sql)),
    transaction(work) {
      if (database.inTransaction) return work();
      explained(() => statement('BEGIN IMMEDIATE').run());
      try {
        const result = work();
        explained(() => statement('COMMIT').run());
        return result;
      } catch (error) {
        // A full disk or a damaged file has made SQLite undo everything already.
        if (database.inTransaction) statement('ROLLBACK').run();
        for (const listener of undoListeners) listener();
        throw error;
      }
    },
    onUndo: (listener) => void undoListeners.push(listener),
    async backup(target) {
      try {
        // In one step: between steps another connection could change the file, and all would begin
        // again.
        await database.backup(target, { progress: () => ALL_PAGES });
      } catch (error) {
        throw explain(error, target);
      }
    },
    close: () => void database.close(),
  };
}

/** As many pages as SQLite can count. */
const ALL_PAGES = 2 ** 31 - 1;

/** True for an error that says that another connection holds the lock. */
export const isBusy = (error: unknown): boolean =>
  error instanceof LabError && error.code === 'store.busy';

const explanations = [
  [/^SQLITE_FULL/, 'store.disk-full'],
  [/^SQLITE_NOTADB/, 'store.foreign-file/no-database'],
  [/^SQLITE_CORRUPT/, 'store.damaged/file'],
  [/^SQLITE_READONLY/, 'store.read-only'],
  [/^SQLITE_(BUSY|LOCKED)/, 'store.busy'],
  [/^SQLITE_CANTOPEN/, 'store.cannot-open/refused'],
  [/^SQLITE_(IOERR|PERM)/, 'store.disk-failure'],
] as const;

function explain(error: unknown, file: string): unknown {
  if (error instanceof TypeError && error.message.includes('directory does not exist')) {
    return new LabError('store.cannot-open/no-folder', { file }, { cause: error });
  }
  if (error instanceof TypeError && error.message === 'The database connection is not open')
    return new LabError('lab.closed', { cause: error });
  if (!(error instanceof Database.SqliteError)) return error;
  const known = explanations.find(([pattern]) => pattern.test(error.code));
  if (!known) return error;
  const [, key] = known;
  return new LabError(key, { file, reason: error.message }, { cause: error });
}
