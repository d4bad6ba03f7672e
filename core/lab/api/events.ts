import type { LabProblem } from '../../base/problem.ts';
import type { MachineView } from '../../machines/machine-view.ts';
import type { LogEntry, SavedGraph } from '../../store/store.ts';
import type { WireDecision } from '../../study/decision.ts';
import type { WireEpoch } from '../../study/metrics.ts';
import type { DataDecoding, DataSetView } from './data.ts';
import type { EngineView } from './engine.ts';
import type { PretrainedView, TeacherImport } from './pretrained.ts';
import type { RerunView } from './reruns.ts';
import type { TrialRow } from './runs.ts';
import type { SlotView } from './slots.ts';
import type { StudyCard } from './studies.ts';

/** Subjects of events; a caller subscribes to some or all of them. */
export const TOPICS = [
  'studies',
  'runs',
  'metrics',
  'slots',
  'reruns',
  'pretrained',
  'graphs',
  'data',
  'engine',
  'machines',
  'log',
] as const;
export type Topic = (typeof TOPICS)[number];

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
  | { topic: 'pretrained'; type: 'teacher-import'; teacher: TeacherImport }
  | { topic: 'graphs'; type: 'graphs'; graphs: SavedGraph[] }
  | { topic: 'data'; type: 'data'; data: DataSetView }
  | { topic: 'data'; type: 'data-decoding'; decoding: DataDecoding }
  | { topic: 'engine'; type: 'engine'; engine: EngineView }
  | { topic: 'machines'; type: 'machines'; machines: MachineView[] }
  | { topic: 'log'; type: 'log'; entries: LogEntry[] }
  /** Some events before this one are forgotten. */
  | { topic: Topic; type: 'missed' }
);
