import type { Store } from '../store/store.ts';
import type { StudyPlan } from '../study/plan.ts';
import type { Run } from '../study/run.ts';
import type { Past } from './past.ts';
import { DRAW_VERSION, sampleTrial } from './sampler.ts';
import type { SampledTrial } from './sampler.ts';
import { samplerOf } from './samplers/samplers.ts';
import { startingPointAt } from './starting-points.ts';

/**
 * Records the next trial of a study: one of its starting points while there are any, then a drawn
 * graph, with what was rejected on the way. An equal graph becomes a duplicate.
 *
 * @param past trials of the study, for a sampler that learns: brought up to date here
 */
export function addTrial(
  store: Store,
  study: number,
  plan: StudyPlan,
  number: number,
  past: Past,
  at: number,
): Run {
  const { learns } = samplerOf(plan.sampler);
  const start = startingPointAt(plan, number);
  if (learns) past.update(store, study, plan.space);
  const openTrials = learns && !start ? past.open : null;
  const drawn: SampledTrial = start ?? sampleTrial(plan, number, learns ? past : undefined);
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
  if (learns) past.add(run, plan.space);
  past.isExhausted ||= drawn.isExhausted;
  return run;
}
