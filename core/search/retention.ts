import { unlessDamaged } from '../store/refusals.ts';
import type { Store } from '../store/store.ts';
import { hasEnded } from '../study/moves.ts';
import type { Run } from '../study/run.ts';

/**
 * Kept: the last checkpoint of a run that may continue, the final weights of completed and of
 * pinned ones.
 */
export const keepsCheckpoint = ({ state, pinned }: Pick<Run, 'state' | 'pinned'>): boolean =>
  !hasEnded(state) || state === 'completed' || pinned;

/** Drops a run's checkpoint when it need not be kept. */
export function tidy(store: Store, run: Run): void {
  if (keepsCheckpoint(run)) return;
  const checkpoint = store.checkpointOf(run.id);
  if (checkpoint) store.dropCheckpoint(checkpoint.id);
}

/** Cancels a run that is not on a slot. */
export function cancelWaiting(store: Store, run: Run, at: number): void {
  store.changeRun(run.id, { state: 'cancelled', endedAt: at });
  tidy(store, store.run(run.id));
}

/** Drops all checkpoints that need not be kept, as a crash between two steps leaves them. */
export function tidyAll(store: Store): void {
  const taught = new Set(store.allPretrained().map((network) => network.checkpoint));
  for (const { id, run } of store.checkpoints()) {
    const owner = run === null ? undefined : unlessDamaged(() => store.run(run));
    if (owner) tidy(store, owner);
    else if (run === null && !taught.has(id)) store.dropCheckpoint(id);
  }
}
