import type { TrainingPlan } from '../../../core/lab/api.ts';
import { recipeFor } from '../../../core/study/recipe.ts';

/** Letters that the name of a re-run may have. */
export const MAX_NAME = 200;

/** How a graph without a trial is trained: on all training images, by the usual recipe. */
export const graphTraining = (data: string, epochs: number): TrainingPlan => ({
  ...({ data, protocol: 'held-out', purpose: 'final' } as const),
  ...{ splitSeed: 0, epochs, recipe: recipeFor(epochs) },
});
