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
    throw missing(
      `Study ${study} has no trial ${trial}.`,
      'Its table of trials shows the numbers.',
    );
  }
  if ('pretrained' in name) {
    const made = lab.pretrained.find(({ id }) => id === name.pretrained);
    if (made?.run != null) return made.run;
    throw missing(`There is no training of a pretrained network ${name.pretrained}.`, 'Open Data.');
  }
  const { variants } = await lab.request('reruns.open', { rerun: name.rerun });
  const runs = variants.find((variant) => variant.name === name.variant)?.runs ?? [];
  const found = runs.find(({ number }) => number + 1 === name.seed);
  if (found) return found.run;
  throw missing(`Re-run ${name.rerun} has no such seed.`, 'Its table shows the seeds.');
}

const missing = (message: string, next: string): LabError =>
  new LabError('app.no-run', message, next);
