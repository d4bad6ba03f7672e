import { type Recipe, recipeFor, recipeNames, withResizedCrop } from '../study/recipe.ts';
import type { Options, Values } from './command.ts';
import { choiceOf, integerOption, textOf } from './values.ts';

/** Options that decide how networks are updated and which images they see. */
export const recipeOptions = {
  recipe: {
    type: 'string',
    value: recipeNames.join('|'),
    help: 'how networks are updated; default paper',
  },
  warmup: {
    type: 'string',
    value: 'N',
    help: 'epochs in which the learning rate grows to its full value; default none',
  },
  crop: {
    type: 'string',
    value: 'padded|resized',
    help:
      'how training images are cut out: padded as in the recipe (default), or random parts ' +
      'resized, for photographs',
  },
  batch: { type: 'string', value: 'N', help: 'images in a batch; default 64' },
} as const satisfies Options;

/** Returns the recipe of a run of `epochs`. */
export function recipeFrom(values: Values, epochs: number): Recipe {
  const usual = recipeFor(epochs, choiceOf(values, 'recipe', recipeNames, 'paper'));
  const crop = choiceOf(values, 'crop', ['padded', 'resized'], 'padded');
  const recipe = crop === 'resized' ? withResizedCrop(usual) : usual;
  return {
    ...recipe,
    batch: integerOption(values, 'batch', recipe.batch, 1, 65_536),
    ...(textOf(values, 'warmup') !== undefined && {
      warmup: integerOption(values, 'warmup', 1, 1, 1000),
    }),
  };
}
