import { sampleDeviation } from '../analysis/statistics.ts';
import { USUAL_SPREAD } from '../analysis/verdict.ts';
import { Portions } from '../store/portions.ts';
import type { Store } from '../store/store.ts';
import { type TrainingPlan, courseOf } from '../study/plan.ts';
import type { Rerun } from '../study/rerun.ts';

/** How far the accuracies of one graph lie apart over seeds. */
export interface Spread {
  /** Standard deviation, a fraction of 1, pooled over graphs. */
  spread: number;
  /** Runs that it comes from; 0 for the usual spread. */
  runs: number;
}

/**
 * Returns the spread over seeds of this lab's re-runs with the same training and target network;
 * without any, the usual one.
 */
export async function spreadOf(
  store: Store,
  training: TrainingPlan,
  target: string,
): Promise<Spread> {
  const alike = store.reruns().filter((rerun) => isAlike(rerun, training, target));
  const groups = await new Portions().map(alike, ({ id }) => valuesByGraph(store, id));
  const known = groups.flat().filter((values) => values.length > 1);
  const degrees = known.reduce((sum, values) => sum + values.length - 1, 0);
  if (degrees === 0) return { spread: USUAL_SPREAD, runs: 0 };
  const squares = known.reduce(
    (sum, values) => sum + (values.length - 1) * sampleDeviation(values) ** 2,
    0,
  );
  return {
    spread: Math.sqrt(squares / degrees),
    runs: known.reduce((sum, values) => sum + values.length, 0),
  };
}

const isAlike = ({ training, variants }: Rerun, wanted: TrainingPlan, target: string): boolean =>
  variants[0]!.graph.nodes[0]!.model === target && courseOf(training) === courseOf(wanted);

function valuesByGraph(store: Store, rerun: number): number[][] {
  const groups = new Map<string, number[]>();
  for (const { key, accuracy } of store.runs({ rerun, states: ['completed'] }))
    if (accuracy !== null) groups.set(key, [...(groups.get(key) ?? []), accuracy]);
  return [...groups.values()];
}
