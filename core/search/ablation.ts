import { type AblationKind, ablationsOf } from '../graph/ablate.ts';
import { graphKey } from '../graph/canonical.ts';
import { goalOf } from '../graph/graph.ts';
import type { Graph } from '../graph/graph.ts';
import { stream } from '../base/random.ts';
import { remoteName } from '../devices/names.ts';
import type { Store } from '../store/store.ts';
import type { TrainingPlan } from '../study/plan.ts';
import type { Rerun } from '../study/rerun.ts';
import type { Run } from '../study/run.ts';
import { addRepeats } from './repeat.ts';

/** A request for an ablation. */
export interface AblationWish {
  name: string;
  graph: Graph;
  kind: AblationKind;
  study: number | null;
  trial: number | null;
  /** How many seeds. */
  seeds: number;
  /** From which seeds are drawn where the graph has no earlier re-run. */
  baseSeed: number;
  training: TrainingPlan;
  retries: number;
  priority: number;
}

/** What an ablation trains and what is known before. */
export interface AblationOutline extends ReturnType<typeof ablationsOf> {
  seeds: number[];
  /** Earlier runs of this lab with the same graph, seed and training. */
  known: Run[];
}

/** Slot of runs whose numbers come from an earlier run, on the machine of that one. */
const REUSED = 'reused';

/**
 * Returns the variants of an ablation, its seeds, and the results that this lab has already. Seeds
 * are those of the graph's earlier re-runs with the same training, so that its results count again;
 * then new ones.
 */
export function outlineOf(
  store: Store,
  { graph, kind, study, seeds: count, baseSeed, training }: AblationWish,
): AblationOutline {
  const space = study === null ? null : store.study(study).plan.space;
  const gates = space?.edges.flatMap((edge) => edge.gates) ?? [];
  const { variants, skipped } = ablationsOf(graph, kind, gates);
  const own = graphKey(graph);
  const earlier = store
    .reruns()
    .filter((rerun) => trainingText(rerun.training) === trainingText(training))
    .flatMap(({ id }) => store.runs({ rerun: id, states: ['completed'] }));
  const before = [...new Set(earlier.filter(({ key }) => key === own).map(({ seed }) => seed))];
  const drawn = Array.from({ length: count }, (_, at) =>
    stream(baseSeed, 'ablation', own, at).next(),
  );
  const seeds = [...new Set([...before, ...drawn])].slice(0, count);
  const keys = new Set([own, ...variants.map(({ key }) => key)]);
  const known = new Map(
    earlier
      .filter(({ key, seed }) => keys.has(key) && seeds.includes(seed))
      .map((run) => [`${run.key} ${run.seed}`, run]),
  );
  return { variants, skipped, seeds, known: [...known.values()] };
}

const trainingText = (training: TrainingPlan): string => JSON.stringify(training);

/**
 * Records an ablation as a re-run: the graph, then every variant, from the same seeds. Known
 * results are copied with their epochs and environments.
 *
 * @throws LabError `graph.*` for a graph that cannot be trained
 */
export function addAblation(store: Store, wish: AblationWish, at: number): Rerun {
  const { graph, kind, name, study, trial, training, retries, priority } = wish;
  const { variants, skipped, seeds, known } = outlineOf(store, wish);
  return store.transaction(() => {
    const rerun = addRepeats(
      store,
      {
        ...{ name, study, trial, seeds, training, retries, priority },
        variants: [{ name: 'graph', graph, key: graphKey(graph) }, ...variants],
        ablation: { kind, skipped },
      },
      at,
    );
    for (const run of store.runs({ rerun: rerun.id })) {
      const from = known.find(({ key, seed }) => key === run.key && seed === run.seed);
      if (from) reuse(store, from, run.id, at);
    }
    return rerun;
  });
}

/** Copies the numbers of a completed run. */
function reuse(store: Store, from: Run, to: number, at: number): void {
  store.changeRun(to, { state: 'running', startedAt: at });
  const made = store.attempts({ run: from.id }).findLast(({ environment }) => environment !== null);
  const machine = remoteName(made?.slot ?? '')?.machine;
  const slot = machine === undefined ? REUSED : `${machine}/${REUSED}`;
  const { number } = store.addAttempt(to, slot, at);
  const goal = goalOf(from.graph);
  for (const metrics of store.epochs(from.id))
    store.addEpoch(to, metrics, metrics.nodes[goal - 1]!.accuracy);
  store.changeAttempt(to, number, {
    environment: made?.environment ?? null,
    endedAt: at,
    outcome: 'completed',
  });
  store.changeRun(to, { state: 'completed', endedAt: at });
}
