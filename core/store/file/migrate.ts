import { existsSync } from 'node:fs';
import type { Sqlite } from '../sqlite.ts';
import { migrations } from './migrations.ts';
import { keepCopy } from './old-copy.ts';
import { schemaOf, upgrade } from './schema.ts';

/**
 * Brings a file to the newest schema. A file that holds something is copied first to
 * `<file>.schema-<n>.backup`, which is never overwritten. Its writer holds the lock.
 *
 * @returns path of the copy, or null when none was needed
 * @throws LabError `store.migration-failed`
 */
export function migrate(database: Sqlite, file: string, steps = migrations): string | null {
  const before = schemaOf(database, file, steps.length);
  if (before === steps.length) return null;
  let copy: string | null = null;
  if (before > 0) {
    copy = `${file}.schema-${before}.backup`;
    for (let n = 2; existsSync(copy); n++) copy = `${file}.schema-${before}.backup-${n}`;
    keepCopy(database, file, copy);
  }
  upgrade(database, file, steps);
  return copy;
}
