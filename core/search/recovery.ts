import type { Store } from '../store/store.ts';
import type { Attempt, Run } from '../study/run.ts';
import type { JobState } from '../study/study.ts';
import { complete } from './completion.ts';
import { ownerKey, ownerOf } from './owner.ts';
import { tidyAll } from './retention.ts';

export interface Recovered {
  /** Runs that continue from their last checkpoints, as they were. */
  interrupted: Run[];
  /** Runs that may still be worked on, on slots that outlive the lab. */
  staying: { run: Run; attempt: Attempt }[];
}

/**
 * Puts a store in order whose lab ended with runs on slots: the runs wait again and continue from
 * their last checkpoints. Runs that were to end are cancelled; runs with all epochs and final
 * weights are completed; runs on slots that outlive the lab stay as they are.
 */
export function recover(
  store: Store,
  outlives: (slot: string) => boolean = () => false,
): Recovered {
  const states = statesOfOwners(store);
  const stateOf = (run: Run): JobState | 'none' | undefined => {
    const owner = ownerOf(run);
    return owner ? states.get(ownerKey(owner)) : 'none';
  };
  const isToEnd = (run: Run): boolean => run.dismissed || stateOf(run) === 'stopped';
  // Runs of a study that is being removed or imported are not scheduled.
  const running = store.runs({ states: ['running'] }).filter((run) => stateOf(run) !== undefined);
  const staying: Recovered['staying'] = [];
  store.transaction(() => {
    for (const run of running) {
      const attempt = store.attempts({ run: run.id }).at(-1);
      if (!attempt) {
        store.changeRun(run.id, { state: 'waiting' });
        continue;
      }
      const at = lastSign(store, attempt);
      if (complete(store, run.id, attempt.number, at)) continue;
      const wasToEnd = isToEnd(run);
      if (!wasToEnd && attempt.endedAt === null && outlives(attempt.slot)) {
        staying.push({ run, attempt });
        continue;
      }
      store.changeRun(
        run.id,
        wasToEnd ? { state: 'cancelled', endedAt: at } : { state: 'waiting' },
      );
      if (attempt.endedAt === null)
        store.changeAttempt(run.id, attempt.number, {
          endedAt: at,
          outcome: wasToEnd ? 'cancelled' : 'interrupted',
        });
    }
  });
  tidyAll(store);
  const stays = new Set(staying.map(({ run }) => run.id));
  const interrupted = running.filter((run) => !isToEnd(run) && !stays.has(run.id));
  return { interrupted, staying };
}

const statesOfOwners = (store: Store): Map<string, JobState> =>
  new Map([
    ...store.studies().map(({ id, state }) => [ownerKey({ study: id }), state] as const),
    ...store.reruns().map(({ id, state }) => [ownerKey({ rerun: id }), state] as const),
  ]);

/** The end of an interrupted attempt: its start plus its epochs, since the lab may be days late. */
export function lastSign(store: Store, { run, fromEpoch, startedAt }: Attempt): number {
  const seconds = store.epochs(run, fromEpoch).reduce((sum, epoch) => sum + epoch.seconds, 0);
  return Math.round(startedAt + seconds * 1000);
}
