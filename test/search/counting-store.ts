import { Eraser } from '../../core/store/file/eraser.ts';
import { migrate } from '../../core/store/file/migrate.ts';
import { tablesIn } from '../../core/store/file/tables.ts';
import { openMemoryStore } from '../../core/store/memory.ts';
import { Portions } from '../../core/store/portions.ts';
import { type Sqlite, openSqlite } from '../../core/store/sqlite.ts';
import type { Store } from '../../core/store/store.ts';

/** A store in memory that notes its statements as `SELECT run`, `UPDATE attempt`. */
export function countingStore(): { store: Store; statements: string[] } {
  const database = openSqlite(':memory:');
  migrate(database, ':memory:');
  const statements: string[] = [];
  const noting =
    <Input extends [string, ...unknown[]], Output>(call: (...input: Input) => Output) =>
    (...input: Input): Output => {
      statements.push(nameOf(input[0]));
      return call(...input);
    };
  const counted = {
    ...database,
    run: noting(database.run.bind(database)),
    get: noting(database.get.bind(database)),
    all: noting(database.all.bind(database)),
    iterate: noting(database.iterate.bind(database)),
    value: noting(database.value.bind(database)),
  } as Sqlite;
  const portions = new Portions();
  const store = {
    ...openMemoryStore(),
    ...tablesIn(counted, portions, new Eraser(counted, portions)),
  };
  return { store, statements };
}

const TABLE = /(?:FROM|INTO|UPDATE) (\w+)/;

const nameOf = (sql: string): string =>
  `${sql.trim().split(/\s/, 1)[0]!} ${TABLE.exec(sql)?.[1] ?? ''}`.trim();
