/** Re-runs of the compared graphs: their seeds, and one graph tested against the others. */
import { type Comparison, type Seeds, compare } from '../../../core/analysis/comparison.ts';
import { graphKey } from '../../../core/graph/canonical.ts';
import type { Graph, RerunView, TrainingPlan } from '../../../core/lab/api.ts';
import { courseOf } from '../../../core/study/plan.ts';

export interface Evidence {
  /** Training that all these seeds share. */
  readonly training: TrainingPlan;
  /** Place of the graph that the others are tested against. */
  readonly reference: number;
  /** By place of the graph; empty without a re-run. */
  readonly seeds: readonly Seeds[];
  /** Reference minus this graph, by place; null for the reference, its equals and graphs without seeds. */
  readonly comparisons: readonly (Comparison | null)[];
}

/**
 * Tests one graph against the others by their re-runs of one kind of training, the kind that most
 * of the graphs have; null where fewer than two have one.
 *
 * @param wanted place of the reference; without seeds there, the first graph with some
 */
export function evidenceOf(
  graphs: readonly Graph[],
  reruns: readonly RerunView[],
  wanted: number,
): Evidence | null {
  const keys = graphs.map(graphKey);
  const best = kindsOf(reruns)
    .map(({ training, views }) => ({
      training,
      seeds: keys.map((key) => seedsOf(views, key)),
    }))
    .sort((a, b) => known(b.seeds, keys) - known(a.seeds, keys))[0];
  if (!best || known(best.seeds, keys) < 2) return null;
  const { training, seeds } = best;
  const reference = seeds[wanted]?.size ? wanted : seeds.findIndex(({ size }) => size > 0);
  const others = [...new Set(keys)].filter(
    (key) => key !== keys[reference] && seeds[keys.indexOf(key)]!.size > 0,
  );
  const found = compare(
    seeds[reference]!,
    others.map((key) => seeds[keys.indexOf(key)]!),
  );
  const comparisons = keys.map((key) => found[others.indexOf(key)] ?? null);
  return { training, reference, seeds, comparisons };
}

/** Different graphs with at least one seed. */
const known = (seeds: readonly Seeds[], keys: readonly string[]): number =>
  new Set(keys.filter((_, at) => seeds[at]!.size > 0)).size;

/** Re-runs by the training that makes their numbers comparable. */
function kindsOf(
  reruns: readonly RerunView[],
): { training: TrainingPlan; views: readonly RerunView[] }[] {
  const kinds = new Map<string, RerunView[]>();
  for (const view of reruns) {
    const kind = courseOf(view.rerun.training);
    kinds.set(kind, [...(kinds.get(kind) ?? []), view]);
  }
  return [...kinds.values()].map((views) => ({ training: views[0]!.rerun.training, views }));
}

/** Accuracies of a graph by seed, over all re-runs that trained it. */
function seedsOf(views: readonly RerunView[], key: string): Seeds {
  const variants = views.flatMap((view) => view.variants);
  return new Map(
    variants
      .filter(({ runs }) => runs[0]?.key === key)
      .flatMap(({ values }) => values.map(({ seed, accuracy }) => [seed, accuracy] as const)),
  );
}
