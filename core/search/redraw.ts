import { isDeepStrictEqual } from 'node:util';
import { graphKey } from '../graph/canonical.ts';
import { Portions } from '../store/portions.ts';
import type { Store } from '../store/store.ts';
import type { StudyPlan } from '../study/plan.ts';
import type { Run } from '../study/run.ts';
import type { Rejection } from '../study/study.ts';
import { accuracyIn } from './in-order.ts';
import type { TrialRecords } from './knowledge.ts';
import { knowledgeAt } from './recall.ts';
import { DRAW_VERSION, sampleTrial } from './sampler.ts';
import { samplerOf } from './samplers/samplers.ts';
import { startingPointAt } from './starting-points.ts';

/**
 * What drawing a trial again says.
 *
 * - `same`: graph, seed and rejected draws are those of the record.
 * - `other`: something else comes out; the record or the plan was changed, or the draw was wrong.
 * - `no-record`: the trial does not say which results its draw knew, or how it was drawn.
 * - `newer-version`, `older-version`: another version of the lab drew it, in another way.
 */
export interface Redraw {
  trial: number;
  finding: 'same' | 'other' | 'no-record' | 'newer-version' | 'older-version';
  /** Canonical key of the graph on record. */
  key: string;
  /** The graph that comes out, where it is another one. */
  redrawn: string | null;
  /** What differs from the record. */
  differs: ('graph' | 'seed' | 'rejected draws' | 'starting point')[];
}

/** Draws every trial of a study again, from what its record says that was known at the draw. */
export async function redrawStudy(store: Store, study: number): Promise<Redraw[]> {
  const { plan } = store.study(study);
  const portions = new Portions();
  const ids = store.runIds({ study, kind: 'trial' });
  const trials = await portions.map(ids, (id) => store.run(id));
  const records: TrialRecords = {
    trials,
    decisions: Map.groupBy(store.decisions({ study }), ({ run }) => run),
    accuracyAt: remembered(store),
  };
  const rejections = Map.groupBy(store.rejections(study), ({ trial }) => trial);
  return portions.map(trials, (run) =>
    redraw(plan, records, run, rejections.get(run.number) ?? []),
  );
}

/** Each curve is read once: a thousand later draws ask for it. */
function remembered(store: Store): TrialRecords['accuracyAt'] {
  const known = new Map<number, number>();
  return (run, epoch) => {
    const value = known.get(run.id) ?? accuracyIn(store, run, epoch);
    known.set(run.id, value);
    return value;
  };
}

function redraw(
  plan: StudyPlan,
  records: TrialRecords,
  run: Run,
  rejections: readonly Rejection[],
): Redraw {
  const { number: trial, openTrials, drawVersion } = run;
  const key = graphKey(run.graph);
  const answer = (finding: Redraw['finding']): Redraw => ({
    trial,
    finding,
    key,
    redrawn: null,
    differs: [],
  });
  if (drawVersion !== null && drawVersion !== DRAW_VERSION)
    return answer(drawVersion > DRAW_VERSION ? 'newer-version' : 'older-version');
  const start = startingPointAt(plan, trial);
  const { learns } = samplerOf(plan.sampler);
  if (learns && !start && openTrials === null) return answer('no-record');
  const drawn =
    start ??
    sampleTrial(plan, trial, learns ? knowledgeAt(plan, records, trial, openTrials!) : undefined);
  const differs: Redraw['differs'] = [];
  if (drawn.key !== key) differs.push('graph');
  if (drawn.seed !== run.seed) differs.push('seed');
  if ((start?.origin ?? null) !== run.origin) differs.push('starting point');
  const rejected = rejections.map(({ draw, key: rejectedKey, reason }) => ({
    draw,
    key: rejectedKey,
    reason,
  }));
  if (!isDeepStrictEqual(drawn.rejected, rejected)) differs.push('rejected draws');
  if (differs.length === 0) return answer('same');
  // Without a version nobody knows whether the lab drew in this way then.
  if (drawVersion === null) return answer('no-record');
  return {
    ...answer('other'),
    redrawn: differs.includes('graph') ? drawn.key : null,
    differs,
  };
}
