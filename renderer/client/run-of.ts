/** The lab's id of a run that an address names. */
import { LabError } from '../../core/base/errors.ts';
import type { RunName } from '../run-name.ts';
import type { Lab } from './lab.svelte.ts';

/** Throws LabError `app.no-run` where the lab has no such run. */
export async function runOf(
  lab: Pick<Lab, 'request' | 'pretrained'>,
  name: RunName,
): Promise<number> {
  if ('id' in name) return name.id;
  if ('trial' in name) {
    const sort = { by: 'number', descending: false } as const;
    const { study, trial } = name; // trials are numbered without gaps
    const { rows } = await lab.request('trials.query', { study, sort, offset: trial, limit: 1 });
    if (rows[0]?.number === trial) return rows[0].run;
    throw new LabError('app.no-run/trial', { study, trial });
  }
  if ('pretrained' in name) {
    const made = lab.pretrained.find(({ id }) => id === name.pretrained);
    if (made?.run != null) return made.run;
    throw new LabError('app.no-run/pretrained', { id: name.pretrained });
  }
  const { variants } = await lab.request('reruns.open', { rerun: name.rerun });
  const runs = variants.find((variant) => variant.name === name.variant)?.runs ?? [];
  const found = runs.find(({ number }) => number + 1 === name.seed);
  if (found) return found.run;
  throw new LabError('app.no-run/seed', { rerun: name.rerun });
}
