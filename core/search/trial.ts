import type { Store } from '../store/store.ts';
import type { StudyPlan } from '../study/plan.ts';
import type { Run } from '../study/run.ts';
import type { LiveKnowledge } from './knowledge.ts';
import { DRAW_VERSION, sampleTrial } from './sampler.ts';
import type { SampledTrial } from './sampler.ts';
import { startingPointAt } from './starting-points.ts';

/**
 * Whether the next trial can be drawn: a study in order waits for results. A starting point needs
 * none.
 */
export const mayDraw = (plan: StudyPlan, number: number, past: LiveKnowledge | null): boolean =>
  past === null || past.isReady || startingPointAt(plan, number) !== null;

/**
 * Records the next trial of a study: one of its starting points while there are any, then a drawn
 * graph, with what was rejected on the way. An equal graph becomes a duplicate.
 *
 * @param past trials of the study as they are now; null for a sampler that does not learn
 */
export function addTrial(
  store: Store,
  study: number,
  plan: StudyPlan,
  number: number,
  past: LiveKnowledge | null,
  at: number,
): Run {
  const start = startingPointAt(plan, number);
  const openTrials = past && !start ? past.open : null;
  const drawn: SampledTrial = start ?? sampleTrial(plan, number, past ?? undefined);
  const { graph, key, seed, rejected, rejection } = drawn;
  const run = store.transaction(() => {
    for (const each of rejected) store.addRejection({ study, trial: number, ...each });
    const same =
      rejection === null && plan.duplicates === 'reuse'
        ? store.trialWithKey(study, key)
        : undefined;
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
      openTrials,
      drawVersion: DRAW_VERSION,
      origin: start?.origin ?? null,
      createdAt: at,
      ...(rejection !== null && { state: 'rejected' as const, rejection }),
      ...(same && { state: 'duplicate' as const, duplicateOf: same.id }),
    });
  });
  past?.add(run);
  return run;
}
