import { LabError } from '../../../core/base/errors.ts';
import type { StudyPlan } from '../../../core/lab/api.ts';
import { freshSeed, quickLook, quickLookSizes } from '../../../core/study/presets.ts';
import { hrefOf } from '../../routes.ts';
import type { Lab } from '../../client/lab.svelte.ts';

/** Seconds that a quick look may take; a slower machine is offered a smaller one. */
const QUICK = 300;

/** Whether the slow engine trains: what is begun in a minute must then be smaller. */
export const isPortable = ({ engine }: Pick<Lab, 'engine'>): boolean => engine?.kind === 'portable';

/** A quick look and the seconds that it takes by a measurement; null without a free slot. */
export interface Offer {
  readonly plan: StudyPlan;
  readonly time: number | null;
}

type Asking = Pick<Lab, 'engine' | 'request'>;

/**
 * Measures some steps of the quick look's networks; no time while all slots train other runs.
 * Rejects with the other LabErrors of the probe.
 */
export async function measureQuickLook(lab: Asking, signal: AbortSignal): Promise<Offer> {
  const plan = quickLook(freshSeed(), isPortable(lab));
  try {
    const { expectedTime } = await lab.request('studies.probe', { plan }, signal);
    return { plan, time: expectedTime };
  } catch (thrown) {
    if (thrown instanceof LabError && thrown.code === 'search.no-free-slot')
      return { plan, time: null };
    throw thrown;
  }
}

export const isQuick = ({ time }: Offer): boolean => time === null || time <= QUICK;

/** The largest smaller quick look that is quick; the smallest when none is. */
export async function smallerQuickLook(
  lab: Asking,
  { plan: { seed, trials } }: Offer,
  signal: AbortSignal,
): Promise<Offer> {
  let offer: Offer | null = null;
  for (const size of quickLookSizes) {
    const plan = quickLook(seed, isPortable(lab), size);
    if (plan.trials >= trials) continue;
    const { expectedTime } = await lab.request('studies.preview', { plan }, signal);
    offer = { plan, time: expectedTime };
    if (isQuick(offer)) break;
  }
  return offer!;
}

/** Creates the quick look's study, starts it and goes there. */
export async function startQuickLook(lab: Lab, plan: StudyPlan): Promise<void> {
  const made = await lab.attempt(() =>
    lab.request('studies.create', { name: 'Quick look', plan, start: true }),
  );
  if (made) location.hash = hrefOf({ view: 'study', study: made.study.id, trial: null });
}
