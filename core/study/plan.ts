import * as v from 'valibot';
import { PROTOCOLS, type Purpose } from '../data/split.ts';
import { parseSpace } from '../graph/space.ts';
import { EPOCH_LIMIT, TRIAL_LIMIT } from '../search/rules/_base.ts';
import { asha } from '../search/rules/asha.ts';
import { ruleSchema } from '../search/rules/rules.ts';
import { samplerSchema } from '../search/samplers/samplers.ts';
import { computationSchema } from './computation.ts';
import { fractionSchema, lineSchema, seedSchema, whole } from './fields.ts';
import { type Place, placeSchema } from './place.ts';
import { priorSchema } from './prior.ts';
import { recipeSchema } from './recipe.ts';
import { startSchema } from './start.ts';

/** More slots than one lab reaches. */
export const IN_ORDER_LIMIT = 100_000;

/**
 * How one graph is trained; together with graph, seed and engine it decides every number of a run.
 */
export const trainingSchema = v.strictObject({
  /** Name of a data set that the lab knows (`cifar100`, `synthetic`) or the path of one. */
  data: lineSchema(4096),
  protocol: v.picklist(PROTOCOLS),
  purpose: v.picklist(['search', 'final'] satisfies Purpose[]),
  /** Seed of the held-out split: the same for all runs that are compared. */
  splitSeed: seedSchema,
  /** Epochs of a complete run; Linear gates end there. */
  epochs: whole(1, EPOCH_LIMIT),
  recipe: recipeSchema,
  /**
   * Where the device's usual way to make numbers is not wanted; no slot makes them in another way.
   */
  computation: v.exactOptional(computationSchema),
  /** Slots that may train it; absent, as in older plans: every slot. */
  place: v.exactOptional(placeSchema),
});

export type TrainingPlan = v.InferOutput<typeof trainingSchema>;

/** What is trained, wherever: workers, teachers and other labs need no place. */
export function withoutPlace({ place: _place, ...training }: TrainingPlan): TrainingPlan {
  return training;
}

/** A training bound to a place; null or an empty place binds it to none. */
export const withPlace = (training: TrainingPlan, place: Place | null): TrainingPlan => ({
  ...withoutPlace(training),
  ...(place && Object.keys(place).length > 0 && { place }),
});

/**
 * Returns equal texts for trainings whose numbers are comparable. Seeds, computation and
 * place are left out: they change single values, not how far the values lie apart.
 */
export const courseOf = ({ data, protocol, purpose, epochs, recipe }: TrainingPlan): string =>
  JSON.stringify([data, protocol, purpose, epochs, recipe]);

/**
 * Whether two trainings learn from the same images by the same recipe, and the same images judge
 * them. With the protocol `paper` both purposes use the same images.
 */
export function isJudgedAlike(a: TrainingPlan, b: TrainingPlan): boolean {
  const textOf = (plan: TrainingPlan): string => {
    const { protocol, purpose, splitSeed } = plan;
    const images =
      protocol === 'paper' ? [] : [purpose, ...(purpose === 'search' ? [splitSeed] : [])];
    return JSON.stringify([plan.data, protocol, images, plan.epochs, plan.recipe]);
  };
  return textOf(a) === textOf(b);
}

/** The paper's rule: the worst half stops at epochs 1, 2, 4, ... */
export const paperRule = asha.usual;

/**
 * Everything that decides which trials a study has and what they are; fixed once it is created, but
 * for `trials`. Its space comes out in normal form. Throws a LabError `space.*` for a space that is
 * wrong in itself; whether it holds any graph that can be trained is another question
 * (`requirePossible`).
 */
export const studyPlanSchema = v.strictObject({
  /**
   * Trial i's training seed comes from (seed, i) alone; so does its graph, unless the sampler learns.
   */
  seed: seedSchema,
  /** T: how many graphs in all. May be raised later. */
  trials: whole(1, TRIAL_LIMIT),
  space: v.pipe(v.unknown(), v.transform(parseSpace)),
  rule: ruleSchema,
  sampler: samplerSchema,
  /** Weights of its draws; absent, as in older plans: every choice is as likely. */
  prior: v.exactOptional(priorSchema),
  /** What its first trials are; absent, as in older plans: every trial is drawn. */
  start: v.exactOptional(startSchema),
  /**
   * Share of the stopped trials that run on, to tell how well the rule decides; absent, as in older
   * plans: none.
   */
  audit: v.exactOptional(fractionSchema),
  /**
   * Draws in order: trial i learns from trials up to i - this number, and from their accuracy at the
   * first rung only; absent, as in older plans: from all that is known at the draw.
   */
  inOrder: v.exactOptional(whole(1, IN_ORDER_LIMIT)),
  training: trainingSchema,
  /**
   * A drawn graph that cannot be trained (frozen target): draw again for the same trial, or let it
   * count as a trial.
   */
  rejected: v.picklist(['resample', 'count']),
  /**
   * A graph that an earlier trial has already (same canonical key): take over its result, or train
   * it again.
   */
  duplicates: v.picklist(['reuse', 'train']),
  /** How often a run that crashes is started again before it counts as failed. */
  retries: whole(0, 100),
});

export type StudyPlan = v.InferOutput<typeof studyPlanSchema>;
