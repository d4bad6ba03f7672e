import type { Store } from '../store/store.ts';

/**
 * Completes a run whose epochs are all reported and whose final weights are stored; a pretrained
 * network gets its weights. Gives false, and changes nothing, when one of them is missing.
 */
export function complete(store: Store, id: number, attempt: number, at: number): boolean {
  return store.transaction(() => {
    const run = store.run(id);
    const weights = store.checkpointOf(id);
    if (run.epoch !== run.training.epochs || weights?.purpose !== 'final') return false;
    store.changeAttempt(id, attempt, { endedAt: at, outcome: 'completed' });
    for (const pretrained of store.allPretrained().filter((each) => each.run === id))
      store.changePretrained(pretrained.id, { checkpoint: weights.id, accuracy: run.accuracy });
    // An audit stays stopped: its result must not count for the best.
    store.changeRun(id, { state: run.audit === null ? 'completed' : 'stopped', endedAt: at });
    return true;
  });
}
