import { LabError } from '../../base/errors.ts';
import { openSqlite } from '../sqlite.ts';
import type { Sqlite } from '../sqlite.ts';
import { migrations } from './migrations.ts';

interface SchemaRow {
  type: string;
  name: string;
  tbl_name: string;
  sql: string | null;
}

/** SQLite's own tables of statistics, which `ANALYZE` adds to any file. */
const STATISTICS = /^sqlite_stat\d$/;

/**
 * Checks that a file holds exactly the tables and indices that the migrations make: a view in place
 * of a table or a trigger would run statements of an untrusted source. Reads nothing but the
 * schema.
 *
 * @throws LabError `store.foreign-schema`
 */
export function requireOwnSchema(database: Sqlite, file: string, version: number): void {
  const expected = schemaAt(version);
  const found = new Map(rowsOf(database).map((row) => [row.name, textOf(row)]));
  const other =
    [...found].find(([name, text]) => expected.get(name) !== text && !STATISTICS.test(name)) ??
    [...expected].find(([name]) => !found.has(name));
  if (other === undefined) return;
  const name = other[0].slice(0, 60);
  const what = !found.has(other[0])
    ? `"${name}" is missing`
    : expected.has(other[0])
      ? `"${name}" differs from the schema of this program`
      : `"${name}" is not part of a lab`;
  throw new LabError('store.foreign-schema', { file, what, version });
}

const known = new Map<number, ReadonlyMap<string, string>>();

/** Tables and indices of a schema by name, as the migrations up to it make them. */
function schemaAt(version: number): ReadonlyMap<string, string> {
  const before = known.get(version);
  if (before) return before;
  const database = openSqlite(':memory:');
  try {
    for (const step of migrations.slice(0, version)) database.execute(step);
    const made = new Map(rowsOf(database).map((row) => [row.name, textOf(row)]));
    known.set(version, made);
    return made;
  } finally {
    database.close();
  }
}

const rowsOf = (database: Sqlite): SchemaRow[] =>
  database.all<SchemaRow>('SELECT type, name, tbl_name, sql FROM sqlite_schema');

const textOf = ({ type, tbl_name, sql }: SchemaRow): string =>
  JSON.stringify([type, tbl_name, sql]);
