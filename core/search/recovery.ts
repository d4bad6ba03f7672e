import type { Store } from '../store/store.ts';
import type { Attempt, Run } from '../study/run.ts';
import { complete } from './completion.ts';
import { tidyAll } from './retention.ts';

/**
 * Puts a store in order whose lab ended with runs on slots: they wait again and go on from their last checkpoints, those
 * that lacked only the word are completed. Gives the runs that were interrupted, as they were.
 */
export function recover(store: Store): Run[] {
  const interrupted = store.runs({ states: ['running'] });
  store.transaction(() => {
    for (const run of interrupted) {
      const attempt = store.attempts({ run: run.id }).at(-1);
      if (!attempt) {
        store.changeRun(run.id, { state: 'waiting' });
        continue;
      }
      const at = lastSign(store, attempt);
      if (complete(store, run.id, attempt.number, at)) continue;
      store.changeRun(run.id, { state: 'waiting' });
      if (attempt.endedAt === null)
        store.changeAttempt(run.id, attempt.number, { endedAt: at, outcome: 'interrupted' });
    }
  });
  tidyAll(store);
  return interrupted;
}

/** The lab may have been away for days: an attempt is known to have lasted as long as the epochs that it reported. */
function lastSign(store: Store, { run, fromEpoch, startedAt }: Attempt): number {
  const seconds = store.epochs(run, fromEpoch).reduce((sum, epoch) => sum + epoch.seconds, 0);
  return Math.round(startedAt + seconds * 1000);
}
