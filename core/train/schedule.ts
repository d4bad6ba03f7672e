import type { StepForm } from '../engine/engine.ts';
import { cropOf, type Recipe } from '../study/recipe.ts';

/** Factor of the learning rate at each drop. */
export const DROP_FACTOR = 0.1;

/** The parts of a recipe that decide its learning rate. */
type Schedule = Pick<Recipe, 'learningRate' | 'drops' | 'schedule' | 'warmup'>;

/**
 * Returns the learning rate of a 1-based epoch of a run of `epochs`: the base rate, times 0.1 from
 * each of the `drops` (1-based epochs) on, or along half a cosine to 0; during a warm-up of W epochs
 * times epoch / W.
 */
export function learningRate(epoch: number, recipe: Schedule, epochs: number): number {
  const share =
    recipe.schedule === 'cosine'
      ? 0.5 * (1 + Math.cos((Math.PI * (epoch - 1)) / epochs))
      : DROP_FACTOR ** recipe.drops.filter((drop) => epoch >= drop).length;
  const warm = recipe.warmup === undefined ? 1 : Math.min(1, epoch / recipe.warmup);
  return recipe.learningRate * share * warm;
}

/** Returns the parts of a recipe that change the computation of a step. */
export function stepForm(recipe: Recipe): Partial<StepForm> {
  const { nesterov, padding, resizedCrop, normalise, frozen } = recipe;
  return {
    ...(nesterov === false && { nesterov }),
    ...((padding ?? resizedCrop) && { crop: cropOf(recipe) }),
    ...(normalise && { normalise }),
    ...(frozen && { frozenMode: frozen }),
  };
}

/**
 * Returns the weight c / c_end of the Linear gate (equation 5) in the c-th update (1-based) of a
 * run of `updates`: the `progress` of a gate's `weight`.
 */
export const linearWeight = (update: number, updates: number): number => update / updates;
