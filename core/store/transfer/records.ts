import * as v from 'valibot';
import { graphKey } from '../../graph/canonical.ts';
import { checkpointSchema } from '../../study/checkpoint.ts';
import { environmentSchema } from '../../study/environment.ts';
import { decisionSchema, flatReasonFields, reasonFrom } from '../../study/decision.ts';
import { timeSchema, whole } from '../../study/fields.ts';
import { pretrainedSchema } from '../../study/pretrained.ts';
import { MAX_VARIANTS, ablationSchema, rerunSchema, variantSchema } from '../../study/rerun.ts';
import { attemptSchema, openTrialSchema, runSchema, runStateSchema } from '../../study/run.ts';
import { originSchema } from '../../study/start.ts';
import { jobStateSchema, rejectionSchema, studySchema } from '../../study/study.ts';
import { notesSchema, tagsSchema } from '../../study/tags.ts';

/**
 * The study file: one JSON record a line, in the order of `recordSchema`; the bytes of a checkpoint
 * follow its line. Records refer to others by their place in the file, so that the same study gives
 * the same bytes in every lab.
 */
export const FORMAT = 'ktg-study';
export const VERSION = 2;
/** Versions that can be read. */
export const VERSIONS = [1, VERSION] as const;

/** Longest line, in bytes: a run of 200 epochs of seven nodes takes about 500 KiB. */
export const MAX_LINE = 64 << 20;

/** Place of another record among those of its kind, 0-based. */
const place = whole();
const packed = v.pipe(
  v.string(),
  v.maxLength(100_000),
  v.base64(),
  v.transform((base64) => new Uint8Array(Buffer.from(base64, 'base64'))),
);
/** Nothing runs in a file. */
const atRest = <State extends string>(states: readonly State[]) =>
  v.picklist(states.filter((state): state is Exclude<State, 'running'> => state !== 'running'));
const jobState = atRest(jobStateSchema.options);

const study = v.strictObject({
  ...v.omit(studySchema, ['id', 'problem']).entries,
  /** Absent where there are none, as in files of earlier versions. */
  tags: v.exactOptional(tagsSchema),
  state: jobState,
});

const rejection = v.omit(rejectionSchema, ['study']);

const variant = v.pipe(
  v.omit(variantSchema, ['key']),
  v.transform((given) => ({ ...given, key: graphKey(given.graph) })),
);

const rerun = v.strictObject({
  ...v.omit(rerunSchema, ['id', 'study', 'problem']).entries,
  variants: v.pipe(v.array(variant), v.minLength(1), v.maxLength(MAX_VARIANTS)),
  /** Absent for a re-run with baselines, as in files of earlier versions. */
  ablation: v.exactOptional(ablationSchema),
  state: jobState,
});

const attempt = v.strictObject({
  ...v.omit(attemptSchema, ['run', 'number']).entries,
  environment: v.nullable(place),
});

/** [seconds, nodes, edges], the last two packed as in metrics.ts and written as base64. */
const epoch = v.strictTuple([v.pipe(v.number(), v.minValue(0)), packed, packed]);

/** What follows from other records is left out. */
const runFields = v.strictObject({
  ...v.omit(runSchema, ['id', 'study', 'key', 'epoch', 'accuracy', 'seconds']).entries,
  rerun: v.nullable(place),
  state: atRest(runStateSchema.options),
  duplicateOf: v.nullable(place),
  dismissed: v.exactOptional(v.literal(true)),
  openTrials: v.exactOptional(v.array(openTrialSchema)),
  drawVersion: v.exactOptional(whole(1)),
  origin: v.exactOptional(originSchema),
  audit: v.exactOptional(whole(1)),
  notes: v.exactOptional(notesSchema),
  tags: v.exactOptional(tagsSchema),
  attempts: v.pipe(v.array(attempt), v.maxLength(10_000)),
  epochs: v.pipe(v.array(epoch), v.maxLength(100_000)),
});

/** What only some runs have, they must have. */
const run = v.pipe(
  runFields,
  v.check(
    ({ kind, rerun: place }) => (kind === 'repeat') === (place !== null),
    'Only a repeat belongs to a re-run',
  ),
  v.check(
    ({ state, rejection: why }) => (state === 'rejected') === (why !== null),
    'Only a rejected trial has a reason',
  ),
  v.check(
    ({ state, duplicateOf }) => (state === 'duplicate') === (duplicateOf !== null),
    'Only a duplicate refers to another run',
  ),
  v.check(
    ({ epochs, training }) => epochs.length <= training.epochs,
    'It has more epochs than its plan',
  ),
);

const placed = { run: place, at: timeSchema };

/** Version 1 has the numbers of a reason only. */
const decision = v.union([
  v.strictObject({ ...decisionSchema.entries, ...placed }),
  v.pipe(
    v.strictObject({
      ...v.omit(decisionSchema, ['reason']).entries,
      ...flatReasonFields,
      ...placed,
    }),
    v.transform(({ n, rank, limit, median, ...rest }) => ({
      ...rest,
      reason: reasonFrom(rest.value, { n, rank, limit, median }),
    })),
  ),
]);

const pretrained = v.strictObject({
  ...v.omit(pretrainedSchema, ['id', 'checkpoint', 'asked']).entries,
  run: place,
});

const checkpoint = v.strictObject({ ...v.omit(checkpointSchema, ['id']).entries, run: place });

/** Everything after the first line; the last record is `end`. */
export const recordSchema = v.union([
  v.strictObject({ environment: environmentSchema }),
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
  version: v.picklist(VERSIONS),
  study,
});

export type StudyHead = v.InferInput<typeof headSchema>;
export type StudyRecord = v.InferInput<typeof recordSchema>;
export type ReadHead = v.InferOutput<typeof headSchema>;
export type PackedEpoch = v.InferOutput<typeof epoch>;
export type ReadRecord = v.InferOutput<typeof recordSchema>;
