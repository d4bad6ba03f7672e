import { problemOf } from '../base/errors.ts';
import type { LabProblem } from '../base/problem.ts';
import { stepsPerEpoch } from '../data/batches.ts';
import { heldOutCount } from '../data/split.ts';
import { architecture } from '../models/architecture.ts';
import type { StudyPlan } from '../study/plan.ts';

/** What a plan needs to know of its images. */
export interface PlannedImages {
  train: number;
  test: number;
  side: number;
  classes: number;
  /** Of the training images, so many judge a search by the set's own choice. */
  validation: number;
}

/**
 * The first network of a plan that cannot halve the images of its data set, or too few images for
 * one batch; null for none.
 */
export function misfitOf({ space, training }: StudyPlan, images: PlannedImages): LabProblem | null {
  try {
    for (const model of space.nodes.flatMap(({ models }) => models)) architecture(model, images);
    stepsPerEpoch(trainedOn(images, training), training.recipe.batch);
    return null;
  } catch (error) {
    return problemOf(error);
  }
}

/** Images that a run of a plan trains on. */
function trainedOn({ train, validation }: PlannedImages, training: StudyPlan['training']): number {
  if (training.protocol === 'paper' || training.purpose === 'final') return train;
  return train - (validation > 0 ? validation : heldOutCount(train));
}
