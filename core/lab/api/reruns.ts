import type { Comparison } from '../../analysis/comparison.ts';
import type { Difference } from '../../analysis/statistics.ts';
import type { AblatedName, SkippedAblation } from '../../graph/ablate.ts';
import type { Graph } from '../../graph/graph.ts';
import type { TestedReference } from '../../search/reference.ts';
import type { Rerun, Variant } from '../../study/rerun.ts';
import type { TrialRow } from './runs.ts';

/** Mean and spread of one graph's seeds. */
export interface VariantView {
  name: Variant['name'];
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
  /**
   * `graph` against this baseline: the paired interval of equal seeds first, Welch's beside it,
   * corrected by Holm over the baselines; null for the graph itself and for a baseline that is the
   * same graph.
   */
  comparison: Comparison | null;
}

/** What a re-run can show and costs, before it starts. */
export interface RerunPreview {
  /** Runs that would be trained. */
  runs: number;
  /** Expected standard deviation over seeds, a fraction of 1. */
  spread: number;
  /** Runs of this lab that the spread comes from; 0 for the usual 0.4 points. */
  spreadRuns: number;
  /** Graphs that the graph is compared with, and over which Holm corrects. */
  comparisons: number;
  /**
   * Smallest difference that the paired test of equal seeds finds in 80 % of cases after the
   * correction, a fraction of 1; null where so few seeds show nothing.
   */
  detectable: number | null;
  /** About how many seconds; null when nothing like it was trained on this machine yet. */
  expectedTime: number | null;
}

/** What an ablation trains and costs, before it starts. */
export interface AblationPreview extends RerunPreview {
  /** Graphs that are trained beside the graph itself. */
  variants: AblatedName[];
  skipped: SkippedAblation[];
  /** Results of this lab that count again; `runs` is without them. */
  known: number;
}

export interface RerunView {
  rerun: Rerun;
  variants: VariantView[];
  done: number;
  total: number;
  timeLeft: number | null;
  /** Rows of the paper's tables that this result can be held against. */
  reference: TestedReference[];
}
