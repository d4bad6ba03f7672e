import * as v from 'valibot';
import { modelSchema } from '../graph/schema.ts';
import { fractionSchema, idSchema, seedSchema, textSchema, timeSchema } from './fields.ts';
import { type TrainingPlan, trainingSchema } from './plan.ts';

/**
 * A network trained alone: its weights are the teacher in frozen nodes. Only the last weights are
 * kept.
 */
export const pretrainedSchema = v.strictObject({
  id: idSchema,
  /** Architecture's name. */
  model: modelSchema,
  training: trainingSchema,
  seed: seedSchema,
  /** The pretraining run; null for imported weights. */
  run: v.nullable(idSchema),
  /** Checkpoint that holds its weights; null until it is trained. */
  checkpoint: v.nullable(idSchema),
  /**
   * On the evaluation images of its plan, a fraction of 1; null until it is trained or when
   * unknown.
   */
  accuracy: v.nullable(fractionSchema),
  /** Where imported weights came from; '' for own training. */
  source: textSchema,
  /** A person asked for it: it is trained whether or not a study or re-run waits for it. */
  asked: v.boolean(),
  createdAt: timeSchema,
});

export type Pretrained = v.InferOutput<typeof pretrainedSchema>;

/**
 * Two pretrained networks are interchangeable iff this text is equal: same model, seed and
 * training. The split counts only where it decides which images were seen.
 */
export function pretrainedKey(model: string, training: TrainingPlan, seed: number): string {
  const { data, epochs, recipe, computation } = training;
  const images = imagesOf(training);
  return JSON.stringify([
    model,
    seed,
    data,
    images,
    epochs,
    recipe,
    ...(computation ? [computation] : []),
  ]);
}

/** How a frozen node of a graph names a network of the lab as its checkpoint. */
export const storedName = (id: number): string => `pretrained:${id}`;

/**
 * True for imported weights that may teach under a plan: of this model and these data, from no
 * images by which the plan judges. How they were trained is not known for sure and makes no
 * difference.
 */
export function mayTeach(imported: Pretrained, model: string, training: TrainingPlan): boolean {
  const images = imagesOf(training);
  const unseen = images.startsWith(HELD_OUT) && images !== imagesOf(imported.training);
  return (
    imported.run === null &&
    imported.model === model &&
    imported.training.data === training.data &&
    !unseen
  );
}

const HELD_OUT = 'held-out/';

/** Which images are trained on: all of them, or those of a split. */
const imagesOf = ({ protocol, purpose, splitSeed }: TrainingPlan): string =>
  protocol === 'paper' ? 'paper' : purpose === 'search' ? `${HELD_OUT}${splitSeed}` : 'final';
