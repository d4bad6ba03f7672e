import type { LabProblem } from '../base/problem.ts';
import type { Device } from '../devices/device.ts';
import type { Graph } from '../graph/graph.ts';
import type { Environment } from '../study/environment.ts';
import type { EpochMetrics } from '../study/metrics.ts';
import type { DevicePlace } from '../study/place.ts';
import type { TrainingPlan } from '../study/plan.ts';
import type { Failure, StopWhen } from '../study/run.ts';

/**
 * The contract between the scheduler and a pool of workers, on this machine or on others. Nothing
 * here assumes a shared disk or clock: weights travel as bytes in chunks, time as durations.
 */
export interface Runner {
  /** Slots as they are now; their order is the order in which they are filled. */
  slots(): readonly Slot[];
  /**
   * Called after any change of `slots()`, never from within a call of the scheduler. Returns its
   * undo.
   */
  onSlots(listener: () => void): () => void;
  /** Devices that can have slots. */
  devices(): readonly Device[];
  /**
   * Sets how many slots a device has, while others run. A slot too many that works on a job is
   * retired: it finishes the job and takes no other. Throws LabError `workers.unknown-device`,
   * `workers.too-many-slots`.
   */
  setSlots(device: string, count: number): void;
  /**
   * Starts a job on a slot that is `ready`; it is `busy` at once. Every call of the listener is in
   * order and none comes before `start` has returned or after `ended`, `failed` or `kill`.
   */
  start(slot: string, job: Job, listener: JobListener): JobHandle;
  /**
   * Whether the slot can work by this plan, as far as is known before the start; without it every
   * slot suits.
   */
  suits?(slot: string, training: TrainingPlan): boolean;
  /**
   * Why a slot does not suit a plan: `coming` while its machine gets the data; null when it suits,
   * or for no reason that is known.
   */
  obstacle?(slot: string, training: TrainingPlan): 'coming' | LabProblem | null;
  /**
   * Where a device computes; without it all devices are those of the lab's own machine, and their
   * engine is ''. null for an unknown device.
   */
  placeOf?(device: string): DevicePlace | null;
  /**
   * True while every slot suits every plan, so that `suits` need not be asked;
   * places of plans are looked at all the same.
   */
  readonly isUniform?: boolean;
  /** False while the machine of the slot is silent: its workers may be well. */
  reaches?(slot: string): boolean;
  /** Whether a job on this slot may outlive the lab's process, so that `adopt` finds it again. */
  outlives?(slot: string): boolean;
  /**
   * Takes up a job that an earlier process of this lab has started on the slot. A job that its
   * machine no longer has fails as `lost`, also when the machine does not come within its lease.
   */
  adopt?(slot: string, job: Job, listener: JobListener): JobHandle;
  /**
   * Ends all workers of this machine, without saving; jobs on other machines wait to be adopted.
   * Idempotent.
   */
  close(): Promise<void>;
}

export interface Slot {
  /** Stable word: `cpu:0`, `gpu:0:1`; on another machine `lena/gpu:0:1`. */
  name: string;
  device: string;
  /**
   * `starting`: its worker is not ready yet; `retired`: takes no other job; `broken`: its worker
   * cannot start, see `problem`.
   */
  state: 'starting' | 'ready' | 'busy' | 'retired' | 'broken';
  problem: string;
}

/** Weights that are kept elsewhere, readable more than once. */
export interface WeightsSource {
  /** Epochs done. */
  epoch: number;
  bytes: number;
  /** SHA-256, hexadecimal; the worker checks it after the last chunk. */
  sha256: string;
  /** Chunks of at most 1 MiB. */
  chunks(): AsyncIterable<Uint8Array>;
}

/** Everything a worker needs to know; equal jobs give equal numbers on equal engines. */
export interface Job {
  run: number;
  /** 1-based number of this start of the run. */
  attempt: number;
  /** For logs: `Study "M3", trial 17`. */
  title: string;
  graph: Graph;
  seed: number;
  training: TrainingPlan;
  /**
   * Epochs after which the worker waits for the verdict before it continues; after others it
   * continues at once.
   */
  rungs: readonly number[];
  /** Exact state to continue from; null starts at epoch 0. */
  resume: WeightsSource | null;
  /** One for each frozen node that is needed. */
  teachers: readonly { node: number; weights: WeightsSource }[];
  /** Seconds of training between two checkpoints, at ends of epochs; 0 saves after every epoch. */
  checkpointEvery: number;
}

/**
 * The scheduler's answer to an epoch; final. `save-and-stop`: hand over the final weights
 * first. After an epoch that is no rung the worker may already be ahead.
 */
export type Verdict = 'go-on' | 'stop' | 'save-and-stop';

/** Sign of life between epochs. */
export interface Progress {
  /** Epoch being trained, 1-based. */
  epoch: number;
  /** Updates done in it, of how many. 0 of 0 while compiling or loading. */
  step: number;
  steps: number;
  /**
   * Seconds for which its programs have been compiled, in one piece and deaf to requests; null when
   * they are not.
   */
  compiling: number | null;
  imagesPerSecond: number;
  /** Mean loss of node 1 over the steps of this epoch; absent before its first step. */
  loss?: number;
  /** Bytes of memory of the worker's process. */
  memory: number;
}

/** A checkpoint on its way from a worker. Consumed once; a broken transfer throws from `chunks`. */
export interface IncomingCheckpoint {
  epoch: number;
  purpose: 'resume' | 'final';
  bytes: number;
  sha256: string;
  chunks: AsyncIterable<Uint8Array>;
}

/** Orderly ends of a job. `halted`: it obeyed `JobHandle.stop`. */
export type JobEnd = 'completed' | 'stopped' | 'halted';

/** The scheduler's side of one job. */
export interface JobListener {
  /** The worker has everything it needs and begins. */
  started(environment: Environment): void;
  /** At least every 5 seconds while the worker lives, also while it compiles. */
  progress(progress: Progress): void;
  /**
   * After each epoch, in order. An epoch that was reported before a crash may come again. The
   * scheduler answers at once; an agent answers when its lab has.
   */
  epoch(metrics: EpochMetrics): Verdict | Promise<Verdict>;
  /**
   * The worker sends the next checkpoint only when this one is settled. A rejection is answered by
   * going on without it.
   */
  checkpoint(checkpoint: IncomingCheckpoint): Promise<void>;
  /** For the log. */
  log(level: 'info' | 'warning' | 'error', text: string): void;
  /**
   * `completed` comes after the final weights were handed over, `halted` after a checkpoint if it
   * was to be kept.
   */
  ended(end: JobEnd): void;
  failed(failure: Failure): void;
}

export interface JobHandle {
  /**
   * Asks for an orderly end: `now` leaves the epoch in progress, `after-epoch` finishes it.
   *
   * @param keep hand over a checkpoint of the last finished epoch first, so that the run can continue
   * later
   */
  stop(when: StopWhen, keep: boolean): void;
  /**
   * Ends the worker's process at once, when it hangs or misbehaves. No further call of the
   * listener.
   */
  kill(): void;
  /**
   * Leaves the job to itself, so that `adopt` finds it again. No further call of the listener; what
   * its worker reports meanwhile is not answered. Only where the slot `outlives` the lab.
   */
  leave?(): void;
}
