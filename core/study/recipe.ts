import * as v from 'valibot';
import { type Crop, paperPadding } from '../data/batches.ts';
import { whole } from './fields.ts';

const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));
const channels = v.pipe(v.array(v.pipe(v.number(), v.finite())), v.length(3));

const recipeFields = v.strictObject({
  /** Images in a batch. */
  batch: whole(1, 65_536),
  learningRate: v.pipe(positive, v.maxValue(1000)),
  momentum: v.pipe(v.number(), v.minValue(0), v.ltValue(1)),
  weightDecay: v.pipe(v.number(), v.minValue(0), v.maxValue(10)),
  /** 1-based epochs from which the learning rate is multiplied by 0.1 once more. */
  drops: v.pipe(v.array(whole(1)), v.maxLength(100)),
  /** Cosine to 0 at the end of the run, instead of drops. */
  schedule: v.exactOptional(v.literal('cosine')),
  /** Epochs in which the learning rate grows linearly to its full value. */
  warmup: v.exactOptional(whole(1, 1000)),
  /** Absent: Nesterov's momentum. */
  nesterov: v.exactOptional(v.literal(false)),
  /** Pixels around an image before the crop; absent: 4 reflected ones. */
  padding: v.exactOptional(
    v.strictObject({ mode: v.picklist(['reflect', 'zero']), pixels: whole(0, 16) }),
  ),
  /**
   * Random parts of at least this share of the area, resized to the image, instead of padding and
   * crop: for photographs.
   */
  resizedCrop: v.exactOptional(v.strictObject({ area: v.pipe(positive, v.maxValue(1)) })),
  /** Mean and standard deviation per channel of images in [0, 1]; absent: as they are. */
  normalise: v.exactOptional(
    v.strictObject({ mean: channels, std: v.pipe(v.array(positive), v.length(3)) }),
  ),
  /** How frozen nodes normalise; absent: by the batch, like the others. */
  frozen: v.exactOptional(v.literal('eval')),
});

/**
 * How networks are updated: SGD with momentum, coupled weight decay, a schedule of the learning
 * rate, and the images that networks see. Absent fields are as in the paper.
 */
export const recipeSchema = v.pipe(
  recipeFields,
  v.check(
    ({ padding, resizedCrop }) => padding === undefined || resizedCrop === undefined,
    'Expected a padding or a resized crop, not both.',
  ),
);

export type Recipe = v.InferOutput<typeof recipeSchema>;

/** Smallest share of the area of a resized crop, as published (Inception, torchvision). */
const RESIZED_AREA = 0.08;

/** Returns a recipe with random resized crops instead of its padding and crop. */
export function withResizedCrop({ padding: _, ...recipe }: Recipe): Recipe {
  return { ...recipe, resizedCrop: { area: RESIZED_AREA } };
}

/** Returns a recipe with the padding and crop of the published recipe that it is. */
export function withPaddedCrop({ resizedCrop, ...recipe }: Recipe): Recipe {
  if (resizedCrop === undefined) return recipe;
  const name = recipeName({ ...recipe, resizedCrop }) ?? 'paper';
  const { padding }: Recipe = recipes[name].recipe;
  return { ...recipe, ...(padding && { padding }) };
}

/** Returns how a recipe cuts training images out. */
export function cropOf({ padding, resizedCrop }: Recipe): Crop {
  return resizedCrop ? { mode: 'resized', ...resizedCrop } : (padding ?? paperPadding);
}

/** The authors' recipe (paper and published training code), for 200 epochs. */
const paperRecipe: Recipe = {
  batch: 64,
  learningRate: 0.1,
  momentum: 0.9,
  weightDecay: 5e-4,
  drops: [60, 120, 180],
};

/** The authors' number of epochs. */
export const PAPER_EPOCHS = 200;

/** Mean and standard deviation of CIFAR-100's training images, as RepDistiller rounds them. */
const cifar = { mean: [0.5071, 0.4867, 0.4408], std: [0.2675, 0.2565, 0.2761] };
const zeroPadding = { mode: 'zero', pixels: 4 } as const;

/** Published recipes, each for its own number of epochs. */
export const recipes = {
  paper: {
    title: 'Paper',
    summary: 'Nesterov, drops at 60, 120 and 180 of 200 epochs, reflected padding.',
    epochs: PAPER_EPOCHS,
    recipe: paperRecipe,
  },
  repdistiller: {
    title: 'RepDistiller',
    summary:
      'The CIFAR-100 benchmark of knowledge distillation: rate 0.05 without Nesterov, drops after 150, 180 and 210 of 240 epochs, zero padding, normalised images, frozen networks in evaluation mode.',
    epochs: 240,
    recipe: {
      ...paperRecipe,
      learningRate: 0.05,
      drops: [151, 181, 211],
      nesterov: false,
      padding: zeroPadding,
      normalise: cifar,
      frozen: 'eval',
    },
  },
  cosine: {
    title: 'Cosine',
    summary: 'Nesterov, a cosine from 0.1 to 0, zero padding, normalised images.',
    epochs: PAPER_EPOCHS,
    recipe: {
      ...paperRecipe,
      drops: [],
      schedule: 'cosine',
      padding: zeroPadding,
      normalise: cifar,
    },
  },
} as const satisfies Record<
  string,
  { title: string; summary: string; epochs: number; recipe: Recipe }
>;

export type RecipeName = keyof typeof recipes;
export const recipeNames = Object.keys(recipes) as RecipeName[];

/** Returns a published recipe with its drops at the same shares of a run of another length. */
export function recipeFor(epochs: number, name: RecipeName = 'paper'): Recipe {
  const { recipe, epochs: usual } = recipes[name];
  const drops = scaledDrops(recipe.drops, usual, epochs);
  return { ...structuredClone<Recipe>(recipe), drops };
}

/**
 * Returns the drops of a run of `usual` epochs at the same shares of a run of `epochs`: distinct,
 * increasing, at least two epochs apart and after the first epoch. A run too short for all of them
 * loses the first ones.
 */
export function scaledDrops(drops: readonly number[], usual: number, epochs: number): number[] {
  const scaled = drops.map((drop) => Math.floor((drop * epochs) / usual + 0.5));
  while (scaled.some((drop, i) => drop - (scaled[i - 1] ?? 0) < 2)) scaled.shift();
  return scaled;
}

/**
 * Returns the published recipe that a recipe is, whatever its batch, run, and whether it resizes its
 * crops; undefined for none.
 */
export function recipeName(recipe: Recipe): RecipeName | undefined {
  const text = ({ batch: _, drops: __, ...rest }: Recipe): string =>
    JSON.stringify(Object.entries(rest).sort());
  const published = (name: RecipeName): Recipe =>
    recipe.resizedCrop ? withResizedCrop(recipes[name].recipe) : recipes[name].recipe;
  return recipeNames.find((name) => text(published(name)) === text(recipe));
}
