import { randomUUID } from 'node:crypto';
import { readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { flushFile, flushFolder } from '../../base/flush.ts';
import { makeTemporary } from '../../base/temporary.ts';
import { openSqlite, type Sqlite } from '../sqlite.ts';
import { makePrivateFile } from './new-file.ts';
import { upgrade } from './schema.ts';

/**
 * Copies a file before its schema changes. The copy is readable by its user alone and gets its name
 * when it is whole and on the disk; parts that killed migrations left go.
 */
export function keepCopy(database: Sqlite, file: string, copy: string): void {
  const folder = dirname(file);
  const parts = `${basename(file)}.schema-`;
  for (const name of readdirSync(folder))
    if (name.startsWith(parts) && name.endsWith('.part')) rmSync(join(folder, name));
  const part = `${copy}.${randomUUID()}.part`;
  try {
    makePrivateFile(part);
    database.run('VACUUM INTO ?', part);
    flushFile(part);
    renameSync(part, copy);
    flushFolder(folder);
  } finally {
    rmSync(part, { force: true });
  }
}

/** A lab of an older schema, to be read. */
export interface OldCopy {
  /** Read-only, of the newest schema. */
  readonly database: Sqlite;
  /** Closes and removes the copy. */
  close(): void;
}

/**
 * Copies a lab of an older schema into a private folder and brings the copy to the newest schema:
 * the file itself stays as it is.
 *
 * @param database the file, opened to be read
 */
export function openOldCopy(database: Sqlite, file: string): OldCopy {
  const folder = makeTemporary('lab');
  const remove = (): void => {
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const copy = join(folder, 'lab.sqlite');
    makePrivateFile(copy);
    database.run('VACUUM INTO ?', copy);
    const written = openSqlite(copy);
    try {
      upgrade(written, file);
    } finally {
      written.close();
    }
    const opened = openSqlite(copy, { readOnly: true });
    return {
      database: opened,
      close() {
        opened.close();
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}
