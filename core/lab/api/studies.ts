import type { EffectsReport } from '../../analysis/report.ts';
import type { WinnersCurse } from '../../analysis/winners-curse.ts';
import type { LabProblem } from '../../base/problem.ts';
import type { Dimension } from '../../graph/space.ts';
import type { Study, TrialCounts } from '../../study/study.ts';
import type { Imported } from '../imported.ts';
import type { PretrainedView } from './pretrained.ts';
import type { RerunView } from './reruns.ts';
import type { TrialRow, WireCurve } from './runs.ts';
import type { SlotView } from './slots.ts';

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
  /** About how many seconds; null when nothing was trained or measured on this machine yet. */
  expectedTime: number | null;
  /** Whether a probe has measured these networks on this machine. */
  measured: boolean;
  /**
   * Bytes that one training needs at most, images and one step; null when only reading the data
   * set would tell.
   */
  memory: number | null;
}

/** How fast a slot trains the networks of a plan. */
export interface StudyProbe {
  slot: string;
  /** Steps that were measured; 0 when an epoch ended before. */
  steps: number;
  /** Seconds of an epoch of one graph of these networks. */
  secondsPerEpoch: number;
  /** Of the plan on all slots, in seconds; null without a slot. */
  expectedTime: number | null;
}

/** What the trials of a study say about its choices. */
export interface StudyEffects extends EffectsReport {
  study: number;
  /** The epoch at which trials are compared, and how many have reached it. */
  rung: number;
  trials: number;
  /** The same for all rungs of its rule and the last epoch. */
  rungs: { rung: number; trials: number }[];
  /** False where a sampler that learns chose some of the trials. */
  isRandomSample: boolean;
  /**
   * Trials that importance, lifts and suggested locks are computed from: of a sampler that learns
   * those that it drew at random before it had learnt, where they are enough.
   */
  sampled: number;
  /** What effects, importance and interactions refer to by index. */
  dimensions: Dimension[];
}
