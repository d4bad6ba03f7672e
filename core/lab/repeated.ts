import { minimalDifference } from '../analysis/power.ts';
import { LabError } from '../base/errors.ts';
import type { Graph } from '../graph/graph.ts';
import type { RerunWish } from '../search/repeat.ts';
import { expectedTime } from '../search/speed.ts';
import { spreadOf } from '../search/spread.ts';
import type { Store } from '../store/store.ts';
import { type TrainingPlan, withPlace } from '../study/plan.ts';
import type { Rerun } from '../study/rerun.ts';
import type { Run } from '../study/run.ts';
import type { RerunInput, RerunPreview, RerunView } from './api.ts';
import type { LabContext } from './lab-context.ts';
import { machineOf } from './machine.ts';

/** How often a crashed run of a graph starts again that comes from no study. */
export const RETRIES = 2;

/** The graph, the run that it comes from and its training. */
export function subjectOf(
  store: Store,
  { from, training: wanted, place }: Pick<RerunInput, 'from' | 'training' | 'place'>,
): { graph: Graph; run: Run | null; training: TrainingPlan } {
  const run = 'run' in from ? store.run(from.run) : null;
  const found = wanted ?? (run && { ...run.training, purpose: 'final' as const });
  if (!found) throw new LabError('reruns.no-training');
  const training = place === undefined ? found : withPlace(found, place);
  return { graph: 'graph' in from ? from.graph : run!.graph, run, training };
}

/** What new runs of a graph take over from the run that it comes from, and from its study. */
export function inherited(
  store: Store,
  run: Run | null,
  training: TrainingPlan,
): Pick<RerunWish, 'study' | 'trial' | 'baseSeed' | 'retries'> {
  const study = run?.study ?? null;
  const plan = study === null ? null : store.study(study).plan;
  return {
    study,
    trial: run?.kind === 'trial' ? run.number : null,
    baseSeed: plan?.seed ?? training.splitSeed,
    retries: plan?.retries ?? RETRIES,
  };
}

/** Logs that a re-run was created and starts it, if it is to start. Returns its view. */
export function begin(
  { scheduler, views, batcher }: LabContext,
  { id: rerun, study }: Rerun,
  text: string,
  start: boolean,
): RerunView {
  batcher.log('info', text, { study });
  if (start) scheduler.resume({ rerun });
  else batcher.rerun(rerun);
  return views.rerun(rerun);
}

/** What is trained from how many seeds, and how many graphs it is compared with. */
interface Planned {
  graph: Graph;
  training: TrainingPlan;
  seeds: number;
  runs: number;
  comparisons: number;
}

/** What so many seeds can show by the paired test that will judge, and how long the runs take. */
export async function powerOf(
  context: LabContext,
  { graph, training, seeds, runs, comparisons }: Planned,
): Promise<Omit<RerunPreview, 'runs'>> {
  const { store } = context;
  const found = await spreadOf(store, training, graph.nodes[0]!.model);
  const times = minimalDifference(seeds, 'paired', Math.max(1, comparisons));
  return {
    ...{ spread: found.spread, spreadRuns: found.runs, comparisons },
    detectable: times === null ? null : times * found.ofDifferences,
    expectedTime: expectedTime(store, { graph, runs, training }, machineOf(context, training)),
  };
}
