import type { Store } from '../store/store.ts';
import type { StudyPlan } from '../study/plan.ts';
import type { Run } from '../study/run.ts';
import { sampleTrial } from './sampler.ts';
import type { Past } from './samplers/past.ts';

/**
 * Draws and records the next trial of a study, with what was rejected on the way; an equal graph becomes a duplicate.
 *
 * @param past trials that have ended, for a sampler that learns
 */
export function addTrial(
  store: Store,
  study: number,
  plan: StudyPlan,
  number: number,
  past: Past,
  at: number,
): Run {
  const { graph, key, seed, rejected, rejection } = sampleTrial(plan, number, past);
  return store.transaction(() => {
    for (const each of rejected) store.addRejection({ study, trial: number, ...each });
    const same =
      rejection === null && plan.duplicates === 'reuse' ? store.trialWithKey(study, key) : undefined;
    return store.addRun({
      kind: 'trial',
      study,
      rerun: null,
      number,
      variant: '',
      graph,
      key,
      seed,
      training: plan.training,
      createdAt: at,
      ...(rejection !== null && { state: 'rejected' as const, rejection }),
      ...(same && { state: 'duplicate' as const, duplicateOf: same.id }),
    });
  });
}
