import type { AblatedName, AblationKind, SkippedAblation } from '../graph/ablate.ts';
import type { Graph } from '../graph/graph.ts';
import type { Imported } from './imported.ts';
import type { TestedReference } from '../search/reference.ts';
import type { Progress, Slot } from '../search/runner.ts';
import type { Device } from '../devices/device.ts';
import type { EffectsReport } from '../analysis/report.ts';
import type { Comparison as GraphComparison } from '../analysis/comparison.ts';
import type { Difference } from '../analysis/statistics.ts';
import type { WinnersCurse } from '../analysis/winners-curse.ts';
import type { Dimension } from '../graph/space.ts';
import type { Bundle } from '../study/bundle.ts';
import type { WireDecision } from '../study/decision.ts';
import type { Environment } from '../study/environment.ts';
import type { Checkpoint } from '../study/checkpoint.ts';
import type { WireEdge, WireEpoch } from '../study/metrics.ts';
import type { StudyPlan, TrainingPlan } from '../study/plan.ts';
import type { Pretrained } from '../study/pretrained.ts';
import type { LabProblem } from '../base/problem.ts';
import type { Baseline, Rerun, Variant } from '../study/rerun.ts';
import type { Attempt, Run, RunState, StopWhen } from '../study/run.ts';
import type { Rejection, Study, TrialCounts } from '../study/study.ts';
import type { Holder, LogEntry, SavedGraph, StoreSizes } from '../store/store.ts';

export type {
  Attempt,
  Baseline,
  Checkpoint,
  Device,
  Difference,
  Environment,
  Graph,
  Holder,
  LabProblem,
  LogEntry,
  Pretrained,
  GraphComparison,
  Progress,
  TestedReference as ReferenceRow,
  Rejection,
  Rerun,
  Run,
  WireDecision,
  RunState,
  SavedGraph,
  Slot,
  StopWhen,
  StoreSizes,
  Study,
  StudyPlan,
  TrainingPlan,
  TrialCounts,
  WireEdge,
  WinnersCurse,
  WireEpoch,
};

/**
 * The lab as everyone sees it: window, browser, command line, tests. The same object in process,
 * over a message port and over a WebSocket, so all data are plain and survive JSON: what is not a
 * number is null, never NaN. Accuracies are fractions of 1, times are milliseconds since 1970,
 * durations seconds.
 */
export interface LabApi {
  /**
   * Rejects with a LabError for expected failures. An aborted request rejects with the signal's
   * reason.
   */
  request<Name extends RequestName>(
    name: Name,
    input: RequestInput<Name>,
    options?: { signal?: AbortSignal },
  ): Promise<RequestOutput<Name>>;
  /**
   * Events of the given topics from now on, in order of their sequence numbers.
   *
   * @param after last number already seen: events since are delivered first; when the lab has
   * forgotten some of them, the first event is `missed` and everything must be asked for again
   * @returns its undo
   */
  subscribe(
    topics: readonly Topic[],
    listener: (event: LabEvent) => void,
    after?: number,
  ): () => void;
}

export type RequestName = keyof Requests;
export type RequestInput<Name extends RequestName> = Requests[Name]['input'];
export type RequestOutput<Name extends RequestName> = Requests[Name]['output'];

/** Every request: `input` is checked before it is obeyed. */
export interface Requests {
  // the lab itself
  'lab.status': { input: None; output: LabStatus };
  /** Problems of the lab file; empty when sound. */
  'lab.check': { input: None; output: { problems: string[] } };
  /** Copies the lab file on the lab's machine. Not for pages, which name no paths. */
  'lab.backup': { input: { path: string }; output: None };
  /** A copy of the lab file as it is now. */
  'lab.copy': { input: None; output: Download };
  /** Gives unused space back. */
  'lab.compact': { input: None; output: StoreSizes };

  // studies
  'studies.list': { input: None; output: StudyCard[] };
  /**
   * What a plan means before it is created: problems, size of its space, missing teachers, expected
   * time.
   */
  'studies.preview': { input: { plan: StudyPlan }; output: StudyPreview };
  'studies.create': {
    input: { name: string; plan: StudyPlan; priority?: number; notes?: string; start: boolean };
    output: StudyCard;
  };
  'studies.open': { input: { study: number }; output: StudyView };
  /** More trials, another name, priority or notes. */
  'studies.change': {
    input: { study: number; name?: string; notes?: string; priority?: number; trials?: number };
    output: StudyCard;
  };
  /** Starts a new study, or goes on with a paused, stopped or completed one. */
  /** `failed`: trials that failed or were out of memory are tried again. */
  'studies.resume': { input: { study: number; failed?: boolean }; output: StudyCard };
  'studies.pause': { input: { study: number; when: StopWhen }; output: StudyCard };
  'studies.stop': { input: { study: number; when: StopWhen }; output: StudyCard };
  'studies.remove': { input: { study: number }; output: None };
  /**
   * The study as one file; with weights of completed and pinned trials unless `weights` is false.
   */
  'studies.export': { input: { study: number; weights: boolean }; output: Download };
  /** The study as an SQLite file that Optuna 5 and its dashboard open. */
  'studies.optuna': { input: { study: number }; output: Download };
  /** Its best trials and their re-runs as a LaTeX table. */
  'studies.latex': { input: { study: number }; output: Download };
  /** The studies in an SQLite file of Optuna; none of any other file. */
  'studies.found': { input: { file: FileInput }; output: { name: string; trials: number }[] };
  /**
   * A study file of this lab, or of an SQLite file of Optuna the study that is named or the only
   * one.
   */
  'studies.import': {
    input: { file: FileInput; name?: string; study?: string };
    output: StudyCard;
  };
  /** Re-reads what lasts: bars of the timeline. */
  'studies.timeline': { input: { study: number }; output: Attempt[] };
  /** Where its epochs were made: every environment that an attempt names. */
  'studies.environments': { input: { study: number }; output: (Environment & { id: number })[] };
  /**
   * Which choices matter, by the trials that have reached an epoch; default: the highest rung that
   * 30 have reached.
   */
  'studies.effects': { input: { study: number; rung?: number }; output: StudyEffects };

  // trials and all other runs
  /** All trials of a study, or those that fit the filter, in the asked order. */
  'trials.query': { input: TrialQuery; output: { rows: TrialRow[]; total: number } };
  'runs.open': { input: { run: number }; output: RunView };
  /** Per node and per edge, from epoch `after + 1` on. */
  'runs.epochs': { input: { run: number; after?: number }; output: WireEpoch[] };
  'runs.pin': { input: { run: number; pinned: boolean }; output: TrialRow };
  /** Stops this run only. */
  'runs.stop': { input: { run: number; when: StopWhen }; output: TrialRow };
  /** Tries a failed or cancelled run again. */
  'runs.retry': { input: { run: number }; output: TrialRow };
  /**
   * The last or final weights, safetensors; of one node, or of all with prefixes `1/`, `2/`, ...
   */
  'runs.weights': { input: { run: number; node?: number }; output: Download };

  // decisions
  'decisions.list': {
    input: { study: number } | { run: number };
    output: (WireDecision & { run: number; at: number })[];
  };
  /**
   * One after another: curves, epochs and decisions of chosen runs, for the side-by-side view. At
   * most 12 runs.
   */
  'compare.runs': { input: { runs: number[] }; output: Comparison[] };

  // devices and slots
  'devices.list': { input: None; output: Device[] };
  'slots.list': { input: None; output: SlotView[] };
  'slots.set': { input: { device: string; slots: number }; output: SlotView[] };

  // re-runs
  'reruns.list': { input: None; output: RerunView[] };
  'reruns.open': { input: { rerun: number }; output: RerunView };
  /** What a re-run can show and costs; creates nothing. */
  'reruns.preview': {
    input: Pick<RerunInput, 'from' | 'seeds' | 'baselines' | 'training'>;
    output: RerunPreview;
  };
  'reruns.create': { input: RerunInput; output: RerunView };
  'reruns.resume': { input: { rerun: number }; output: RerunView };
  'reruns.pause': { input: { rerun: number; when: StopWhen }; output: RerunView };
  'reruns.stop': { input: { rerun: number; when: StopWhen }; output: RerunView };
  'reruns.rename': { input: { rerun: number; name: string }; output: RerunView };
  'reruns.remove': { input: { rerun: number }; output: None };
  /** Where its epochs were made: every environment that an attempt names. */
  'reruns.environments': { input: { rerun: number }; output: Environment[] };
  /** Table with every value, mean, standard deviation and differences. */
  'reruns.export': {
    input: { rerun: number; format: 'csv' | 'json' | 'latex' };
    output: Download;
  };

  /** What makes its numbers again, and the numbers, in one file for `ktg verify`. */
  'reruns.bundle': { input: { rerun: number }; output: Download };
  /** Trains a bundle again, as a re-run of the same graphs and seeds. `data`: other than its own. */
  'reruns.verify': { input: { bundle: Bundle; data?: string; start: boolean }; output: RerunView };

  // ablations: re-runs whose variants are the graph with one edge changed; `reruns.*` goes on with them
  /** What an ablation trains, skips, knows and costs; creates nothing. */
  'ablations.preview': {
    input: Omit<AblationInput, 'name' | 'start' | 'priority'>;
    output: AblationPreview;
  };
  'ablations.create': { input: AblationInput; output: RerunView };

  // pretrained networks
  'pretrained.list': { input: None; output: PretrainedView[] };
  /** Trains a network alone, as a visible job. */
  'pretrained.train': {
    input: { model: string; training: TrainingPlan; seed: number };
    output: PretrainedView;
  };
  'pretrained.import': {
    input: { model: string; training: TrainingPlan; file: FileInput };
    output: PretrainedView;
  };
  'pretrained.export': { input: { pretrained: number }; output: Download };
  'pretrained.remove': { input: { pretrained: number }; output: None };

  // graphs
  'graphs.list': { input: None; output: SavedGraph[] };
  'graphs.save': { input: { name: string; graph: Graph }; output: SavedGraph };
  'graphs.remove': { input: { graph: number }; output: None };

  // data sets
  'data.list': { input: None; output: DataSetView[] };
  /** Downloads, or goes on with, the official archive; progress comes as events. */
  'data.download': { input: { data: string }; output: DataSetView };
  'data.cancel': { input: { data: string }; output: DataSetView };
  /** An archive or folder that the user has. */
  'data.add': { input: { file: FileInput }; output: DataSetView };
  'data.remove': { input: { data: string }; output: None };
  /**
   * A few images with their labels, to see that the data are what they should be. PNG as data URLs.
   */
  'data.samples': {
    input: { data: string; count: number };
    output: { label: string; image: string }[];
  };

  // engine
  'engine.install': { input: { kind: 'cpu' | 'gpu' }; output: EngineView };
  'engine.cancel': { input: None; output: EngineView };
  'engine.remove': { input: None; output: EngineView };

  // settings and log
  'settings.get': { input: None; output: Settings };
  'settings.set': { input: Partial<Settings>; output: Settings };
  'log.read': {
    input: { before?: number; study?: number; run?: number; limit?: number };
    output: LogEntry[];
  };

  // files that cross the connection
  /** Announces a file of this many bytes. */
  'files.begin': { input: { name: string; bytes: number }; output: { upload: string } };
  /** At most 1 MiB, base64. Chunks come in order. */
  'files.append': {
    input: { upload: string; offset: number; data: string };
    output: { received: number };
  };
  /** At most 1 MiB, base64, from an offset; `last` when there is no more. */
  'files.read': {
    input: { download: string; offset: number };
    output: { data: string; last: boolean };
  };
  'files.forget': { input: { file: string }; output: None };
}

export type None = Record<string, never>;

export interface LabStatus {
  version: string;
  revision: string | null;
  /** Lab file; null in memory. */
  file: string | null;
  readOnly: boolean;
  heldBy: Holder | null;
  sizes: StoreSizes;
  /** Free bytes on the lab file's disk. */
  diskFree: number;
  /** What was running when the lab was last ended without closing, and goes on now. */
  interrupted: { study: number | null; run: number; title: string; epoch: number }[];
  /**
   * Why nothing can run now (the lab file takes no changes, such as on a full disk); resuming any
   * study tries again.
   */
  trouble: LabProblem | null;
  engine: EngineView;
  slots: SlotView[];
  /** Sequence number of the last event: subscribe after it to miss nothing. */
  sequence: number;
}

/** A study in the list and in every header. */
export interface StudyCard {
  study: Study;
  counts: TrialCounts;
  /** Trials that have ended and count in T. */
  done: number;
  /** The first in the order of `rankTrials`; null before the first result. */
  best: TrialRow | null;
  running: number;
  /** Seconds, from rung survival; null when nothing is known yet. */
  timeLeft: number | null;
  /** Pretrainings that the study waits for. */
  pretraining: number[];
  /** The file it came from, and when; null when it was made here. */
  imported: Imported | null;
}

export interface StudyView extends StudyCard {
  /** Epochs of its rungs, ascending. */
  rungs: number[];
  trials: TrialRow[];
  curves: WireCurve[];
  slots: SlotView[];
  pretrained: PretrainedView[];
  reruns: RerunView[];
  /** How far the best trial overestimates itself; null without a re-run of it. */
  winnersCurse: WinnersCurse | null;
}

export interface StudyPreview {
  problems: LabProblem[];
  /** Why it cannot be started yet, though it can be created. */
  missingData: LabProblem | null;
  warnings: LabProblem[];
  /** Number of different settings of the space, as decimal text (may exceed 2^53). */
  spaceSize: string;
  /** Models without pretrained weights that frozen nodes will need. */
  missingPretrained: string[];
  /** About how many seconds; null when nothing was trained on this machine yet. */
  expectedTime: number | null;
}

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
  pinned: boolean;
  attempts: number;
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

export interface TrialQuery {
  study: number;
  states?: RunState[];
  /** Edges that a graph must have. */
  edges?: { source: number; destination: number; gate: string }[];
  /** Whether it must have a frozen node. */
  frozen?: boolean;
  minimumAccuracy?: number;
  maximumAccuracy?: number;
  minimumEpoch?: number;
  sort?: {
    by: 'number' | 'accuracy' | 'epoch' | 'state' | 'startedAt' | 'seconds';
    descending: boolean;
  };
  offset?: number;
  limit?: number;
}

/** accuracy[node - 1][epoch - 1] */
export interface WireCurve {
  run: number;
  accuracy: (number | null)[][];
}

export type Comparison = RunView;

export interface SlotView extends Slot {
  /** Device's title. */
  deviceTitle: string;
  run: number | null;
  /** `Study "M3", trial 17`. */
  title: string;
  study: number | null;
  rerun: number | null;
  epoch: number;
  epochs: number;
  accuracy: number | null;
  progress: Progress | null;
}

/** What the trials of a study say about its choices. */
export interface StudyEffects extends EffectsReport {
  study: number;
  /** The epoch at which trials are compared, and how many have reached it. */
  rung: number;
  trials: number;
  /** The same for all rungs of its rule and the last epoch. */
  rungs: { rung: number; trials: number }[];
  /** False where a sampler that learns chose the trials. */
  isRandomSample: boolean;
  /** What effects, importance and interactions refer to by index. */
  dimensions: Dimension[];
}

export interface RerunInput {
  name: string;
  /** The graph of a trial or any graph. */
  from: { run: number } | { graph: Graph };
  /** How many new seeds. */
  seeds: number;
  baselines: Baseline[];
  /** Default: the study's, with `purpose: 'final'`. */
  training?: TrainingPlan;
  priority?: number;
  start: boolean;
}

export interface AblationInput extends Pick<
  RerunInput,
  'name' | 'from' | 'seeds' | 'training' | 'priority' | 'start'
> {
  kind: AblationKind;
}

/** What an ablation trains and costs, before it starts. */
export interface AblationPreview extends RerunPreview {
  /** Graphs that are trained beside the graph itself. */
  variants: AblatedName[];
  skipped: SkippedAblation[];
  /** Results of this lab that count again; `runs` is without them. */
  known: number;
}

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
  comparison: GraphComparison | null;
}

/** What a re-run can show and costs, before it starts. */
export interface RerunPreview {
  /** Runs that would be trained. */
  runs: number;
  /** Expected standard deviation over seeds, a fraction of 1. */
  spread: number;
  /** Runs of this lab that the spread comes from; 0 for the usual 0.4 points. */
  spreadRuns: number;
  /** Smallest difference found in 80 % of cases, a fraction of 1; null below two seeds. */
  detectable: number | null;
  /** About how many seconds; null when nothing like it was trained on this machine yet. */
  expectedTime: number | null;
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

export interface PretrainedView extends Omit<Pretrained, 'asked'> {
  state: RunState | 'imported';
  epoch: number;
  bytes: number;
  /** Studies whose frozen nodes use it. */
  usedBy: number[];
}

export interface DataSetView {
  /** Of an official or built-in set (`cifar100`, `synthetic`), or a path. */
  name: string;
  title: string;
  /** `added`: a file or folder that a person has named. */
  kind: 'official' | 'built-in' | 'added';
  state: 'ready' | 'missing' | 'downloading' | 'unpacking' | 'failed';
  trainCount: number;
  testCount: number;
  classes: number;
  /** Pixels on a side of every image. */
  side: number;
  /** One per class; null when the files do not say. */
  classNames: string[] | null;
  /** `<name>:<24 hex digits>` once read. */
  identity: string | null;
  source: string;
  /** On this machine. */
  bytes: number;
  /** Of all official files; null where there is nothing to download. */
  downloadBytes: number | null;
  download: Transfer | null;
  problem: LabProblem | null;
}

export interface Transfer {
  bytes: number;
  /** null when the server does not say. */
  total: number | null;
  bytesPerSecond: number;
  /** Seconds. */
  timeLeft: number | null;
}

export interface EngineView {
  /** What runs now: `tensorflow` or `portable`. */
  engine: string;
  version: string;
  kind: 'gpu' | 'cpu' | 'portable';
  /** What one click would make faster, and how much; '' when nothing. */
  advice: string;
  installed: { kind: 'cpu' | 'gpu'; version: string; bytes: number }[];
  install: (Transfer & { step: string }) | null;
  problem: LabProblem | null;
}

export interface Settings {
  dataFolder: string;
  slots: Record<string, number>;
  engine: 'auto' | 'tensorflow' | 'portable';
  /** Seconds of training between checkpoints. */
  checkpointEvery: number;
  notifications: boolean;
  theme: 'system' | 'light' | 'dark';
  /** Whatever the screens want to remember, by name. */
  view: Record<string, unknown>;
}

/** A path on the lab's machine, or what was uploaded over the connection. */
export type FileInput = { path: string } | { upload: string };

/** A file that waits to be read with `files.read`. */
export interface Download {
  download: string;
  name: string;
  type: string;
  bytes: number;
}

export type Topic =
  | 'studies'
  | 'runs'
  | 'metrics'
  | 'slots'
  | 'reruns'
  | 'pretrained'
  | 'graphs'
  | 'data'
  | 'engine'
  | 'log';

/** Sequence numbers grow by one with every event of the lab, whatever its topic. */
export type LabEvent = { sequence: number; at: number } & (
  | { topic: 'studies'; type: 'study'; card: StudyCard }
  | { topic: 'studies'; type: 'study-removed'; study: number }
  /** `LabStatus.trouble` has changed. */
  | { topic: 'studies'; type: 'trouble'; problem: LabProblem | null }
  /** New or changed trials, re-runs' runs and pretrainings; at most ten times a second. */
  | { topic: 'runs'; type: 'runs'; rows: TrialRow[] }
  | {
      topic: 'runs';
      type: 'decisions';
      decisions: (WireDecision & { run: number; study: number; at: number })[];
    }
  /** Epochs of any runs since the last batch; at most ten times a second. */
  | { topic: 'metrics'; type: 'epochs'; epochs: { run: number; epoch: WireEpoch }[] }
  | { topic: 'slots'; type: 'slots'; slots: SlotView[] }
  | { topic: 'reruns'; type: 'rerun'; rerun: RerunView }
  | { topic: 'reruns'; type: 'rerun-removed'; rerun: number }
  | { topic: 'pretrained'; type: 'pretrained'; pretrained: PretrainedView[] }
  | { topic: 'graphs'; type: 'graphs'; graphs: SavedGraph[] }
  | { topic: 'data'; type: 'data'; data: DataSetView }
  | { topic: 'engine'; type: 'engine'; engine: EngineView }
  | { topic: 'log'; type: 'log'; entries: LogEntry[] }
  /** Some events before this one are forgotten. */
  | { topic: Topic; type: 'missed' }
);
