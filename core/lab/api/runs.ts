import type { Graph } from '../../graph/graph.ts';
import type { Checkpoint } from '../../study/checkpoint.ts';
import type { WireDecision } from '../../study/decision.ts';
import type { Environment } from '../../study/environment.ts';
import type { WireEpoch } from '../../study/metrics.ts';
import type { TrainingPlan } from '../../study/plan.ts';
import type { Attempt, Run, RunState } from '../../study/run.ts';

/** One trial, or other run, in tables and charts. */
export interface TrialRow {
  run: number;
  kind: Run['kind'];
  study: number | null;
  rerun: number | null;
  number: number;
  variant: string;
  graph: Graph;
  key: string;
  seed: number;
  state: RunState;
  epoch: number;
  epochs: number;
  accuracy: number | null;
  /** Per node, at the last epoch. */
  accuracies: (number | null)[];
  /** The decision that stopped it. */
  stop: WireDecision | null;
  failure: Run['failure'];
  rejection: string | null;
  duplicateOf: number | null;
  /** Of a duplicate: the number of that run, a trial of the same study. */
  original?: number;
  /** Where the graph of a starting point comes from; null or absent for a drawn one. */
  origin?: Run['origin'];
  /** The epoch at which the rule stopped a trial that runs, or ran, on for the audit; else null. */
  audit?: Run['audit'];
  pinned: boolean;
  /** What a person wrote about it; absent where nothing was. */
  notes?: string;
  tags?: readonly string[];
  /** Of a cancelled run: whether a person stopped this run, rather than its study or re-run. */
  dismissed?: boolean;
  attempts: number;
  /**
   * Machines on which it has trained, '' for the lab's own; absent where that is the only one.
   */
  machines?: string[];
  createdAt: number;
  startedAt: number | null;
  endedAt: number | null;
  seconds: number;
}

/** Everything about one run. */
export interface RunView extends TrialRow {
  training: TrainingPlan;
  /** Epochs at which its study's rule judges, ascending; none where nothing does. */
  rungs: number[];
  /**
   * The trial of its study before and after it, or the same graph's run from another seed of its
   * re-run.
   */
  before: number | null;
  after: number | null;
  decisions: WireDecision[];
  attemptList: (Attempt & { made: Environment | null })[];
  checkpoint: Checkpoint | null;
  slot: string | null;
  epochList: WireEpoch[];
}

/** accuracy[node - 1][epoch - 1] */
export interface WireCurve {
  run: number;
  accuracy: (number | null)[][];
}
