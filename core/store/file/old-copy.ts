import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Sqlite } from '../sqlite.ts';
import { makePrivateFile } from './new-file.ts';

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
    flush(part, 'r+');
    renameSync(part, copy);
    if (process.platform !== 'win32') flush(folder, 'r'); // Windows opens no folder
  } finally {
    rmSync(part, { force: true });
  }
}

function flush(path: string, flags: 'r' | 'r+'): void {
  const opened = openSync(path, flags);
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}
