import { LabError } from '../base/errors.ts';
import { stream } from '../base/random.ts';
import { requireTrainable } from '../graph/check.ts';
import type { Graph } from '../graph/graph.ts';
import type { NewRerun, Store } from '../store/store.ts';
import type { TrainingPlan } from '../study/plan.ts';
import { trainedVariants, variantsOf } from '../study/rerun.ts';
import type { Baseline, Rerun, Variant } from '../study/rerun.ts';
import type { Run } from '../study/run.ts';
import { type Comparison, compare } from '../analysis/comparison.ts';
import { mean, sampleDeviation, welch } from '../analysis/statistics.ts';
import type { Difference } from '../analysis/statistics.ts';

/** A request for a re-run. */
export interface RerunWish {
  name: string;
  graph: Graph;
  /** Study and trial that the graph comes from, if any. */
  study: number | null;
  trial: number | null;
  /** How many seeds; the paper's tables use 5. */
  seeds: number;
  /** From which they are drawn: the study's, or any. */
  baseSeed: number;
  baselines: readonly Baseline[];
  training: TrainingPlan;
  retries: number;
  priority: number;
}

const MAX_SEEDS = 100;

/**
 * Records a re-run and its runs: the graph and each baseline of the same architectures, trained
 * from the same new seeds. A baseline that is the same graph as an earlier variant (All-Through is
 * DML) is trained once for both. A later re-run from the same base seed has other seeds.
 *
 * @throws LabError `search.seed-count`, and `graph.*` for a graph that cannot be trained
 */
export function addRerun(store: Store, wish: RerunWish, at: number): Rerun {
  if (!Number.isInteger(wish.seeds) || wish.seeds < 1 || wish.seeds > MAX_SEEDS)
    throw new LabError('search.seed-count', { seeds: wish.seeds, limit: MAX_SEEDS });
  // Not how many there are: one may have been removed.
  const before = store.reruns().at(-1)?.id ?? 0;
  const seeds = Array.from({ length: wish.seeds }, (_, index) =>
    stream(wish.baseSeed, 'repeat', before, index).next(),
  );
  return addRepeats(
    store,
    { ...wish, variants: variantsOf(wish.graph, wish.baselines), seeds },
    at,
  );
}

/** A re-run whose graphs and seeds are known. */
export type Repeats = Omit<NewRerun, 'createdAt'>;

/**
 * Records a re-run of given graphs and seeds, and its runs.
 *
 * @throws LabError `graph.*` for a first graph that cannot be trained
 */
export function addRepeats(store: Store, wish: Repeats, at: number): Rerun {
  const { name, study, trial, variants, seeds, training, retries, priority } = wish;
  const { ablation = null } = wish;
  requireTrainable(variants[0]!.graph, 'look');
  return store.transaction(() => {
    const rerun = store.addRerun({
      ...{ name, study, trial, variants, seeds, training, retries, priority, ablation },
      createdAt: at,
    });
    // Seed by seed, so that the first comparison is there early.
    for (const [number, seed] of seeds.entries()) {
      for (const variant of trainedVariants(variants)) {
        store.addRun({
          kind: 'repeat',
          study,
          rerun: rerun.id,
          number,
          variant: variant.name,
          graph: variant.graph,
          key: variant.key,
          seed,
          training,
          createdAt: at,
        });
      }
    }
    return rerun;
  });
}

/** Result of one variant over all seeds. */
export interface VariantResult {
  variant: Variant;
  /** By seed; those of an equal graph stand for it. */
  runs: Run[];
  /** Accuracies of completed runs. */
  values: { seed: number; accuracy: number }[];
  mean: number | null;
  /** Sample standard deviation (n - 1); null below two values. */
  standardDeviation: number | null;
  /**
   * The chosen graph minus this baseline (Welch, 95 %); null for the graph itself and below two
   * values a side.
   */
  difference: Difference | null;
  /**
   * The chosen graph against this baseline, corrected over all baselines that were trained; null
   * for the graph itself and for a baseline that is the same graph.
   */
  comparison: Comparison | null;
}

/** @param runs all runs of the re-run */
export function resultsOf(rerun: Rerun, runs: readonly Run[]): VariantResult[] {
  const valuesOf = (variant: Variant) =>
    runsOf(variant, runs).flatMap(({ state, seed, accuracy }) =>
      state === 'completed' && accuracy !== null ? [{ seed, accuracy }] : [],
    );
  const chosen = valuesOf(rerun.variants[0]!).map((each) => each.accuracy);
  const compared = comparisonsOf(rerun.variants, valuesOf);
  return rerun.variants.map((variant, index) => {
    const values = valuesOf(variant);
    const accuracies = values.map((each) => each.accuracy);
    return {
      variant,
      runs: runsOf(variant, runs),
      values,
      mean: values.length > 0 ? mean(accuracies) : null,
      standardDeviation: values.length > 1 ? sampleDeviation(accuracies) : null,
      difference: index === 0 ? null : welch(chosen, accuracies),
      comparison: compared.get(variant.key) ?? null,
    };
  });
}

/** Returns the comparison of the first variant with every other graph, by canonical key. */
function comparisonsOf(
  variants: readonly Variant[],
  valuesOf: (variant: Variant) => { seed: number; accuracy: number }[],
): Map<string, Comparison> {
  const [graph, ...others] = trainedVariants(variants).map((variant) => ({
    key: variant.key,
    seeds: new Map(valuesOf(variant).map(({ seed, accuracy }) => [seed, accuracy])),
  }));
  const found = compareOnce(
    graph!.seeds,
    others.map(({ seeds }) => seeds),
  );
  return new Map(others.map(({ key }, at) => [key, found[at]!]));
}

/** Views of a re-run are made many times a second, and its values change once a run. */
const compareOnce: typeof compare = (graph, others) => {
  const key = JSON.stringify([graph, ...others].map((seeds) => [...seeds]));
  const found = comparisons.get(key) ?? compare(graph, others);
  comparisons.delete(key);
  comparisons.set(key, found);
  if (comparisons.size > REMEMBERED) comparisons.delete(comparisons.keys().next().value!);
  return found;
};

/** By values, the latest last. */
const comparisons = new Map<string, Comparison[]>();
const REMEMBERED = 1000;

const runsOf = (variant: Variant, runs: readonly Run[]): Run[] =>
  runs.filter((run) => run.key === variant.key).sort((a, b) => a.number - b.number);
