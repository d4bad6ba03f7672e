import { LabError } from '../base/errors.ts';
import { shuffle, stream } from '../base/random.ts';

/**
 * Numbers that describe one image of a training batch: image index, flip, row offset, column
 * offset.
 */
export const CODE_LENGTH = 4;

/** Pixels around an image before the crop. */
export interface Padding {
  /** Reflected pixels of the image, or zeros. */
  readonly mode: 'reflect' | 'zero';
  /** On every side, so crop offsets are 0 .. 2 * pixels. */
  readonly pixels: number;
}

/** The padding of the paper's recipe. */
export const paperPadding: Padding = { mode: 'reflect', pixels: 4 };

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
 * @param padding pixels around an image
 * @returns codes [steps, batch, 4] = (image index, flip 0/1, row offset, column offset), offsets 0..8
 * for a padding of 4
 */
export function epochBatches(
  seed: number,
  epoch: number,
  train: Int32Array,
  batch: number,
  padding = paperPadding.pixels,
): Int32Array {
  const offsets = 2 * padding + 1;
  const steps = stepsPerEpoch(train.length, batch);
  const order = shuffle(train.slice(), stream(seed, 'order', epoch));
  const augment = stream(seed, 'augment', epoch);
  const codes = new Int32Array(steps * batch * CODE_LENGTH);
  for (let i = 0, at = 0; i < steps * batch; i++) {
    codes[at++] = order[i]!;
    codes[at++] = augment.below(2);
    codes[at++] = augment.below(offsets);
    codes[at++] = augment.below(offsets);
  }
  return codes;
}
