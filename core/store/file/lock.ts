import { randomUUID } from 'node:crypto';
import { chmodSync } from 'node:fs';
import * as v from 'valibot';
import { LabError } from '../../base/errors.ts';
import { lineSchema } from '../../study/fields.ts';
import type { Holder } from '../store.ts';
import { isBusy, openSqlite } from '../sqlite.ts';
import type { Sqlite } from '../sqlite.ts';
import { makePrivateFile } from './new-file.ts';
import { type FileId, isSameFile } from './whereabouts.ts';
import { isLiving, ownMark } from './process.ts';
import { parsedJson } from './rows.ts';

/** The right to write to a lab file. */
export interface WriteLock {
  release(): void;
}

/**
 * Takes the right to write, or gives null when another process (or another store in this one) has
 * it. It is a lock of the operating system on `<file>.lock`, held by an open transaction of an
 * empty SQLite file: it ends with its process, however that ends. The empty file stays, since
 * removing it could give two processes the right at once.
 */
export function takeWriteLock(file: string): WriteLock | null {
  makePrivate(`${file}.lock`);
  const lock: Sqlite = openSqlite(`${file}.lock`, { busySeconds: 0 });
  try {
    lock.execute('PRAGMA journal_mode = MEMORY');
    lock.execute('BEGIN IMMEDIATE');
    return { release: () => lock.close() };
  } catch (error) {
    lock.close();
    if (isBusy(error)) return null;
    throw error;
  }
}

/** A user who may read a file may also lock it for reading, which would block every lab. */
function makePrivate(path: string): void {
  if (makePrivateFile(path)) return;
  try {
    chmodSync(path, 0o600);
  } catch {
    // Another user owns the file and shares it.
  }
}

/** Setting of the lab file with the holder of the right to write. */
const HOLDER = 'holder';

/**
 * The holder's note. It lies in the file itself, so that it is found under every name of the file;
 * a copy of the file is known by its other number. Earlier versions noted only process, host and
 * time.
 */
const noteSchema = v.object({
  pid: v.pipe(v.number(), v.safeInteger()),
  host: lineSchema(300),
  since: v.pipe(v.number(), v.safeInteger()),
  started: v.optional(v.nullable(lineSchema(300)), null),
  device: v.optional(lineSchema(40), 'unknown'),
  inode: v.optional(lineSchema(40), 'unknown'),
  /** Tells the stores of one process apart. */
  holding: v.optional(lineSchema(40), ''),
  released: v.optional(v.boolean(), false),
});
type HolderNote = v.InferOutput<typeof noteSchema>;

/** Holdings of this process. */
const held = new Set<string>();

/** The note of a holder, and what takes it back when the file is let go of. */
export interface Holding {
  release(): void;
}

/** Notes in an opened file that this process writes to it from now on. */
export function noteHolder(database: Sqlite, id: FileId): Holding {
  const holding = randomUUID();
  const note: HolderNote = { ...ownMark(), since: Date.now(), ...id, holding, released: false };
  writeNote(database, note);
  held.add(holding);
  return {
    release() {
      try {
        writeNote(database, { ...note, released: true });
      } catch (error) {
        // A file that takes no changes keeps the note; it means nothing once this process has
        // ended.
        if (!(error instanceof LabError)) throw error;
      }
      held.delete(holding);
    },
  };
}

/**
 * The process that writes to an opened file now, by whatever name it has opened it; null for none.
 */
export function livingHolderOf(database: Sqlite, id: FileId): Holder | null {
  const note = noteIn(database);
  if (!note || note.released || !isSameFile(note, id)) return null;
  const lives = note.pid === process.pid ? held.has(note.holding) : isLiving(note);
  return lives ? shown(note) : null;
}

/** For the message to a second lab. */
export function holderOf(database: Sqlite): Holder {
  const note = noteIn(database);
  return note ? shown(note) : { pid: 0, host: 'unknown', since: 0 };
}

const shown = ({ pid, host, since }: Holder): Holder => ({ pid, host, since });

function writeNote(database: Sqlite, note: HolderNote): void {
  database.run('INSERT OR REPLACE INTO setting VALUES (?, ?)', HOLDER, JSON.stringify(note));
}

function noteIn(database: Sqlite): HolderNote | null {
  const text = database.value<string>('SELECT value FROM setting WHERE name = ?', HOLDER);
  const result = v.safeParse(noteSchema, text === undefined ? undefined : parsedJson(text));
  return result.success ? result.output : null;
}
