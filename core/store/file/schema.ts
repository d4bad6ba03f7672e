import { LabError } from '../../base/errors.ts';
import type { Sqlite } from '../sqlite.ts';
import { migrations } from './migrations.ts';

/** "KTGL": marks a SQLite file as a lab. */
export const APPLICATION_ID = 0x4b54474c;

/**
 * Schema of an opened file; 0 when it is new and empty. Throws LabError `store.foreign-file` for
 * another program's database and `store.newer-schema` for a file of a later version of this
 * program.
 */
export function schemaOf(database: Sqlite, file: string, known = migrations.length): number {
  const version = database.value<number>('PRAGMA user_version') ?? 0;
  const application = database.value<number>('PRAGMA application_id') ?? 0;
  const tables = database.value<number>('SELECT count(*) FROM sqlite_schema') ?? 0;
  const isEmpty = application === 0 && version === 0 && tables === 0;
  if ((application !== APPLICATION_ID && !isEmpty) || version < 0) {
    throw new LabError('store.foreign-file', { file, application, tables });
  }
  if (version > known) {
    throw new LabError('store.newer-schema', { file, version, known });
  }
  return version;
}

/**
 * Brings a file to the newest schema in one transaction: other programs see the old schema or the
 * newest one, and a step that fails leaves the file as it was.
 *
 * @throws LabError `store.migration-failed` for a step that leaves broken references
 */
export function upgrade(database: Sqlite, file: string, steps = migrations): void {
  const before = schemaOf(database, file, steps.length);
  // A table that is replaced is referred to meanwhile: references are checked at the end of each
  // step instead.
  database.execute('PRAGMA foreign_keys = OFF');
  database.transaction(() => {
    for (const [at, step] of steps.slice(before).entries()) {
      database.execute(step);
      requireReferences(database, { file, next: before + at + 1, version: before });
    }
    database.execute(`PRAGMA user_version = ${steps.length}`);
    database.execute(`PRAGMA application_id = ${APPLICATION_ID}`);
  });
  database.execute('PRAGMA foreign_keys = ON');
}

/** Checks the references that a step to schema `next` leaves; the file stays at `version`. */
function requireReferences(
  database: Sqlite,
  { file, next, version }: { file: string; next: number; version: number },
): void {
  const broken = database.all<{ table: string }>('PRAGMA foreign_key_check');
  if (broken.length > 0)
    throw new LabError('store.migration-failed', {
      ...{ file, next, version },
      count: broken.length,
      table: broken[0]!.table,
    });
}
