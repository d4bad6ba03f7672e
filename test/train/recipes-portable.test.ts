import { test } from 'node:test';
import { openEngine } from '../../core/engine/open.ts';
import { recipeFor, withResizedCrop } from '../../core/study/recipe.ts';
import { Steps } from '../../core/train/steps.ts';
import { assertSame, EPOCHS, interrupted, small, trained } from './recipe-runs.ts';

test('RepDistiller with resized crops resumes to the last bit on the portable engine', async () => {
  const portable = await openEngine({ engine: 'portable' });
  const steps = new Steps(portable);
  const recipe = withResizedCrop(small(recipeFor(EPOCHS, 'repdistiller')));
  assertSame(await interrupted(steps, recipe), await trained(steps, recipe));
  steps.dispose();
  portable.dispose();
});
