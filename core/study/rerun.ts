import { graphKey } from '../graph/canonical.ts';
import type { Graph } from '../graph/graph.ts';
import { template } from '../graph/templates.ts';
import type { TrainingPlan } from './plan.ts';
import type { LabProblem } from '../base/problem.ts';
import type { JobState } from './study.ts';

/** Baselines of the same architectures as the graph that is re-run. */
export type Baseline = 'independent' | 'kd' | 'dml' | 'all-through';
export const BASELINES: readonly Baseline[] = ['independent', 'kd', 'dml', 'all-through'];

/** One graph of a re-run: the chosen one (`graph`) or a baseline beside it. */
export interface Variant {
  name: 'graph' | Baseline;
  graph: Graph;
  key: string;
}

/** The graph and baselines of the same architectures. */
export const variantsOf = (graph: Graph, baselines: readonly Baseline[]): Variant[] => [
  { name: 'graph', graph, key: graphKey(graph) },
  ...baselines.map((name) => {
    const baseline = template(
      name,
      graph.nodes.map((node) => node.model),
    );
    return { name, graph: baseline, key: graphKey(baseline) };
  }),
];

/** The first variant of each graph (All-Through is DML): the others share its runs. */
export const trainedVariants = (variants: readonly Variant[]): Variant[] =>
  variants.filter(
    (variant, index) => variants.findIndex((other) => other.key === variant.key) === index,
  );

/**
 * Some graphs trained from the same N new seeds: what a paper's table reports as mean and standard
 * deviation.
 */
export interface Rerun {
  id: number;
  name: string;
  /** Study and trial that the graph comes from, if any. */
  study: number | null;
  trial: number | null;
  variants: Variant[];
  /** Training seeds; every variant is trained once from each. */
  seeds: number[];
  training: TrainingPlan;
  retries: number;
  state: JobState;
  priority: number;
  problem: LabProblem | null;
  createdAt: number;
  startedAt: number | null;
  endedAt: number | null;
}
