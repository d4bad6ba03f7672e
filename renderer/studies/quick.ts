import { freshSeed, quickLook } from '../../core/lab/api.ts';
import { hrefOf } from '../frame/route.ts';
import type { Lab } from '../lab/lab.svelte.ts';

/** Creates the quick look's study, starts it and goes there. */
export async function startQuickLook(lab: Lab): Promise<void> {
  const made = await lab.attempt(() =>
    lab.request('studies.create', { name: 'Quick look', plan: quickLook(freshSeed()), start: true }),
  );
  if (made) location.hash = hrefOf({ view: 'study', study: made.study.id, run: null });
}
