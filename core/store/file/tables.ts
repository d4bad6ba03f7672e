import { environmentSchema } from '../../study/environment.ts';
import { graphRecord } from '../../study/fields.ts';
import { trainingSchema } from '../../study/plan.ts';
import type { Portions } from '../portions.ts';
import type { Sqlite } from '../sqlite.ts';
import type {
  CheckpointStore,
  MachineStore,
  NoteStore,
  PretrainedStore,
  ReportStore,
  RerunStore,
  RunStore,
  Store,
  StoreSizes,
  StudyStore,
} from '../store.ts';
import { checkpointsIn } from './checkpoints.ts';
import type { Eraser } from './eraser.ts';
import { machinesIn } from './machines.ts';
import { notesIn } from './notes.ts';
import { pretrainedIn } from './pretrained.ts';
import { reportsIn } from './reports.ts';
import { rerunsIn } from './reruns.ts';
import { runsIn } from './runs.ts';
import { studiesIn } from './studies.ts';
import { Texts } from './texts.ts';

/** The records of a store, wherever its database is. */
type Tables = StudyStore &
  RunStore &
  ReportStore &
  CheckpointStore &
  RerunStore &
  PretrainedStore &
  MachineStore &
  NoteStore &
  Pick<Store, 'transaction'>;

/** @param eraser null for a database that is only read */
export function tablesIn(database: Sqlite, portions: Portions, eraser: Eraser | null): Tables {
  const graphs = new Texts(database, 'graph', graphRecord);
  const trainings = new Texts(database, 'training', trainingSchema);
  const environments = new Texts(database, 'environment', environmentSchema);
  const erase = async (): Promise<void> => eraser?.erase();
  return {
    transaction: (work) => database.transaction(work),
    ...studiesIn(database, erase),
    ...runsIn(database, { graphs, trainings, environments }),
    ...reportsIn(database),
    ...checkpointsIn(database, portions, eraser),
    ...rerunsIn(database, trainings, erase),
    ...pretrainedIn(database, trainings, () => eraser?.wake()),
    ...machinesIn(database),
    ...notesIn(database, graphs),
  };
}

/** Bytes inside a database; `pages` is all of it, used or not. */
export function sizesIn(
  database: Sqlite,
): Pick<StoreSizes, 'checkpoints' | 'free'> & { pages: number } {
  const pragma = (name: string): number => database.value<number>(`PRAGMA ${name}`) ?? 0;
  const checkpoints = database.value<number>(
    `SELECT coalesce(sum(bytes), 0) FROM checkpoint WHERE state = 'whole'`,
  );
  const pageBytes = pragma('page_size');
  return {
    checkpoints: checkpoints ?? 0,
    free: pragma('freelist_count') * pageBytes,
    pages: pragma('page_count') * pageBytes,
  };
}
