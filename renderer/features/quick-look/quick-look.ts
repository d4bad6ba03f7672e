import { freshSeed, quickLook } from '../../../core/study/presets.ts';
import { hrefOf } from '../../routes.ts';
import type { Lab } from '../../client/lab.svelte.ts';

/** Whether the slow engine trains: what is begun in a minute must then be smaller. */
export const isPortable = ({ engine }: Pick<Lab, 'engine'>): boolean => engine?.kind === 'portable';

/** Creates the quick look's study, starts it and goes there. */
export async function startQuickLook(lab: Lab): Promise<void> {
  const plan = quickLook(freshSeed(), isPortable(lab));
  const made = await lab.attempt(() =>
    lab.request('studies.create', { name: 'Quick look', plan, start: true }),
  );
  if (made) location.hash = hrefOf({ view: 'study', study: made.study.id, trial: null });
}
