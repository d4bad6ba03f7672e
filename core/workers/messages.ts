import * as v from 'valibot';
import { MAX_NODES } from '../graph/graph.ts';
import { checkpointSchema } from '../study/checkpoint.ts';
import { computationSchema } from '../study/computation.ts';
import { environmentSchema } from '../study/environment.ts';
import {
  graphRecord,
  lineSchema,
  seedSchema,
  sha256Schema,
  textSchema as text,
  whole,
} from '../study/fields.ts';
import { epochMetricsSchema } from '../study/metrics.ts';
import { trainingSchema } from '../study/plan.ts';
import { problemSchema } from '../base/problem.ts';
import { failureSchema, stopWhenSchema } from '../study/run.ts';

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

/** Rate limit per worker, chunks not counted; above it the worker is killed. */
export const MAX_MESSAGES_A_SECOND = 1000;

/** Largest weights, in bytes: a transfer is gathered in one buffer. */
const MAX_BYTES = 2 ** 31;

const count = whole();
const amount = v.pipe(v.number(), v.finite(), v.minValue(0));

/** Words that agents use as well. */
export const verdictSchema = v.picklist(['go-on', 'stop', 'save-and-stop']);
export const jobEndSchema = v.picklist(['completed', 'stopped', 'halted']);
export const logLevelSchema = v.picklist(['info', 'warning', 'error']);

/** Weights that are kept elsewhere, without the way to get them. */
export const weightsEntries = { epoch: count, bytes: whole(1, MAX_BYTES), sha256: sha256Schema };

/** Weights announced in a job; their chunks follow it, transfer by transfer. */
const weightsNotice = v.strictObject({ transfer: count, ...weightsEntries });
export type WeightsNotice = v.InferOutput<typeof weightsNotice>;

/** A `Job` without its weights. */
export const jobEntries = {
  run: count,
  attempt: count,
  title: text,
  graph: graphRecord,
  seed: seedSchema,
  training: trainingSchema,
  rungs: v.pipe(v.array(count), v.readonly()),
  checkpointEvery: amount,
};

/** A `Job` without its streams. */
const jobNotice = v.strictObject({
  ...jobEntries,
  resume: v.nullable(weightsNotice),
  teachers: v.pipe(
    v.array(v.strictObject({ node: count, weights: weightsNotice })),
    v.maxLength(MAX_NODES),
  ),
});
export type JobNotice = v.InferOutput<typeof jobNotice>;

/** Part of a transfer, in either direction; chunks of one transfer come in order. */
const chunk = v.strictObject({
  type: v.literal('chunk'),
  transfer: count,
  /** 0-based. */
  index: count,
  data: v.pipe(
    v.custom<Uint8Array>((data) => data instanceof Uint8Array, 'Expected bytes.'),
    v.check((data) => data.length > 0 && data.length <= CHUNK_BYTES, 'Expected 1 byte to 256 KiB.'),
  ),
});
export type ChunkMessage = v.InferOutput<typeof chunk>;

/** Lets the sender of a transfer continue. */
const chunkTaken = v.strictObject({
  type: v.literal('chunk-taken'),
  transfer: count,
  index: count,
});
export type ChunkTakenMessage = v.InferOutput<typeof chunkTaken>;

/** Gives up a transfer: the sender cannot continue, or the receiver does not want the rest. */
const transferEnded = v.strictObject({
  type: v.literal('transfer-ended'),
  transfer: count,
  problem: text,
});
export type TransferEndedMessage = v.InferOutput<typeof transferEnded>;

/** Which engine a worker opens: `auto` takes TensorFlow where its library is ready. */
const requestedEngineSchema = v.picklist(['auto', 'tensorflow', 'portable']);
export type RequestedEngine = v.InferOutput<typeof requestedEngineSchema>;

/** As `Progress` of the runner's contract. */
export const progressSchema = v.strictObject({
  epoch: count,
  step: count,
  steps: count,
  compiling: v.nullable(amount),
  imagesPerSecond: amount,
  loss: v.exactOptional(amount),
  memory: amount,
});

/** Lab to worker. */
export const toWorkerSchema = v.variant('type', [
  v.strictObject({
    type: v.literal('hello'),
    version: count,
    slot: lineSchema(100),
    engine: requestedEngineSchema,
    device: v.picklist(['cpu', 'gpu']),
    /** Holds for the life of the worker: its libraries read it once. */
    computation: computationSchema,
    dataFolder: v.nullable(text),
  }),
  v.strictObject({ type: v.literal('start'), job: jobNotice }),
  v.strictObject({
    type: v.literal('verdict'),
    run: count,
    epoch: count,
    verdict: verdictSchema,
  }),
  v.strictObject({
    type: v.literal('stop'),
    run: count,
    when: stopWhenSchema,
    keep: v.boolean(),
  }),
  /** The checkpoint of this transfer is stored, or could not be (`problem`). */
  v.strictObject({ type: v.literal('checkpoint-settled'), transfer: count, problem: text }),
  v.strictObject({ type: v.literal('shut-down') }),
  chunk,
  chunkTaken,
  transferEnded,
]);
export type ToWorker = v.InferOutput<typeof toWorkerSchema>;

/**
 * Worker to lab. Messages about a run carry its id. A transfer's number is given by its sender: the
 * same number may be used in both directions.
 */
export const toLabSchema = v.variant('type', [
  v.strictObject({ type: v.literal('ready'), version: count, engine: text, device: text }),
  /** It cannot start: its engine does not open. */
  v.strictObject({ type: v.literal('unable'), problem: problemSchema }),
  v.strictObject({ type: v.literal('started'), run: count, environment: environmentSchema }),
  v.strictObject({
    type: v.literal('heartbeat'),
    /** null between jobs. */
    run: v.nullable(count),
    progress: progressSchema,
  }),
  v.strictObject({ type: v.literal('epoch'), run: count, metrics: epochMetricsSchema }),
  v.strictObject({
    type: v.literal('checkpoint'),
    run: count,
    purpose: checkpointSchema.entries.purpose,
    weights: weightsNotice,
  }),
  v.strictObject({
    type: v.literal('ended'),
    run: count,
    end: jobEndSchema,
  }),
  v.strictObject({ type: v.literal('failed'), run: count, failure: failureSchema }),
  v.strictObject({
    type: v.literal('log'),
    run: v.nullable(count),
    level: logLevelSchema,
    text,
  }),
  chunk,
  chunkTaken,
  transferEnded,
]);
export type ToLab = v.InferOutput<typeof toLabSchema>;
