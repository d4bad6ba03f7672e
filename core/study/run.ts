import * as v from 'valibot';
import { optionalSteps } from '../base/problem.ts';
import {
  fractionSchema,
  graphRecord,
  idSchema,
  lineSchema,
  seedSchema,
  textSchema,
  timeSchema,
  whole,
} from './fields.ts';
import { trainingSchema } from './plan.ts';
import { notesSchema, tagsSchema } from './tags.ts';
import { variantSchema } from './rerun.ts';
import { originSchema } from './start.ts';

/** A trial of a study, one seed of a re-run, or a network trained alone to become a teacher. */
const runKindSchema = v.picklist(['trial', 'repeat', 'pretrain']);
export type RunKind = v.InferOutput<typeof runKindSchema>;

/**
 * - `waiting`: for a slot; with epoch > 0 it continues from its last checkpoint.
 * - `running`: on a slot.
 * - `completed`: all epochs done.
 * - `stopped`: by the rule, at a rung; the decision says why.
 * - `failed`: could not continue; the failure says why.
 * - `out-of-memory`: did not fit on its device, at last not alone there; the failure gives advice.
 * - `cancelled`: a person stopped it.
 * - `rejected`: its graph cannot be trained; it was never started.
 * - `duplicate`: an earlier trial has the same graph and its result counts.
 */
export const runStateSchema = v.picklist([
  'waiting',
  'running',
  'completed',
  'stopped',
  'failed',
  'out-of-memory',
  'cancelled',
  'rejected',
  'duplicate',
]);
export type RunState = v.InferOutput<typeof runStateSchema>;

/**
 * - `crash`: the worker's process ended or threw; retried.
 * - `hang`: no sign of life for too long; retried.
 * - `lost`: the device or the connection to it went away; retried.
 * - `out-of-memory`: on the device or on the machine; retried once, then alone on its device.
 * - `nan`: a loss or an accuracy is not a number; the same seed would do it again.
 * - `data`: the data set is missing or damaged, or temporary files cannot be written.
 * - `teacher`: weights of a frozen node are missing or do not fit.
 * - `precision`: its device or engine cannot compute as the plan asks.
 * - `protocol`: the worker sent what the contract does not allow.
 */
const failureKinds = [
  'crash',
  'hang',
  'lost',
  'out-of-memory',
  'nan',
  'data',
  'teacher',
  'precision',
  'protocol',
] as const;
export type FailureKind = (typeof failureKinds)[number];

/** Why a run failed, from a worker or a file. */
export const failureSchema = v.strictObject({
  kind: v.picklist(failureKinds),
  /** Code of the LabError behind it, or ''. */
  code: textSchema,
  /** What was found. */
  message: textSchema,
  /** What to do next, phrased for the command line, or ''. */
  next: textSchema,
  /** What to do next, as data; not in records of older versions. */
  ...optionalSteps,
  /** Epoch in which it happened, 1-based; 0 before the first. */
  epoch: whole(),
});
export type Failure = v.InferOutput<typeof failureSchema>;

/**
 * An earlier trial whose result was not final when a trial was drawn: its number, and the last
 * epoch whose value was known, 0 if none was; -1 for one that had failed or was cancelled.
 */
export const openTrialSchema = v.pipe(v.strictTuple([whole(), whole(-1)]), v.readonly());
export type OpenTrial = v.InferOutput<typeof openTrialSchema>;

/** One graph trained once, from one seed. */
export const runSchema = v.strictObject({
  id: idSchema,
  kind: runKindSchema,
  /** The study of a trial; of a re-run or a pretraining, the study that it was made for, if any. */
  study: v.nullable(idSchema),
  rerun: v.nullable(idSchema),
  /** Trial: 0-based number in its study. Repeat: 0-based number of its seed. Pretraining: 0. */
  number: whole(),
  /** Repeat: which graph of the re-run it trains, as in `Rerun.variants`; else ''. */
  variant: v.union([v.literal(''), variantSchema.entries.name]),
  graph: graphRecord,
  /** Canonical key of the graph. */
  key: v.string(),
  seed: seedSchema,
  training: trainingSchema,
  state: runStateSchema,
  /** Epochs done and reported. */
  epoch: whole(),
  /** Target's accuracy at the last reported epoch; null before, NaN never. */
  accuracy: v.nullable(fractionSchema),
  failure: v.nullable(failureSchema),
  /** Why the graph was rejected. */
  rejection: v.nullable(textSchema),
  /** Id of the run whose result counts for this one. */
  duplicateOf: v.nullable(idSchema),
  /** How often it was started, crashes included. */
  attempts: whole(),
  /** A person wants its final weights kept. */
  pinned: v.boolean(),
  /** A person has stopped this very run: it is not taken up again with its study. */
  dismissed: v.boolean(),
  /**
   * Of a trial whose sampler learns: what was not known when it was drawn. Of all other earlier
   * trials it knew everything that is recorded of them; so the draw can be repeated. In a study in
   * order: the earlier trials without a value that it waited for no longer. null where nothing was
   * learnt from.
   */
  openTrials: v.nullable(v.pipe(v.array(openTrialSchema), v.readonly())),
  /**
   * Of a trial: the way of drawing that chose its graph (`DRAW_VERSION` of the lab that drew it); null
   * where the lab did not record it yet, and for a trial that no lab of this kind has drawn.
   */
  drawVersion: v.nullable(whole(1)),
  /** Of a trial that its study begins with: where its graph comes from; null for a drawn one. */
  origin: v.nullable(originSchema),
  /**
   * The epoch at which the rule stopped a trial that runs on for the audit of the rule; null for
   * all others. Its later values count for no rank, its end for no best.
   */
  audit: v.nullable(whole(1)),
  /** What a person wrote about it. */
  notes: notesSchema,
  tags: tagsSchema,
  createdAt: timeSchema,
  startedAt: v.nullable(timeSchema),
  endedAt: v.nullable(timeSchema),
  /** Sum of the reported epochs' seconds. */
  seconds: v.pipe(v.number(), v.minValue(0)),
});
export type Run = v.InferOutput<typeof runSchema>;

/** What every run begins with. */
export const newRun = {
  state: 'waiting',
  epoch: 0,
  accuracy: null,
  failure: null,
  rejection: null,
  duplicateOf: null,
  attempts: 0,
  pinned: false,
  dismissed: false,
  openTrials: null,
  drawVersion: null,
  origin: null,
  audit: null,
  notes: '',
  tags: [],
  startedAt: null,
  endedAt: null,
  seconds: 0,
} as const satisfies Partial<Run>;

/**
 * One start of a run on a slot: the bars of the timeline, and which environment made which epochs.
 */
export const attemptSchema = v.strictObject({
  run: idSchema,
  /** 1-based. */
  number: whole(1),
  /** Name of the slot, such as `cpu:0`. */
  slot: lineSchema(200),
  /** Epochs done before; it made the epochs after this one, until the next attempt's. */
  fromEpoch: whole(),
  environment: v.nullable(idSchema),
  startedAt: timeSchema,
  endedAt: v.nullable(timeSchema),
  /** How it ended; null while it runs. `interrupted`: the lab itself ended. */
  outcome: v.nullable(
    v.picklist([
      ...['completed', 'stopped', 'paused', 'cancelled', 'interrupted'],
      ...failureKinds,
    ] as const),
  ),
});
export type Attempt = v.InferOutput<typeof attemptSchema>;

/** When a slot stops the run that it works on. */
export const stopWhenSchema = v.picklist(['now', 'after-epoch']);
export type StopWhen = v.InferOutput<typeof stopWhenSchema>;
