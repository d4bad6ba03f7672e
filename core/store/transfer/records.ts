import * as v from 'valibot';
import { graphKey } from '../../graph/canonical.ts';
import { parseGraph } from '../../graph/parse.ts';
import { modelSchema } from '../../graph/schema.ts';
import { outcomes } from '../../study/run.ts';
import {
  failureSchema,
  lineSchema,
  seedSchema,
  studyPlanSchema,
  textSchema as text,
  trainingSchema,
} from '../../study/schema.ts';

/**
 * The study file: one JSON record a line, in the order of `recordSchema`; the bytes of a checkpoint
 * follow its line. Records refer to others by their place in the file, so that the same study gives
 * the same bytes in every lab.
 */
export const FORMAT = 'ktg-study';
export const VERSION = 1;

/** Longest line, in bytes: a run of 200 epochs of seven nodes takes about 500 KiB. */
export const MAX_LINE = 64 << 20;

const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const priority = v.pipe(v.number(), v.safeInteger());
const time = v.nullable(whole);
/** Place of another record among those of its kind, 0-based. */
const place = v.nullable(whole);
const fraction = v.nullable(v.pipe(v.number(), v.minValue(0), v.maxValue(1)));
export const graphRecord = v.pipe(v.unknown(), v.transform(parseGraph));
const graph = graphRecord;
const packed = v.pipe(
  v.string(),
  v.maxLength(100_000),
  v.base64(),
  v.transform((base64) => new Uint8Array(Buffer.from(base64, 'base64'))),
);
const jobState = v.picklist(['ready', 'paused', 'stopped', 'completed']);

const study = v.strictObject({
  name: lineSchema(200),
  notes: text,
  plan: studyPlanSchema,
  state: jobState,
  priority,
  createdAt: whole,
  startedAt: time,
  endedAt: time,
});

export const environmentRecord = v.strictObject({
  app: text,
  revision: v.nullable(text),
  runtime: text,
  engine: text,
  platform: text,
  host: text,
  device: text,
  data: text,
});

const environment = environmentRecord;

const rejection = v.strictObject({ trial: whole, draw: whole, key: text, reason: text });

export const variantNames = ['graph', 'independent', 'kd', 'dml', 'all-through'] as const;

const variant = v.pipe(
  v.strictObject({ name: v.picklist(variantNames), graph }),
  v.transform((given) => ({ ...given, key: graphKey(given.graph) })),
);

const rerun = v.strictObject({
  name: lineSchema(200),
  trial: v.nullable(whole),
  variants: v.pipe(v.array(variant), v.minLength(1), v.maxLength(5)),
  seeds: v.pipe(v.array(seedSchema), v.minLength(1), v.maxLength(100)),
  training: trainingSchema,
  retries: whole,
  state: jobState,
  priority,
  createdAt: whole,
  startedAt: time,
  endedAt: time,
});

const attempt = v.strictObject({
  slot: lineSchema(200),
  fromEpoch: whole,
  environment: place,
  startedAt: whole,
  endedAt: time,
  outcome: v.nullable(v.picklist(outcomes)),
});

/** [seconds, nodes, edges], the last two packed as in metrics.ts and written as base64. */
const epoch = v.strictTuple([v.pipe(v.number(), v.minValue(0)), packed, packed]);

/** [number, epoch], as in `OpenTrial`. */
const openTrial = v.strictTuple([whole, v.pipe(v.number(), v.safeInteger(), v.minValue(-1))]);

const runFields = v.strictObject({
  kind: v.picklist(['trial', 'repeat', 'pretrain']),
  rerun: place,
  number: whole,
  variant: v.picklist(['', 'graph', 'independent', 'kd', 'dml', 'all-through']),
  graph,
  seed: seedSchema,
  training: trainingSchema,
  state: v.picklist([
    ...['waiting', 'completed', 'stopped', 'failed', 'out-of-memory'],
    ...['cancelled', 'rejected', 'duplicate'],
  ] as const),
  failure: v.nullable(failureSchema),
  rejection: v.nullable(text),
  duplicateOf: place,
  pinned: v.boolean(),
  dismissed: v.exactOptional(v.literal(true)),
  openTrials: v.exactOptional(v.array(openTrial)),
  createdAt: whole,
  startedAt: time,
  endedAt: time,
  attempts: v.pipe(v.array(attempt), v.maxLength(10_000)),
  epochs: v.pipe(v.array(epoch), v.maxLength(100_000)),
});

/** What only some runs have, they must have. */
const run = v.pipe(
  runFields,
  v.check(
    ({ kind, rerun: place }) => (kind === 'repeat') === (place !== null),
    'A repeat, and nothing else, is one of a re-run',
  ),
  v.check(
    ({ state, rejection: why }) => (state === 'rejected') === (why !== null),
    'What was rejected, and nothing else, says why',
  ),
  v.check(
    ({ state, duplicateOf }) => (state === 'duplicate') === (duplicateOf !== null),
    'A duplicate, and nothing else, is one of a run',
  ),
  v.check(
    ({ epochs, training }) => epochs.length <= training.epochs,
    'It has more epochs than it is to have',
  ),
);

const decision = v.strictObject({
  run: whole,
  rung: v.pipe(whole, v.minValue(1)),
  value: fraction,
  go: v.boolean(),
  n: whole,
  rank: v.nullable(whole),
  limit: v.nullable(whole),
  median: fraction,
  at: whole,
});

const pretrained = v.strictObject({
  model: modelSchema,
  training: trainingSchema,
  seed: seedSchema,
  run: whole,
  accuracy: fraction,
  source: text,
  createdAt: whole,
});

const checkpoint = v.strictObject({
  run: whole,
  epoch: whole,
  purpose: v.picklist(['resume', 'final']),
  bytes: v.pipe(whole, v.maxValue(2 ** 33)),
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  createdAt: whole,
});

/** Everything after the first line; the last record is `end`. */
export const recordSchema = v.union([
  v.strictObject({ environment }),
  v.strictObject({ rejection }),
  v.strictObject({ rerun }),
  v.strictObject({ run }),
  v.strictObject({ decision }),
  v.strictObject({ checkpoint }),
  v.strictObject({ pretrained }),
  /** SHA-256 of everything before this line. */
  v.strictObject({ end: v.pipe(v.string(), v.length(64)) }),
]);

export const headSchema = v.strictObject({
  format: v.literal(FORMAT),
  version: v.literal(VERSION),
  study,
});

export type StudyHead = v.InferInput<typeof headSchema>;
export type StudyRecord = v.InferInput<typeof recordSchema>;
export type ReadHead = v.InferOutput<typeof headSchema>;
export type PackedEpoch = v.InferOutput<typeof epoch>;
export type ReadRecord = v.InferOutput<typeof recordSchema>;
