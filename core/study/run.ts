import type { Step } from '../base/actions.ts';
import type { Graph } from '../graph/graph.ts';
import type { TrainingPlan } from './plan.ts';

/** A trial of a study, one seed of a re-run, or a network trained alone to become a teacher. */
export type RunKind = 'trial' | 'repeat' | 'pretrain';

/**
 * - `waiting`: for a slot; with epoch > 0 it goes on from its last checkpoint.
 * - `running`: on a slot.
 * - `completed`: all epochs done.
 * - `stopped`: by the rule, at a rung; the decision says why.
 * - `failed`: could not go on; the failure says why.
 * - `out-of-memory`: did not fit on its device, at last not alone there; the failure gives advice.
 * - `cancelled`: a person stopped it.
 * - `rejected`: its graph cannot be trained; it was never started.
 * - `duplicate`: an earlier trial has the same graph and its result counts.
 */
export type RunState =
  | 'waiting'
  | 'running'
  | 'completed'
  | 'stopped'
  | 'failed'
  | 'out-of-memory'
  | 'cancelled'
  | 'rejected'
  | 'duplicate';

/**
 * - `crash`: the worker's process ended or threw; retried.
 * - `hang`: no sign of life for too long; retried.
 * - `lost`: the device or the connection to it went away; retried.
 * - `out-of-memory`: on the device or on the machine; retried once, then alone on its device.
 * - `nan`: a loss or an accuracy is not a number; the same seed would do it again.
 * - `data`: the data set is missing or damaged, or temporary files cannot be written.
 * - `teacher`: weights of a frozen node are missing or do not fit.
 * - `precision`: its device or engine cannot compute as the plan asks.
 * - `protocol`: the worker sent what the contract does not allow.
 */
export const failureKinds = [
  'crash',
  'hang',
  'lost',
  'out-of-memory',
  'nan',
  'data',
  'teacher',
  'precision',
  'protocol',
] as const;
export type FailureKind = (typeof failureKinds)[number];

/** What to do about a run that is out of memory. */
export const MEMORY_ADVICE =
  'End what else uses this device, or use fewer slots on it, a smaller batch, or smaller architectures.';

export interface Failure {
  kind: FailureKind;
  /** Code of the LabError behind it, or ''. */
  code: string;
  /** What was found. */
  message: string;
  /** What to do next, phrased for the command line, or ''. */
  next: string;
  /** What to do next, as data; not in records of older versions. */
  steps?: readonly Step[];
  /** Epoch in which it happened, 1-based; 0 before the first. */
  epoch: number;
}

/**
 * An earlier trial whose result was not final when a trial was drawn: its number, and the last
 * epoch whose value was known, 0 if none was; -1 for one that had failed or was cancelled.
 */
export type OpenTrial = readonly [number: number, epoch: number];

/** One graph trained once, from one seed. */
export interface Run {
  id: number;
  kind: RunKind;
  /** The study of a trial; of a re-run or a pretraining, the study that it was made for, if any. */
  study: number | null;
  rerun: number | null;
  /** Trial: 0-based number in its study. Repeat: 0-based number of its seed. Pretraining: 0. */
  number: number;
  /** Repeat: which graph of the re-run it trains, as in `Rerun.variants`; else ''. */
  variant: string;
  graph: Graph;
  /** Canonical key of the graph. */
  key: string;
  seed: number;
  training: TrainingPlan;
  state: RunState;
  /** Epochs done and reported. */
  epoch: number;
  /** Target's accuracy at the last reported epoch, a fraction of 1; null before, NaN never. */
  accuracy: number | null;
  failure: Failure | null;
  /** Why the graph was rejected. */
  rejection: string | null;
  /** Id of the run whose result counts for this one. */
  duplicateOf: number | null;
  /** How often it was started, crashes included. */
  attempts: number;
  /** A person wants its final weights kept. */
  pinned: boolean;
  /** A person has stopped this very run: it is not taken up again with its study. */
  dismissed: boolean;
  /**
   * Of a trial whose sampler learns: what was not known when it was drawn. Of all other earlier
   * trials it knew everything that is recorded of them; so the draw can be repeated. null where
   * nothing was learnt from.
   */
  openTrials: readonly OpenTrial[] | null;
  /** Milliseconds since 1970. */
  createdAt: number;
  startedAt: number | null;
  endedAt: number | null;
  /** Sum of the reported epochs' seconds. */
  seconds: number;
}

/** What every run begins with. */
export const newRun = {
  state: 'waiting',
  epoch: 0,
  accuracy: null,
  failure: null,
  rejection: null,
  duplicateOf: null,
  attempts: 0,
  pinned: false,
  dismissed: false,
  openTrials: null,
  startedAt: null,
  endedAt: null,
  seconds: 0,
} as const satisfies Partial<Run>;

export const outcomes = [
  'completed',
  'stopped',
  'paused',
  'cancelled',
  'interrupted',
  ...failureKinds,
] as const;

/**
 * One start of a run on a slot: the bars of the timeline, and which environment made which epochs.
 */
export interface Attempt {
  run: number;
  /** 1-based. */
  number: number;
  /** Name of the slot, such as `cpu:0`. */
  slot: string;
  /** Epochs done before; it made the epochs after this one, until the next attempt's. */
  fromEpoch: number;
  environment: number | null;
  startedAt: number;
  endedAt: number | null;
  /** How it ended; null while it runs. `interrupted`: the lab itself ended. */
  outcome: (typeof outcomes)[number] | null;
}

/** What a slot can be asked to do about a run that it works on. */
export type StopWhen = 'now' | 'after-epoch';
