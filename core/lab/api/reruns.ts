import type { Difference } from '../../analysis/statistics.ts';
import type { Graph } from '../../graph/graph.ts';
import type { ReferenceRow } from '../../search/reference.ts';
import type { Baseline, Rerun } from '../../study/rerun.ts';
import type { TrialRow } from './runs.ts';

/** Mean and spread of one graph's seeds. */
export interface VariantView {
  name: 'graph' | Baseline;
  graph: Graph;
  runs: TrialRow[];
  /** Final accuracies of completed runs, by seed. */
  values: { seed: number; accuracy: number }[];
  mean: number | null;
  /** Sample standard deviation (n - 1); null below two values. */
  standardDeviation: number | null;
  /**
   * `graph` minus this baseline with its 95 % interval (Welch); null for the graph itself and below
   * two values each.
   */
  difference: Difference | null;
}

export interface RerunView {
  rerun: Rerun;
  variants: VariantView[];
  done: number;
  total: number;
  timeLeft: number | null;
  /** Rows of the paper's tables that this result can be held against. */
  reference: ReferenceRow[];
}
