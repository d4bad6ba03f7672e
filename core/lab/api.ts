import type { AddedMachine, MachineView } from '../machines/machine-view.ts';
import type { Redraw } from '../search/redraw.ts';
import type { LogEntry, SavedGraph, StoreSizes } from '../store/store.ts';
import type { WireDecision } from '../study/decision.ts';
import type { Environment } from '../study/environment.ts';
import type { WireEpoch } from '../study/metrics.ts';
import type { Attempt } from '../study/run.ts';
import type { DataSetView, DecodedImages } from './api/data.ts';
import type { EngineView } from './api/engine.ts';
import type { LabEvent, Topic } from './api/events.ts';
import type { PretrainedView } from './api/pretrained.ts';
import type { AblationPreview, RerunPreview, RerunView } from './api/reruns.ts';
import type { RunView, TrialRow } from './api/runs.ts';
import type { DeviceView, SlotView } from './api/slots.ts';
import type { LabStatus } from './api/status.ts';
import type {
  StudyCard,
  StudyEffects,
  StudyPreview,
  StudyProbe,
  StudyView,
} from './api/studies.ts';
import type { None } from './input-fields.ts';
import type { RequestInput, RequestName } from './schemas.ts';

/** Records of the lab, and how requests and events show them: one file per subject. */
export type { LabProblem } from '../base/problem.ts';
export type { Device } from '../devices/device.ts';
export type { AddedMachine, MachineView } from '../machines/machine-view.ts';
export type { Graph } from '../graph/graph.ts';
export type { TestedReference as ReferenceRow } from '../search/reference.ts';
export type { Comparison as GraphComparison } from '../analysis/comparison.ts';
export type { Redraw } from '../search/redraw.ts';
export type { Progress } from '../search/runner.ts';
export type { LogEntry, SavedGraph } from '../store/store.ts';
export type { WireDecision } from '../study/decision.ts';
export type { Environment } from '../study/environment.ts';
export type { WireEdge, WireEpoch } from '../study/metrics.ts';
export type { NewLauncher } from '../study/machine.ts';
export type { StudyPlan, TrainingPlan } from '../study/plan.ts';
export type { Baseline, Rerun } from '../study/rerun.ts';
export type { Attempt, Run, RunState, StopWhen } from '../study/run.ts';
export type { Study, TrialCounts } from '../study/study.ts';
export type { DataDecoding, DataSetView, DecodedImages, Transfer } from './api/data.ts';
export type { EngineView } from './api/engine.ts';
export { TOPICS, type LabEvent, type Topic } from './api/events.ts';
export type { PretrainedView, TeacherImport } from './api/pretrained.ts';
export type { AblationPreview, RerunPreview, RerunView, VariantView } from './api/reruns.ts';
export type { RunView, TrialRow, WireCurve } from './api/runs.ts';
export type { DeviceView, SlotView } from './api/slots.ts';
export type { LabStatus } from './api/status.ts';
export type { StudyCard, StudyEffects, StudyPreview, StudyView } from './api/studies.ts';
export type { FileInput, NetworkFormat } from './input-fields.ts';
export type { RequestInput, RequestName } from './schemas.ts';

/**
 * The lab as the window, the browser, the command line and tests use it. The object is the same in
 * process, over a message port and over a WebSocket, so all data are plain and survive JSON: a
 * missing number is null, never NaN. Accuracies are fractions of 1, times are milliseconds since
 * 1970, durations are seconds.
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
   * forgotten some of them, the first event is `missed` and the caller reads everything again
   * @returns a function that ends the subscription
   */
  subscribe(
    topics: readonly Topic[],
    listener: (event: LabEvent) => void,
    after?: number,
  ): () => void;
}

export type RequestOutput<Name extends RequestName> = RequestOutputs[Name];
export type TrialQuery = RequestInput<'trials.query'>;
export type RerunInput = RequestInput<'reruns.create'>;
export type AblationInput = RequestInput<'ablations.create'>;
/** What a person has set; the request changes some of it. */
export type Settings = Required<RequestInput<'settings.set'>>;

/** A file that waits to be read with `files.read`. */
export interface Download {
  download: string;
  name: string;
  type: string;
  bytes: number;
}

/** Answers of all requests. Their inputs are the schemas of the same names (schemas.ts). */
interface RequestOutputs {
  // the lab itself
  'lab.status': LabStatus;
  /** Problems of the lab file; empty when sound. */
  'lab.check': { problems: string[] };
  /** Copies the lab file on the lab's machine. Pages may not name paths, so they cannot ask. */
  'lab.backup': None;
  /** A copy of the lab file in its present state. */
  'lab.copy': Download;
  /** Gives unused space back. */
  'lab.compact': StoreSizes;

  // studies
  'studies.list': StudyCard[];
  /** Problems, size of the space, missing teachers and expected time of a plan. */
  'studies.preview': StudyPreview;
  /** Measures a plan's networks on a free slot; known at once when that was measured before. */
  'studies.probe': StudyProbe;
  'studies.create': StudyCard;
  'studies.open': StudyView;
  /** Changes the number of trials, name, priority or notes. */
  'studies.change': StudyCard;
  /** Starts a new study, or continues a paused, stopped or completed one. */
  'studies.resume': StudyCard;
  'studies.pause': StudyCard;
  'studies.stop': StudyCard;
  'studies.remove': None;
  /** The study as one file, with or without weights of its completed and pinned trials. */
  'studies.export': Download;
  /** The study as an SQLite file that Optuna 5 and its dashboard open. */
  'studies.optuna': Download;
  /** Its best trials and their re-runs as a LaTeX table. */
  'studies.latex': Download;
  /** The studies in an SQLite file of Optuna; none of any other file. */
  'studies.found': { name: string; trials: number }[];
  /** Imports a study file of this lab, or one study of an SQLite file of Optuna. */
  'studies.import': StudyCard;
  /** All attempts of its trials: the bars of the timeline. */
  'studies.timeline': Attempt[];
  /** Every environment in which an attempt made epochs. */
  'studies.environments': (Environment & { id: number })[];
  /** What drawing every trial again from its record says, by number. */
  'studies.redraw': Redraw[];
  /** Effects and importance of choices, from the trials that have reached an epoch. */
  'studies.effects': StudyEffects;

  // trials and all other runs
  /** The trials of a study that fit the filter, in the given order. */
  'trials.query': { rows: TrialRow[]; total: number };
  'runs.open': RunView;
  /** Per node and per edge, from epoch `after + 1` on. */
  'runs.epochs': WireEpoch[];
  'runs.pin': TrialRow;
  /** Writes notes or tags of a run; what is not given stays. */
  'runs.annotate': TrialRow;
  /** Stops this run only. */
  'runs.stop': TrialRow;
  /** Starts a failed or cancelled run again. */
  'runs.retry': TrialRow;
  /** Last weights as safetensors: of one node, or of all with prefixes `1/`, `2/`, ... */
  'runs.weights': Download;

  // decisions
  'decisions.list': (WireDecision & { run: number; at: number })[];
  /** Curves, epochs and decisions of at most 12 runs, for the side-by-side view. */
  'compare.runs': RunView[];

  // devices and slots
  'devices.list': DeviceView[];
  'slots.list': SlotView[];
  'slots.set': SlotView[];

  // other machines
  'machines.list': MachineView[];
  /** Lets a machine in, and starts its agents where the lab can. */
  'machines.add': AddedMachine;
  /** Lets it take no more runs, or take runs again. */
  'machines.drain': MachineView;
  /** Drains it, and its runs hand over their checkpoints and go on elsewhere. */
  'machines.pause': MachineView;
  /** Starts its agents again where the lab can. */
  'machines.start': MachineView;
  /** Ends its agents and takes its key away. */
  'machines.remove': None;
  /** Last lines that its agents wrote; '' where the lab cannot read them. */
  'machines.log': { text: string };

  // re-runs
  'reruns.list': RerunView[];
  'reruns.open': RerunView;
  /** What a re-run can show and costs; creates nothing. */
  'reruns.preview': RerunPreview;
  'reruns.create': RerunView;
  'reruns.resume': RerunView;
  'reruns.pause': RerunView;
  'reruns.stop': RerunView;
  'reruns.rename': RerunView;
  'reruns.remove': None;
  /** Every environment in which an attempt made epochs. */
  'reruns.environments': Environment[];
  /** Table with every value, mean, standard deviation and differences. */
  'reruns.export': Download;
  /** What makes its numbers again, and the numbers, in one file for `ktg verify`. */
  'reruns.bundle': Download;
  /** Trains a bundle again, as a re-run of the same graphs and seeds. */
  'reruns.verify': RerunView;

  // ablations: re-runs whose variants are the graph with one edge changed, continued by `reruns.*`
  /** What an ablation trains, skips, knows and costs; creates nothing. */
  'ablations.preview': AblationPreview;
  'ablations.create': RerunView;

  // pretrained networks
  'pretrained.list': PretrainedView[];
  /** Trains a network alone, as a visible job. */
  'pretrained.train': PretrainedView;
  'pretrained.import': PretrainedView;
  'pretrained.export': Download;
  /**
   * Imports weights of PyTorch (.pt, .pth, or safetensors in its layout) after their accuracy on
   * the held-out images of the plan is measured; progress comes as events.
   */
  'teachers.import': PretrainedView;
  'pretrained.remove': None;

  // graphs
  'graphs.list': SavedGraph[];
  'graphs.save': SavedGraph;
  'graphs.remove': None;

  // data sets
  'data.list': DataSetView[];
  /** Starts or continues the download of the official archive; progress comes as events. */
  'data.download': DataSetView;
  'data.cancel': DataSetView;
  /** Adds an archive or folder of the user. */
  'data.add': DataSetView;
  'data.remove': None;
  'data.decoded': DecodedImages;
  /** Removes the decoded images that nothing in the lab needs. */
  'data.clean': DecodedImages;
  /** A few images (PNG as data URLs) with their labels. */
  'data.samples': { label: string; image: string }[];

  // engine
  'engine.install': EngineView;
  'engine.cancel': EngineView;
  'engine.remove': EngineView;

  // settings and log
  'settings.get': Settings;
  'settings.set': Settings;
  'log.read': LogEntry[];

  // files over the connection
  /** Announces a file of this many bytes. */
  'files.begin': { upload: string };
  /** At most 1 MiB, base64. Chunks come in order. */
  'files.append': { received: number };
  /** At most 1 MiB, base64, from an offset; `last` on the last chunk. */
  'files.read': { data: string; last: boolean };
  'files.forget': None;
}
