/** Studies that train for real within seconds: few small pictures, few epochs. */
import { paperSpace } from '../../core/graph/space.ts';
import { openLabFile } from '../../core/store/file/lab-file.ts';
import type { NewStudy } from '../../core/store/store.ts';
import { paperRule, type StudyPlan } from '../../core/study/plan.ts';
import { recipeFor } from '../../core/study/recipe.ts';

interface Size {
  nodes: number;
  trials: number;
  epochs: number;
  /** Training images. */
  images: number;
}

export const tinyPlan = ({ nodes, trials, epochs, images }: Size): StudyPlan => ({
  seed: 5,
  trials,
  space: { ...paperSpace(nodes, 'resnet8', ['resnet8']), frozen: false },
  rule: paperRule,
  sampler: 'random',
  training: {
    data: `synthetic:train=${images},test=${images}`,
    protocol: 'held-out',
    purpose: 'search',
    splitSeed: 0,
    epochs,
    recipe: recipeFor(epochs),
  },
  rejected: 'resample',
  duplicates: 'reuse',
  retries: 2,
});

/** Writes studies that wait to be started to a lab file that nobody holds. */
export function addStudies(labFile: string, studies: Pick<NewStudy, 'name' | 'plan'>[]): void {
  const store = openLabFile(labFile);
  for (const study of studies)
    store.addStudy({ priority: 0, notes: '', createdAt: Date.now(), ...study });
  store.close();
}
