import { LabError } from '../base/errors.ts';
import { problemsIn } from './file/check.ts';
import { Eraser } from './file/eraser.ts';
import { migrations } from './file/migrations.ts';
import { migrate } from './file/migrate.ts';
import { sizesIn, tablesIn } from './file/tables.ts';
import { Portions } from './portions.ts';
import { openSqlite } from './sqlite.ts';
import type { Store } from './store.ts';

/** SQLite's name for a database without a file. */
const MEMORY = ':memory:';

/** A store that ends with its process: for tests and for looking around without leaving a file. */
export function openMemoryStore(): Store {
  const database = openSqlite(MEMORY);
  database.execute('PRAGMA auto_vacuum = INCREMENTAL');
  migrate(database, MEMORY);
  const portions = new Portions();
  const eraser = new Eraser(database, portions);
  return {
    ...tablesIn(database, portions, eraser),
    place: { file: null, heldBy: null, readOnly: false, schema: migrations.length },
    trouble: () => null,
    onTrouble: () => undefined,
    sizes() {
      const { checkpoints, free, pages } = sizesIn(database);
      return { total: pages, checkpoints, free };
    },
    check: () => Promise.resolve(problemsIn(database)),
    backup: () => Promise.reject(new LabError('store.no-file')),
    compact: () => eraser.erase('nothing'),
    close() {
      eraser.close();
      database.close();
    },
  };
}
