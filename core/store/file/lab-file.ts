import { existsSync, statSync } from 'node:fs';
import { Portions } from '../portions.ts';
import { openSqlite } from '../sqlite.ts';
import type { Sqlite } from '../sqlite.ts';
import type { Holder, Store } from '../store.ts';
import { checkInBackground, copyInBackground } from './background.ts';
import { checkFolder, realFile, requireReadable } from './folder.ts';
import {
  beingMade,
  emptyFile,
  largeOldFile,
  missingFile,
  olderSchema,
} from './lab-file-refusals.ts';
import { holderOf, livingHolderOf, noteHolder, takeWriteLock } from './lock.ts';
import type { Holding, WriteLock } from './lock.ts';
import { fileExists, makePrivateFile, writeNewFile } from './new-file.ts';
import { type FileId, fileIdOf } from './whereabouts.ts';
import { requireOwnSchema } from './schema-check.ts';
import { migrate } from './migrate.ts';
import { migrations } from './migrations.ts';
import { openOldCopy } from './old-copy.ts';
import { schemaOf } from './schema.ts';
import { sizesIn, tablesIn } from './tables.ts';
import { Writer } from './writer.ts';

/** The log is cut to this length when it starts over. */
const LOG_BYTES = 64 << 20;
/** Bytes of a lab of an older schema that is copied to be read; a larger one is migrated first. */
const MAX_COPY = 1 << 30;

/**
 * Opens a lab file, which is created when it does not exist. One store writes to a file; the next
 * ones, also those of other processes, come out read-only and name the holder. Reading changes
 * nothing: a lab of an older schema is read from a copy.
 *
 * @throws LabError `store.cannot-open`, `store.read-only-folder`, `store.network-folder`,
 * `store.foreign-file`, `store.newer-schema`, `store.older-schema`, `store.empty`,
 * `store.being-made`, `store.damaged`
 */
export function openLabFile(path: string, options: { readOnly?: boolean } = {}): Store {
  const file = realFile(path);
  if (options.readOnly) return openToRead(file, null);
  checkFolder(file);
  // A file that is not a lab is refused before a lock is made beside it.
  const database = existsSync(file) ? openKnown(file) : null;
  let lock: WriteLock | null = null;
  try {
    lock = takeWriteLock(file);
    if (lock) return openToWrite(database ?? openNew(file), file, lock);
    database?.close();
    if (isNew(file)) throw beingMade(file);
    return openToRead(file, 'held');
  } catch (error) {
    database?.close();
    lock?.release();
    throw error;
  }
}

/** Opens a file that is a lab, or is to become one. */
function openKnown(file: string): Sqlite {
  const database = openSqlite(file);
  try {
    schemaOf(database, file);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function openNew(file: string): Sqlite {
  makePrivateFile(file);
  return openSqlite(file);
}

/** True for a file whose first writer has not written its schema yet. */
function isNew(file: string): boolean {
  if (!existsSync(file)) return true;
  const database = openSqlite(file, { readOnly: true });
  try {
    return schemaOf(database, file) === 0;
  } finally {
    database.close();
  }
}

function openToRead(file: string, held: 'held' | null): Store {
  if (!existsSync(file)) throw missingFile(file);
  const database = openSqlite(file, { readOnly: true });
  try {
    requireReadable(database, file);
    const schema = schemaOf(database, file);
    if (schema === 0) throw emptyFile(file);
    requireOwnSchema(database, file, schema);
    if (schema < migrations.length) return openOld(database, file, held);
    const heldBy = held && holderOf(database);
    return storeOver(database, file, { heldBy });
  } catch (error) {
    database.close();
    throw error;
  }
}

/** @throws LabError `store.older-schema` while another program writes, or for a very large file */
function openOld(database: Sqlite, file: string, held: 'held' | null): Store {
  const schema = schemaOf(database, file);
  if (held) throw olderSchema(file, schema);
  if (sizeOf(file) > MAX_COPY) throw largeOldFile(file, schema);
  const copy = openOldCopy(database, file);
  database.close();
  const close = (): void => {
    copy.close();
  };
  return storeOver(copy.database, file, { heldBy: null, close });
}

/** Reads only, when a living process writes to the same file under another name. */
function openToWrite(database: Sqlite, file: string, lock: WriteLock): Store {
  let holding: Holding;
  let id: FileId;
  try {
    const schema = schemaOf(database, file);
    requireOwnSchema(database, file, schema);
    id = fileIdOf(file)!;
    if (schema > 0 && livingHolderOf(database, id)) {
      database.close();
      const store = openToRead(file, 'held');
      lock.release();
      return store;
    }
    holding = prepareToWrite(database, file, id);
  } catch (error) {
    database.close();
    throw error;
  }
  return storeOver(database, file, { writer: new Writer({ database, file, id, holding, lock }) });
}

/** Brings an opened file up to date and notes its holder in it. */
function prepareToWrite(database: Sqlite, file: string, id: FileId): Holding {
  // Takes effect only while the file is empty.
  database.execute('PRAGMA auto_vacuum = INCREMENTAL');
  database.execute('PRAGMA journal_mode = WAL');
  // A kill of the process loses nothing; a power cut may lose the last moments, never the file.
  database.execute('PRAGMA synchronous = NORMAL');
  database.execute(`PRAGMA journal_size_limit = ${LOG_BYTES}`);
  migrate(database, file);
  const holding = database.transaction(() => {
    database.run(`UPDATE checkpoint SET state = 'dropped' WHERE state = 'saving'`);
    database.run(`UPDATE study SET visible = 'aborted' WHERE visible = 'arriving'`);
    return noteHolder(database, id);
  });
  // The log goes by the file's name: the holder's note must be in the file itself from the
  // beginning.
  database.all('PRAGMA wal_checkpoint(PASSIVE)');
  database.execute('PRAGMA wal_autocheckpoint = 0');
  return holding;
}

/** A store either writes, or reads, maybe beside a holder. */
type Rights =
  | { writer: Writer; heldBy?: never; close?: never }
  | { writer?: never; heldBy: Holder | null; close?: () => void };

function storeOver(opened: Sqlite, file: string, { writer, heldBy = null, close }: Rights): Store {
  const { database = opened, portions = new Portions(), eraser = null } = writer ?? {};
  let closed = false;

  return {
    ...tablesIn(database, portions, eraser),
    place: { file, heldBy, readOnly: !writer, schema: migrations.length },
    trouble: () => writer?.trouble() ?? null,
    onTrouble: (listener) => writer?.onTrouble(listener),
    sizes() {
      const { checkpoints, free } = sizesIn(database);
      return { total: sizeOf(file) + sizeOf(`${file}-wal`), checkpoints, free };
    },
    check: async () => checkInBackground(file),
    async backup(target) {
      if (existsSync(target)) throw fileExists(target);
      // A file that is not where it was can be reached only through this connection.
      if (writer?.trouble()) await writeNewFile(target, (part) => opened.backup(part));
      else await copyInBackground(file, target);
    },
    async compact() {
      await eraser?.erase('nothing');
      database.all('PRAGMA wal_checkpoint(TRUNCATE)');
    },
    close() {
      if (closed) return;
      closed = true;
      if (writer) writer.close();
      else if (close) close();
      else database.close();
    },
  };
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
