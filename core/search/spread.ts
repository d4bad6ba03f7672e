import { pairedTest, sampleDeviation } from '../analysis/statistics.ts';
import { USUAL_SPREAD } from '../analysis/verdict.ts';
import { Portions } from '../store/portions.ts';
import type { Store } from '../store/store.ts';
import { type TrainingPlan, courseOf } from '../study/plan.ts';
import type { Rerun } from '../study/rerun.ts';

/** How far the accuracies of one graph lie apart over seeds. */
export interface Spread {
  /** Standard deviation, a fraction of 1, pooled over graphs. */
  spread: number;
  /**
   * Standard deviation of the difference of two graphs with the same seed, pooled over baselines;
   * where none is known, that of unrelated runs.
   */
  ofDifferences: number;
  /** Runs that the spread comes from; 0 for the usual one. */
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
  const reruns = await new Portions().map(alike, (rerun) => valuesByGraph(store, rerun));
  const known = reruns.flat().filter(({ size }) => size > 1);
  const own = pooled(known.map((seeds) => [seeds.size - 1, sampleDeviation([...seeds.values()])]));
  const spread = own ?? USUAL_SPREAD;
  const ofDifferences = pooled(reruns.flatMap(deviationsOfDifferences));
  return {
    spread,
    ofDifferences: ofDifferences ?? Math.SQRT2 * spread,
    runs: own === null ? 0 : known.reduce((sum, { size }) => sum + size, 0),
  };
}

const isAlike = ({ training, variants }: Rerun, wanted: TrainingPlan, target: string): boolean =>
  variants[0]!.graph.nodes[0]!.model === target && courseOf(training) === courseOf(wanted);

/** Returns the accuracies of each graph by seed, the re-run's own graph first. */
function valuesByGraph(store: Store, { id, variants }: Rerun): Map<number, number>[] {
  const groups = new Map(variants.map(({ key }) => [key, new Map<number, number>()]));
  for (const { key, seed, accuracy } of store.runs({ rerun: id, states: ['completed'] }))
    if (accuracy !== null) groups.get(key)?.set(seed, accuracy);
  return [...groups.values()];
}

/** Degrees of freedom with a standard deviation. */
type Deviation = [degrees: number, deviation: number];

function deviationsOfDifferences([graph, ...others]: readonly Map<number, number>[]): Deviation[] {
  return others.flatMap((other): Deviation[] => {
    const shared = [...(graph?.keys() ?? [])].filter((seed) => other.has(seed));
    const test = pairedTest(
      shared.map((seed) => graph!.get(seed)!),
      shared.map((seed) => other.get(seed)!),
    );
    return test ? [[shared.length - 1, test.standardError * Math.sqrt(shared.length)]] : [];
  });
}

/** Returns one standard deviation for all; null without degrees of freedom. */
function pooled(deviations: readonly Deviation[]): number | null {
  const degrees = deviations.reduce((sum, [own]) => sum + own, 0);
  if (degrees === 0) return null;
  const squares = deviations.reduce((sum, [own, deviation]) => sum + own * deviation ** 2, 0);
  return Math.sqrt(squares / degrees);
}
