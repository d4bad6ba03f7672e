import type { Graph } from '../graph/graph.ts';
import type { Job, JobEnd, Progress, Verdict } from '../search/runner.ts';
import type { CheckpointPurpose } from '../study/checkpoint.ts';
import type { RequestedComputation } from '../study/computation.ts';
import type { Environment } from '../study/environment.ts';
import type { EpochMetrics } from '../study/metrics.ts';
import type { TrainingPlan } from '../study/plan.ts';
import type { LabProblem } from '../base/problem.ts';
import type { Failure, StopWhen } from '../study/run.ts';

/**
 * A change of any message needs a new number; lab and worker refuse one that differs from their
 * own.
 */
export const MESSAGES_VERSION = 4;

/**
 * Chunks are at most this long, in bytes: written as text and read again, one holds the lab's event
 * loop for 1 to 4 ms.
 */
export const CHUNK_BYTES = 1 << 18;

/** Chunks that a sender may be ahead of the last `chunk-taken`. */
export const CHUNKS_AHEAD = 16;

/** Messages of a worker in one second, chunks aside, beyond which it has gone mad. */
export const MAX_MESSAGES_A_SECOND = 1000;

/** Which engine a worker opens: `auto` takes TensorFlow where its library is ready. */
export type RequestedEngine = 'auto' | 'tensorflow' | 'portable';

/** Weights announced in a job; their chunks follow it, transfer by transfer. */
export interface WeightsNotice {
  transfer: number;
  epoch: number;
  bytes: number;
  sha256: string;
}

/** A `Job` without its streams. */
export type JobNotice = Omit<Job, 'graph' | 'training' | 'resume' | 'teachers'> & {
  graph: Graph;
  training: TrainingPlan;
  resume: WeightsNotice | null;
  teachers: { node: number; weights: WeightsNotice }[];
};

/** Part of a transfer, in either direction; chunks of one transfer come in order. */
export interface ChunkMessage {
  type: 'chunk';
  transfer: number;
  /** 0-based. */
  index: number;
  data: Uint8Array;
}

/** Lets the sender of a transfer go on. */
export interface ChunkTakenMessage {
  type: 'chunk-taken';
  transfer: number;
  index: number;
}

/** Gives up a transfer: the sender cannot go on, or the receiver does not want the rest. */
export interface TransferEndedMessage {
  type: 'transfer-ended';
  transfer: number;
  problem: string;
}

/** Lab to worker. */
export type ToWorker =
  | {
      type: 'hello';
      version: number;
      slot: string;
      engine: RequestedEngine;
      device: 'cpu' | 'gpu';
      /** Holds for the life of the worker: its libraries read it once. */
      computation: RequestedComputation;
      dataFolder: string | null;
    }
  | { type: 'start'; job: JobNotice }
  | { type: 'verdict'; run: number; epoch: number; verdict: Verdict }
  | { type: 'stop'; run: number; when: StopWhen; keep: boolean }
  /** The checkpoint of this transfer is stored, or could not be (`problem`). */
  | { type: 'checkpoint-settled'; transfer: number; problem: string }
  | { type: 'shut-down' }
  | ChunkMessage
  | ChunkTakenMessage
  | TransferEndedMessage;

/**
 * Worker to lab. Messages about a run carry its id. A transfer's number is given by its sender: the
 * same number may be used in both directions.
 */
export type ToLab =
  | { type: 'ready'; version: number; engine: string; device: string }
  /** It cannot begin: its engine does not open. */
  | { type: 'unable'; problem: LabProblem }
  | { type: 'started'; run: number; environment: Environment }
  /** `run` is null between jobs. */
  | { type: 'heartbeat'; run: number | null; progress: Progress }
  | { type: 'epoch'; run: number; metrics: EpochMetrics }
  | {
      type: 'checkpoint';
      run: number;
      purpose: CheckpointPurpose;
      weights: WeightsNotice;
    }
  | { type: 'ended'; run: number; end: JobEnd }
  | { type: 'failed'; run: number; failure: Failure }
  | { type: 'log'; run: number | null; level: 'info' | 'warning' | 'error'; text: string }
  | ChunkMessage
  | ChunkTakenMessage
  | TransferEndedMessage;
