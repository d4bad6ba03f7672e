import type { LabApi, TrialRow } from '../lab/api.ts';
import { hasEnded } from '../study/moves.ts';
import type { Watched } from './watched.ts';

/**
 * Returns the runs of a watched study or re-run, and pretrainings, that ended since this program
 * began; it may have missed their events.
 */
export async function endedMeanwhile(api: LabApi, what: Watched): Promise<TrialRow[]> {
  const runs = [...(await pretrainings(api)), ...(await runsOf(api, what))];
  return runs.filter(
    ({ state, endedAt, createdAt }) =>
      hasEnded(state) && (endedAt ?? createdAt) >= performance.timeOrigin,
  );
}

async function runsOf(api: LabApi, what: Watched): Promise<TrialRow[]> {
  if ('study' in what) return (await api.request('trials.query', what)).rows;
  return (await api.request('reruns.open', what)).variants.flatMap(({ runs }) => runs);
}

async function pretrainings(api: LabApi): Promise<TrialRow[]> {
  const rows: TrialRow[] = [];
  for (const { run, state } of await api.request('pretrained.list', {}))
    if (run !== null && state !== 'imported' && hasEnded(state)) rows.push(await rowOf(api, run));
  return rows;
}

/** Returns a run in the form of events. */
async function rowOf(api: LabApi, run: number): Promise<TrialRow> {
  const view = await api.request('runs.open', { run });
  const { training: _training, rungs: _rungs, before: _before, after: _after, ...rest } = view;
  const { decisions: _decisions, attemptList: _attempts, checkpoint: _checkpoint, ...more } = rest;
  const { slot: _slot, epochList: _epochs, ...row } = more;
  return row;
}
