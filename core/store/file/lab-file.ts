import { existsSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { LabError } from '../../base/errors.ts';
import type { Graph } from '../../graph/graph.ts';
import type { Environment } from '../../study/environment.ts';
import type { TrainingPlan } from '../../study/plan.ts';
import { Portions } from '../portions.ts';
import { openSqlite } from '../sqlite.ts';
import type { Sqlite } from '../sqlite.ts';
import type { Holder, Store } from '../store.ts';
import { checkAside, copyAside } from './aside.ts';
import { checkpointsIn } from './checkpoints.ts';
import { Eraser } from './eraser.ts';
import { checkFolder, realFile, requireReadable } from './folder.ts';
import { holderOf, noteHolder, takeWriteLock } from './lock.ts';
import { startLogKeeper } from './log-keeper.ts';
import { notesIn } from './notes.ts';
import { pretrainedIn } from './pretrained.ts';
import { reportsIn } from './reports.ts';
import { rerunsIn } from './reruns.ts';
import { runsIn } from './runs.ts';
import { migrate, migrations, schemaOf } from './schema.ts';
import { studiesIn } from './studies.ts';
import { Texts } from './texts.ts';

/** The log is cut to this length when it starts over. */
const LOG_BYTES = 64 << 20;

/**
 * Opens a lab file, which is created when it does not exist. One store writes to a file; the next ones, also those of
 * other processes, come out read-only and name the holder.
 *
 * @throws LabError `store.cannot-open`, `store.read-only-folder`, `store.network-folder`, `store.foreign-file`,
 *   `store.newer-schema`, `store.older-schema`, `store.empty`, `store.being-made`, `store.damaged`
 */
export function openLabFile(path: string, options: { readOnly?: boolean } = {}): Store {
  const file = realFile(path);
  if (options.readOnly) return openToRead(file, null);
  checkFolder(file);
  const lock = takeWriteLock(file);
  if (!lock) {
    if (isNew(file)) throw beingMade(file);
    return openToRead(file, 'held');
  }
  try {
    return openToWrite(file, () => {
      lock.release();
    });
  } catch (error) {
    lock.release();
    throw error;
  }
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

const beingMade = (file: string): LabError =>
  new LabError(
    'store.being-made',
    `${file}: another program is making this lab just now.`,
    'Try again in a moment.',
  );

function openToRead(file: string, held: 'held' | null): Store {
  if (!existsSync(file))
    throw new LabError('store.cannot-open', `${file}: there is no such file.`, 'Check the path.');
  const database = openSqlite(file, { readOnly: true });
  try {
    requireReadable(database, file);
    const schema = schemaOf(database, file);
    if (schema === 0)
      throw new LabError(
        'store.empty',
        `${file}: the file is empty, no lab yet.`,
        'Open another file, or let a search begin in this one: it becomes a lab then.',
      );
    if (schema < migrations.length)
      throw new LabError(
        'store.older-schema',
        `${file}: the file has schema ${schema}, this program reads schema ${migrations.length} and may not change the file now.`,
        'Close the other lab, then open the file for writing once.',
      );
    return storeOver(database, file, {
      heldBy: held && holderOf(database),
      readOnly: true,
      eraser: null,
      beforeClose: () => undefined,
      afterClose: () => undefined,
    });
  } catch (error) {
    database.close();
    throw error;
  }
}

function openToWrite(file: string, release: () => void): Store {
  const database = openSqlite(file);
  try {
    schemaOf(database, file);
    database.execute('PRAGMA auto_vacuum = INCREMENTAL'); // Takes effect only while the file is empty.
    database.execute('PRAGMA journal_mode = WAL');
    // A kill of the process loses nothing; a power cut may lose the last moments, never the file.
    database.execute('PRAGMA synchronous = NORMAL');
    database.execute(`PRAGMA journal_size_limit = ${LOG_BYTES}`);
    migrate(database, file);
    database.transaction(() => {
      database.run(`UPDATE checkpoint SET state = 'dropped' WHERE state = 'saving'`);
      database.run(`UPDATE study SET visible = 'aborted' WHERE visible = 'arriving'`);
      noteHolder(database, { pid: process.pid, host: hostname(), since: Date.now() });
    });
  } catch (error) {
    database.close();
    throw error;
  }

  database.execute('PRAGMA wal_autocheckpoint = 0');
  const keeper = startLogKeeper(file, () => {
    database.execute('PRAGMA wal_autocheckpoint = 1000');
  });
  const portions = new Portions(() => keeper.room());
  const eraser = new Eraser(database, portions);
  eraser.wake();
  return storeOver(
    database,
    file,
    {
      heldBy: null,
      readOnly: false,
      eraser,
      beforeClose: () => {
        eraser.close();
        keeper.stop();
      },
      afterClose: release,
    },
    portions,
  );
}

interface Opened {
  heldBy: Holder | null;
  readOnly: boolean;
  eraser: Eraser | null;
  beforeClose: () => void;
  afterClose: () => void;
}

function storeOver(
  database: Sqlite,
  file: string,
  { heldBy, readOnly, eraser, beforeClose, afterClose }: Opened,
  portions = new Portions(),
): Store {
  const graphs = new Texts<Graph>(database, 'graph');
  const trainings = new Texts<TrainingPlan>(database, 'training');
  const environments = new Texts<Environment>(database, 'environment');
  const erase = async (): Promise<void> => eraser?.erase();
  let closed = false;

  return {
    place: { file, heldBy, readOnly, schema: migrations.length },
    transaction: (work) => database.transaction(work),
    ...studiesIn(database, erase),
    ...runsIn(database, { graphs, trainings, environments }),
    ...reportsIn(database),
    ...checkpointsIn(database, portions, eraser),
    ...rerunsIn(database, trainings, erase),
    ...pretrainedIn(database, trainings, () => eraser?.wake()),
    ...notesIn(database, graphs),
    sizes() {
      const pageBytes = database.value<number>('PRAGMA page_size') ?? 0;
      return {
        total: sizeOf(file) + sizeOf(`${file}-wal`),
        checkpoints:
          database.value<number>(`SELECT coalesce(sum(bytes), 0) FROM checkpoint WHERE state = 'whole'`) ?? 0,
        free: (database.value<number>('PRAGMA freelist_count') ?? 0) * pageBytes,
      };
    },
    check: async () => checkAside(file),
    async backup(target) {
      if (existsSync(target))
        throw new LabError(
          'store.file-exists',
          `${target}: the file exists; a backup never overwrites one.`,
          'Choose another name.',
        );
      await copyAside(file, target);
    },
    async compact() {
      await eraser?.erase('nothing');
      database.all('PRAGMA wal_checkpoint(TRUNCATE)');
    },
    close() {
      if (closed) return;
      closed = true;
      try {
        beforeClose();
        database.close();
      } finally {
        afterClose();
      }
    },
  };
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
