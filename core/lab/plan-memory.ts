import { imageBytes } from '../data/dataset.ts';
import { architecture } from '../models/architecture.ts';
import { trainingBytes } from '../models/cost.ts';
import type { StudyPlan } from '../study/plan.ts';

/** What is known of a data set before it is read. */
interface Images {
  readonly train: number;
  readonly test: number;
  readonly side: number;
  readonly classes: number;
}

/** Of all images: the set as it was read, and the engine's own. */
const COPIES = 2;

/**
 * Bytes that one training of a study needs at most: all images in the process and again in the
 * engine, and one step of the largest network that each node may have. Every slot needs them once.
 */
export function planMemory({ space, training }: StudyPlan, images: Images): number {
  const { train, test, side, classes } = images;
  const { batch } = training.recipe;
  const step = space.nodes.reduce((sum, { models }) => {
    const each = models.map((model) =>
      trainingBytes([architecture(model, images)], classes, batch),
    );
    return sum + Math.max(0, ...each);
  }, 0);
  return step + COPIES * (train + test) * imageBytes(side);
}
