import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { LabError } from '../../base/errors.ts';
import type { LabProblem } from '../../base/problem.ts';

/** Work on a complete file: a copy or a check. */
export interface BackgroundTask {
  file: string;
  copyTo: string | null;
}
export type BackgroundResult = { problems: string[] } | { refusal: LabProblem };

/** `checkLabFile` beside the work of this thread. */
export const checkInBackground = async (file: string): Promise<string[]> =>
  aside({ file, copyTo: null });

/**
 * Copies a lab file as it is at this moment, whole or not at all, beside the work of this thread.
 */
export async function copyInBackground(file: string, copyTo: string): Promise<void> {
  await aside({ file, copyTo });
}

async function aside(task: BackgroundTask): Promise<string[]> {
  const thread = new Worker(new URL('./background-thread.ts', import.meta.url), {
    workerData: task,
  });
  const [result] = (await once(thread, 'message')) as [BackgroundResult];
  if ('problems' in result) return result.problems;
  throw new LabError(result.refusal);
}
