import { LabError } from '../base/errors.ts';
import { type RandomStream, shuffle, stream } from '../base/random.ts';

/**
 * Numbers that describe one image of a training batch: image index, flip, row offset, column
 * offset. Offsets of a resized crop hold start and length of its part (`LENGTH_UNIT`).
 */
export const CODE_LENGTH = 4;

/** Pixels around an image before the crop. */
export interface Padding {
  /** Reflected pixels of the image, or zeros. */
  readonly mode: 'reflect' | 'zero';
  /** On every side, so crop offsets are 0 .. 2 * pixels. */
  readonly pixels: number;
}

/**
 * A random part of an image, resized to the size of the image (random resized crop, Inception and
 * torchvision), for photographs.
 */
interface ResizedCrop {
  readonly mode: 'resized';
  /** Smallest share of the image's area that a part has; the largest is 1. */
  readonly area: number;
}

/** How a training image is cut out of a stored one. */
export type Crop = Padding | ResizedCrop;

/** The padding of the paper's recipe. */
export const paperPadding: Padding = { mode: 'reflect', pixels: 4 };

/** The row or column offset of a resized crop's code holds its start + its length times this. */
export const LENGTH_UNIT = 256;

/** Draws of a part before the whole image is taken, and the longest ratio of its sides. */
const RESIZED_TRIES = 10;
const LONGEST_RATIO = 4 / 3;

/** Full batches in one epoch; the last partial batch is dropped (SPEC: 781 of 64 in 50,000). */
export function stepsPerEpoch(images: number, batch: number): number {
  if (!Number.isInteger(batch) || batch < 1) throw new LabError('data.batch-size', { batch });
  if (images < batch)
    throw new LabError('data.fewer-images-than-batch', {
      images,
      batch,
      largest: Math.max(1, images),
    });
  return Math.floor(images / batch);
}

/**
 * What every engine trains on in one epoch (1-based): the order of the images and how each one is
 * augmented. It depends on the seed, the epoch and the list of training images alone, so a resumed
 * run, another engine or another worker sees the same batches.
 *
 * @param train indices of the training images, in any fixed order
 * @param crop how training images are cut out
 * @param side pixels on a side of the images; only a resized crop needs it
 * @returns codes [steps, batch, 4] = (image index, flip 0/1, row offset, column offset), offsets 0..8
 * for a padding of 4
 */
export function epochBatches(
  seed: number,
  epoch: number,
  train: Int32Array,
  batch: number,
  crop: Crop = paperPadding,
  side = 32,
): Int32Array {
  const steps = stepsPerEpoch(train.length, batch);
  const order = shuffle(train.slice(), stream(seed, 'order', epoch));
  const augment = stream(seed, 'augment', epoch);
  const offsets = offsetsOf(crop, side, augment);
  const codes = new Int32Array(steps * batch * CODE_LENGTH);
  for (let i = 0, at = 0; i < steps * batch; i++) {
    codes[at++] = order[i]!;
    codes[at++] = augment.below(2);
    const [row, column] = offsets();
    codes[at++] = row;
    codes[at++] = column;
  }
  return codes;
}

/** Returns a function that draws the offsets of one image. */
function offsetsOf(crop: Crop, side: number, random: RandomStream): () => [number, number] {
  if (crop.mode === 'resized') return () => resizedPart(crop, side, random);
  const offsets = 2 * crop.pixels + 1;
  return () => [random.below(offsets), random.below(offsets)];
}

/**
 * Draws a part as torchvision's RandomResizedCrop does: a share of the area evenly from `area` to 1,
 * the logarithm of the ratio of its sides evenly, then a place; after ten parts that do not fit, the
 * whole image.
 */
function resizedPart({ area }: ResizedCrop, side: number, random: RandomStream): [number, number] {
  const place = (length: number): number => random.below(side - length + 1) + length * LENGTH_UNIT;
  for (let i = 0; i < RESIZED_TRIES; i++) {
    const share = area + (1 - area) * random.uniform();
    const ratio = LONGEST_RATIO ** (2 * random.uniform() - 1);
    const width = Math.round(side * Math.sqrt(share * ratio));
    const height = Math.round(side * Math.sqrt(share / ratio));
    const fits = Math.min(width, height) > 0 && Math.max(width, height) <= side;
    if (fits) return [place(height), place(width)];
  }
  return [place(side), place(side)];
}
