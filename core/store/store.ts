import type { LabError } from '../base/errors.ts';
import type { Graph } from '../graph/graph.ts';
import type { Checkpoint, CheckpointPurpose } from '../study/checkpoint.ts';
import type { RungDecision } from '../study/decision.ts';
import type { Environment } from '../study/environment.ts';
import type { EpochMetrics } from '../study/metrics.ts';
import type { Machine } from '../study/machine.ts';
import type { Pretrained } from '../study/pretrained.ts';
import type { Rerun } from '../study/rerun.ts';
import type { Attempt, Run, RunKind, RunState } from '../study/run.ts';
import type { Rejection, Study, TrialCounts } from '../study/study.ts';

/**
 * All records of a lab, with one writer. Callers must not change returned records in place.
 * Every change is durable against a kill of the process as soon as the call, or the outermost
 * `transaction`, has returned. Unknown ids throw LabError `store.unknown-study` and so on; a store
 * that was opened beside another lab's throws `store.read-only` on changes.
 *
 * Longer than 300 lines: the whole contract is one list of methods without code.
 */
export interface Store
  extends
    StudyStore,
    RunStore,
    ReportStore,
    CheckpointStore,
    RerunStore,
    PretrainedStore,
    MachineStore,
    NoteStore {
  readonly place: StorePlace;
  /**
   * All or nothing: what `work` changed is undone when it throws. Transactions inside join the
   * outermost.
   */
  transaction<T>(work: () => T): T;
  /**
   * Why no change can be made, as looked at now: LabError `store.moved` or `store.deleted` for a
   * file that is no longer where it was opened. It can still be read and copied. null when all is
   * well.
   */
  trouble(): LabError | null;
  /** Tells of `trouble` soon after it has come. */
  onTrouble(listener: (trouble: LabError) => void): void;
  /** Bytes by use. */
  sizes(): StoreSizes;
  /** Problems found in the whole file, one sentence each; empty when it is sound. */
  check(): Promise<string[]>;
  /**
   * Writes a copy of the whole store to a new file. Throws LabError `store.file-exists`,
   * `store.no-file`.
   */
  backup(file: string): Promise<void>;
  /** Erases what is left over and gives the space back, in small portions. */
  compact(): Promise<void>;
  /** Idempotent. */
  close(): void;
}

interface StorePlace {
  /** Absolute path; null for a store in memory. */
  file: string | null;
  /** Holder of the right to write, when this store is read-only because of it; else null. */
  heldBy: Holder | null;
  readOnly: boolean;
  schema: number;
}

/** A process that writes to a lab file. */
export interface Holder {
  pid: number;
  host: string;
  /** Milliseconds since 1970. */
  since: number;
}

export interface StoreSizes {
  /** The whole file and its log. */
  total: number;
  checkpoints: number;
  /** Inside the file, to be given back. */
  free: number;
}

export type NewStudy = Pick<Study, 'name' | 'plan' | 'priority' | 'notes' | 'createdAt'> &
  Partial<Pick<Study, 'tags'>>;
type StudyChange = Partial<
  Pick<
    Study,
    'name' | 'state' | 'priority' | 'problem' | 'notes' | 'tags' | 'startedAt' | 'endedAt'
  > & {
    trials: number;
  }
>;

export interface StudyStore {
  /**
   * @param hidden keep it and its re-runs out of the lists until `showStudy`; what is still hidden
   * when it is removed, or when the store is next opened, is erased with all its runs, re-runs and
   * pretraining
   */
  addStudy(study: NewStudy, hidden?: 'hidden'): Study;
  showStudy(id: number): void;
  study(id: number): Study;
  /** Oldest first. */
  studies(): Study[];
  /** Throws LabError `study.illegal-move`. */
  changeStudy(id: number, change: StudyChange): Study;
  /**
   * Gone at once for every reader; its records are then erased in small portions. Its re-runs and
   * teachers stay.
   */
  removeStudy(id: number): Promise<void>;
  /** Throws LabError `store.duplicate-rejection` when there is one of this trial and draw. */
  addRejection(rejection: Rejection): void;
  rejections(study: number): Rejection[];
  trialCounts(study: number): TrialCounts;
}

export type NewRun = Pick<
  Run,
  | 'kind'
  | 'study'
  | 'rerun'
  | 'number'
  | 'variant'
  | 'graph'
  | 'key'
  | 'seed'
  | 'training'
  | 'createdAt'
> &
  Partial<Pick<Run, 'state' | 'rejection' | 'duplicateOf' | 'openTrials' | 'drawVersion'>> &
  Partial<Pick<Run, 'origin' | 'audit'>> &
  Partial<Pick<Run, 'notes' | 'tags'>>;
type RunChange = Partial<
  Pick<
    Run,
    | 'state'
    | 'failure'
    | 'pinned'
    | 'dismissed'
    | 'audit'
    | 'notes'
    | 'tags'
    | 'startedAt'
    | 'endedAt'
  >
>;

/** All given fields must match. */
export interface RunFilter {
  study?: number;
  rerun?: number;
  kind?: RunKind;
  variant?: string;
  states?: readonly RunState[];
}

export interface RunStore {
  /**
   * `waiting` unless a state is given. Throws LabError `store.duplicate-run` when (study or re-run,
   * kind, variant, number) exists.
   */
  addRun(run: NewRun): Run;
  run(id: number): Run;
  /** In order of study, number and id. */
  runs(filter?: RunFilter): Run[];
  /** The same, only their ids: callers read thousands of runs in portions. */
  runIds(filter?: RunFilter): number[];
  /** Trials that a study has so far; the next one's number. */
  trialsSoFar(study: number): number;
  /**
   * First trial of a study with this canonical key whose result counts, now or later: waiting,
   * running, completed or stopped.
   */
  trialWithKey(study: number, key: string): Run | undefined;
  /** Throws LabError `study.illegal-move`. */
  changeRun(id: number, change: RunChange): void;
  /**
   * The first in the order of `rankTrials`: the best completed trial; before any has completed, the
   * best so far.
   */
  bestTrial(study: number): Run | undefined;
  /** Adds the next attempt of a run and counts it. */
  addAttempt(run: number, slot: string, at: number): Attempt;
  changeAttempt(
    run: number,
    number: number,
    change: Partial<Pick<Attempt, 'environment' | 'endedAt' | 'outcome'>>,
  ): void;
  /** Of a run, or of all trials of a study. In order of start. */
  attempts(of: { run: number } | { study: number }): Attempt[];
  /**
   * Machines on which a run has trained, in order of its first attempts there, '' for the lab's own;
   * none where that is the only one.
   */
  machinesOf(run: number): string[];
  /** As `machinesOf`, for every trial of a study that has trained on another machine. */
  machinesOfTrials(study: number): ReadonlyMap<number, string[]>;
  /** Id of an environment; equal ones share it. */
  addEnvironment(environment: Environment): number;
  environment(id: number): Environment;
}

/** Sums over the runs of a study or re-run, for estimates. */
export interface Pace {
  /** Epochs that were reported, and the seconds they took. */
  epochs: number;
  seconds: number;
  /**
   * Runs there are, and how many of them were trained or are to be: no duplicates, no rejected
   * ones.
   */
  drawn: number;
  trainable: number;
  /** By rung: how many were decided there, and how many of them continued. Ascending. */
  survival: { rung: number; decided: number; wentOn: number }[];
}

/** One trial's accuracies, for learning curves. */
export interface Curve {
  run: number;
  /** accuracy[node - 1][i] belongs to epoch i + 1; a fraction of 1 or NaN. */
  accuracy: number[][];
}

export interface ReportStore {
  /** Recorded accuracies at a rung, in order of arrival (NaN is never recorded). */
  rungValues(study: number, rung: number): number[];
  /** Throws LabError `store.decided` when this run was already decided at this rung. */
  addDecision(run: number, decision: RungDecision, at: number): void;
  /** Of a run by rung, or of a study in order of arrival. */
  decisions(
    of: { run: number } | { study: number },
  ): (RungDecision & { run: number; at: number })[];
  /**
   * Records an epoch and sets the run's epoch, accuracy and seconds. Epochs come in order without
   * gaps: throws LabError `store.epoch-order` otherwise. Edge metrics are kept in single precision.
   *
   * @param accuracy the one that counts; node 1's when absent
   */
  addEpoch(run: number, metrics: EpochMetrics, accuracy?: number): void;
  /** In order, from epoch `after + 1` on. */
  epochs(run: number, after?: number): EpochMetrics[];
  /** By node, at the run's last epoch; empty before its first. Fractions of 1 or NaN. */
  lastAccuracies(run: number): number[];
  /** accuracy[node - 1][i] of a run belongs to its epoch i + 1; empty before its first. */
  curve(run: number): number[][];
  pace(of: { study: number } | { rerun: number }): Pace;
  /** Curves of all trials of a study, or of all runs of a re-run, that have at least one epoch. */
  curves(of: { study: number } | { rerun: number }): Curve[];
}

export interface NewCheckpoint {
  /** null for imported weights. */
  run: number | null;
  epoch: number;
  purpose: CheckpointPurpose;
  /** Expected length and hash; nothing becomes visible when they do not fit. */
  bytes: number;
  sha256: string;
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

export interface CheckpointStore {
  /**
   * Saves in small portions, so that no turn of the event loop is long; readers see it only when it
   * is whole, and it then replaces the run's earlier ones. Throws LabError
   * `store.checkpoint-damaged` when length or hash differ.
   */
  saveCheckpoint(checkpoint: NewCheckpoint, at: number): Promise<Checkpoint>;
  checkpoint(id: number): Checkpoint;
  /** The latest of a run. */
  checkpointOf(run: number): Checkpoint | undefined;
  /** Of all runs. */
  checkpoints(): Checkpoint[];
  /**
   * Chunks of at most 1 MiB. Throws LabError `store.checkpoint-damaged` at the end when the bytes
   * are not what was saved.
   */
  readCheckpoint(id: number): AsyncIterable<Uint8Array>;
  /** Gone at once for every reader; erased in small portions. */
  dropCheckpoint(id: number): void;
}

export type NewRerun = Omit<
  Rerun,
  'id' | 'state' | 'problem' | 'startedAt' | 'endedAt' | 'ablation'
> &
  Partial<Pick<Rerun, 'ablation'>>;
type RerunChange = Partial<
  Pick<Rerun, 'name' | 'state' | 'priority' | 'problem' | 'startedAt' | 'endedAt'>
>;

export interface RerunStore {
  addRerun(rerun: NewRerun): Rerun;
  rerun(id: number): Rerun;
  /** Oldest first. */
  reruns(): Rerun[];
  changeRerun(id: number, change: RerunChange): Rerun;
  removeRerun(id: number): Promise<void>;
}

export interface PretrainedStore {
  addPretrained(pretrained: Omit<Pretrained, 'id'>): Pretrained;
  pretrained(id: number): Pretrained;
  /** Oldest first. */
  allPretrained(): Pretrained[];
  changePretrained(
    id: number,
    change: Partial<Pick<Pretrained, 'run' | 'checkpoint' | 'accuracy' | 'asked'>>,
  ): Pretrained;
  /** Its weights go too, unless another one has them. */
  removePretrained(id: number): void;
}

/** Other machines that train for this lab. */
export interface MachineStore {
  addMachine(machine: Machine): void;
  /** Oldest first. */
  machines(): Machine[];
  /** Throws LabError `agents.not-there`. */
  changeMachine(id: string, change: Pick<Machine, 'drained'>): void;
  /** Throws LabError `agents.not-there`. */
  removeMachine(id: string): void;
}

/** A graph that a person keeps under a name. */
export interface SavedGraph {
  id: number;
  name: string;
  graph: Graph;
  key: string;
  createdAt: number;
}

/** An event for the log, worth reading after a night. */
export interface LogEntry {
  /** Grows by at least 1 with each entry. */
  id: number;
  at: number;
  level: 'info' | 'warning' | 'error';
  study: number | null;
  run: number | null;
  text: string;
}

export interface NoteStore {
  saveGraph(graph: Omit<SavedGraph, 'id'>): SavedGraph;
  /** By name. */
  savedGraphs(): SavedGraph[];
  removeGraph(id: number): void;
  /** Of a very long text the beginning is kept. */
  addLog(entry: Omit<LogEntry, 'id'>): LogEntry;
  /** Newest first. */
  logs(filter?: { before?: number; study?: number; run?: number; limit?: number }): LogEntry[];
  /** Small JSON values by name. */
  setting(name: string): unknown;
  setSetting(name: string, value: unknown): void;
}
