import { parentPort, workerData } from 'node:worker_threads';
import { LabError, problemOf } from '../../base/errors.ts';
import { openSqlite } from '../sqlite.ts';
import type { BackgroundResult, BackgroundTask } from './background.ts';
import { checkLabFile } from './check.ts';
import { writeNewFile } from './new-file.ts';

/** Works on a whole file in a thread of its own, with a connection of its own. */
async function work({ file, copyTo }: BackgroundTask): Promise<BackgroundResult> {
  if (copyTo === null) return { problems: checkLabFile(file) };
  const database = openSqlite(file, { readOnly: true });
  try {
    await writeNewFile(copyTo, (part) => database.backup(part));
    return { problems: [] };
  } finally {
    database.close();
  }
}

parentPort!.postMessage(
  await work(workerData as BackgroundTask).catch((error: unknown): BackgroundResult => {
    if (!(error instanceof LabError)) throw error;
    return { refusal: problemOf(error) };
  }),
);
