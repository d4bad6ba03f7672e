import type { Store } from '../store/store.ts';
import type { OpenTrial, Run } from '../study/run.ts';
import type { KnownTrial } from './samplers/_base.ts';

/** Earlier trials, for a sampler that learns. */
export interface Knowledge {
  readonly known: readonly KnownTrial[];
  /** An earlier trial has this graph, by canonical key. */
  has(key: string): boolean;
  /** Every graph of the space has a trial: no search for another one. */
  readonly isExhausted: boolean;
}

/** The knowledge of a study that runs, brought up to date before each draw. */
export interface LiveKnowledge extends Knowledge {
  /** Reads the changes since the last call. */
  update(store: Store, study: number): void;
  /** Takes up a trial that was just drawn. */
  add(run: Run): void;
  /** What was not known at the draw and the records may say later (`Run.openTrials`). */
  readonly open: OpenTrial[];
  /** False while the next draw has to wait for results of earlier trials. */
  readonly isReady: boolean;
  /** The epoch that is waited for; null for a study whose draws never wait. */
  readonly awaitedEpoch: number | null;
}

/** All trials of a study with the records that their draws can depend on. */
export interface TrialRecords {
  /** By number. */
  readonly trials: readonly Run[];
  /** Values at rungs by run. */
  readonly decisions: ReadonlyMap<number, readonly RungValue[]>;
  /** Accuracy of the node that counts after an epoch that the run has done; NaN where it was none. */
  accuracyAt(run: Run, epoch: number): number;
}

/** A value that the rule was asked about. */
export interface RungValue {
  readonly rung: number;
  readonly value: number | null;
}
