/** Factor of the learning rate at each drop. */
export const DROP_FACTOR = 0.1;

/**
 * Returns the learning rate of a 1-based epoch: the base rate, times 0.1 from each of the `drops`
 * (1-based epochs) on.
 */
export const learningRate = (
  epoch: number,
  recipe: { readonly learningRate: number; readonly drops: readonly number[] },
): number =>
  recipe.learningRate * DROP_FACTOR ** recipe.drops.filter((drop) => epoch >= drop).length;

/**
 * Returns the weight c / c_end of the Linear gate (equation 5) in the c-th update (1-based) of a
 * run of `updates`: the `progress` of a gate's `weight`.
 */
export const linearWeight = (update: number, updates: number): number => update / updates;
