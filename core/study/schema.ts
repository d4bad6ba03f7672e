import * as v from 'valibot';
import { optionalSteps } from '../base/problem.ts';
import { parseSpace } from '../graph/space.ts';
import { EPOCH_LIMIT, TRIAL_LIMIT } from '../search/rules/_base.ts';
import { ruleSchema } from '../search/rules/rules.ts';
import { samplerSchema } from '../search/samplers/samplers.ts';
import { type RequestedComputation, compilers, precisions } from './computation.ts';
import type { StudyPlan, TrainingPlan } from './plan.ts';
import { type Failure, failureKinds } from './run.ts';

/** Longest text of a record, in characters. */
const MAX_TEXT = 20_000;

const whole = (least: number, most = Number.MAX_SAFE_INTEGER) =>
  v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(most));
const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));

/** Any seed of a random stream. */
export const seedSchema = whole(0);

/** A line of text from outside: names, titles, data sets. */
export const lineSchema = (most: number) =>
  v.pipe(
    v.string(),
    v.minLength(1),
    v.maxLength(most),
    v.check(
      (text) => text.isWellFormed() && !/\p{Cc}/u.test(text),
      'Expected one line of text without control characters.',
    ),
  );

/** Any text of a record from outside: messages, versions. */
export const textSchema = v.pipe(v.string(), v.maxLength(MAX_TEXT));

/** Why a run failed, from a worker or a file. */
export const failureSchema: v.GenericSchema<unknown, Failure> = v.strictObject({
  kind: v.picklist(failureKinds),
  code: textSchema,
  message: textSchema,
  next: textSchema,
  ...optionalSteps,
  epoch: whole(0),
});

const recipe = v.strictObject({
  batch: whole(1, 65_536),
  learningRate: v.pipe(positive, v.maxValue(1000)),
  momentum: v.pipe(v.number(), v.minValue(0), v.ltValue(1)),
  weightDecay: v.pipe(v.number(), v.minValue(0), v.maxValue(10)),
  drops: v.pipe(v.array(whole(1)), v.maxLength(100)),
});

/** A wish for how numbers are made, from outside. */
export const computationSchema: v.GenericSchema<unknown, RequestedComputation> = v.strictObject({
  compiler: v.exactOptional(v.picklist(compilers)),
  precision: v.exactOptional(v.picklist(precisions)),
  deterministic: v.exactOptional(v.boolean()),
});

/** A training plan from outside, as it is. */
export const trainingSchema: v.GenericSchema<unknown, TrainingPlan> = v.strictObject({
  data: lineSchema(4096),
  protocol: v.picklist(['paper', 'held-out']),
  purpose: v.picklist(['search', 'final']),
  splitSeed: seedSchema,
  epochs: whole(1, EPOCH_LIMIT),
  recipe,
  computation: v.exactOptional(computationSchema),
});

/**
 * A study plan from outside; its space comes out in normal form. Throws a LabError `space.*` for a
 * space that is wrong in itself; whether it holds any graph that can be trained is another question
 * (`requirePossible`).
 */
export const studyPlanSchema: v.GenericSchema<unknown, StudyPlan> = v.strictObject({
  seed: seedSchema,
  trials: whole(1, TRIAL_LIMIT),
  space: v.pipe(v.unknown(), v.transform(parseSpace)),
  rule: ruleSchema,
  sampler: samplerSchema,
  training: trainingSchema,
  rejected: v.picklist(['resample', 'count']),
  duplicates: v.picklist(['reuse', 'train']),
  retries: whole(0, 100),
});
