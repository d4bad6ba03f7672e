import { LabError } from '../base/errors.ts';
import { shuffle, stream } from '../base/random.ts';
import type { Dataset } from './dataset.ts';

/**
 * Which images judge a search. `paper`: the test images, as the paper does. `held-out`: a part of
 * the training images, so that the test images are read once, by the final retraining of the chosen
 * graph.
 */
export type Protocol = 'paper' | 'held-out';
export const PROTOCOLS: readonly Protocol[] = ['paper', 'held-out'];

/**
 * `search`: a run whose result is compared and chosen by. `final`: a retraining after the choice is
 * fixed.
 */
export type Purpose = 'search' | 'final';

/** Image indices into a Dataset, ascending, without overlap. */
export interface Split {
  train: Int32Array;
  evaluation: Int32Array;
  evaluationName: 'test' | 'validation';
}

/** `held-out` keeps one training image in five back: 10,000 of 50,000. */
const ONE_IN = 5;

/**
 * The images to train on and to evaluate on.
 *
 * @param seed of the split: all runs that are compared must use the same one (a study's seed, not a
 * trial's)
 * @throws LabError `data.too-few-images` when nothing would be left to train or to evaluate on
 */
export function splitFor(
  dataset: Dataset,
  protocol: Protocol,
  seed: number,
  purpose: Purpose = 'search',
): Split {
  const { trainCount, testCount } = dataset;
  const split: Split =
    protocol === 'held-out' && purpose === 'search'
      ? heldOut(dataset, seed)
      : {
          train: range(0, trainCount),
          evaluation: range(trainCount, trainCount + testCount),
          evaluationName: 'test',
        };
  if (split.train.length === 0 || split.evaluation.length === 0)
    throw new LabError('data.too-few-images', {
      source: dataset.source,
      protocol,
      train: split.train.length,
      evaluation: split.evaluation.length,
      evaluationName: split.evaluationName,
      trainCount,
      testCount,
    });
  return split;
}

/** The set's own validation images; else stratified: every class gives its share by the seed. */
function heldOut(dataset: Dataset, seed: number): Split {
  const { trainCount, validationCount = 0 } = dataset;
  if (validationCount > 0)
    return {
      train: range(0, trainCount - validationCount),
      evaluation: range(trainCount - validationCount, trainCount),
      evaluationName: 'validation',
    };
  const members: number[][] = Array.from({ length: dataset.classes }, () => []);
  for (let image = 0; image < dataset.trainCount; image++)
    members[dataset.labels[image]!]!.push(image);

  const isHeldOut = new Uint8Array(dataset.trainCount);
  for (const image of heldOutOf(members, seed, 'split')) isHeldOut[image] = 1;
  const all = range(0, dataset.trainCount);
  return {
    train: all.filter((image) => isHeldOut[image] === 0),
    evaluation: all.filter((image) => isHeldOut[image] === 1),
    evaluationName: 'validation',
  };
}

/**
 * The images that each class gives, drawn by the seed (`heldOutShares`).
 *
 * @param members images of every class; their order changes
 * @param purpose of the draw: other purposes draw others from the same seed
 */
export function heldOutOf(members: number[][], seed: number, purpose: string): number[] {
  const shares = heldOutShares(members.map(({ length }) => length));
  return members.flatMap((images, label) =>
    shuffle(images, stream(seed, purpose, label)).slice(0, shares[label]),
  );
}

/** Images that a split holds back of so many, unless classes are too small to give their share. */
export const heldOutCount = (total: number): number => Math.round(total / ONE_IN);

/**
 * How many images each class gives, by largest remainder: a fifth rounded down, then one more from
 * the classes with the largest rest (ties: lower label first) until the sum is a fifth of all. A
 * class never gives its last image.
 */
export function heldOutShares(counts: readonly number[]): number[] {
  const shares = counts.map((count) => Math.floor(count / ONE_IN));
  const total = counts.reduce((sum, count) => sum + count, 0);
  const missing = heldOutCount(total) - shares.reduce((sum, share) => sum + share, 0);
  const rest = (label: number) => counts[label]! % ONE_IN;
  const givers = counts
    .map((_, label) => label)
    .filter((label) => rest(label) > 0 && counts[label]! > 1)
    .sort((a, b) => rest(b) - rest(a) || a - b)
    .slice(0, missing);
  for (const label of givers) shares[label]!++;
  return shares;
}

const range = (start: number, end: number): Int32Array =>
  Int32Array.from({ length: end - start }, (_, i) => start + i);
