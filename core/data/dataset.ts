import { createHash } from 'node:crypto';

/** R, G, B: a source of grey images repeats its one channel. */
export const CHANNELS = 3;

/** Bytes of one image of `side` x `side` pixels. */
export const imageBytes = (side: number): number => side * side * CHANNELS;

export interface LeftOut {
  readonly count: number;
  /** The first of them, with the reason of each. */
  readonly files: readonly { readonly file: string; readonly why: string }[];
  /** How many of all for each reason; absent where none is left out, and in earlier records. */
  readonly reasons?: readonly { readonly why: string; readonly count: number }[] | undefined;
}

/**
 * Labelled images in memory. Images 0 .. trainCount-1 are the training images, the test images
 * follow.
 */
export interface Dataset {
  /** Name of its source, for tables, file names and metadata: `cifar100`, `synthetic`. */
  readonly name: string;
  readonly classes: number;
  /** One word per class, when the source knows them. */
  readonly classNames?: readonly string[];
  /** Pixels on a side of every image. */
  readonly side: number;
  /** [N, side, side, 3] in row-major order (NHWC), N = trainCount + testCount. */
  readonly images: Uint8Array;
  /** [N], 0 .. classes-1. */
  readonly labels: Int32Array;
  readonly trainCount: number;
  readonly testCount: number;
  /** So many of the last training images judge a search, in a set that says so itself. */
  readonly validationCount?: number;
  /** Files that are no usable image and were left out. */
  readonly leftOut?: LeftOut;
  /**
   * `<name>:<24 hex digits>`: equal exactly when counts, labels and every pixel are equal. Runs and
   * checkpoints record it.
   */
  readonly identity: string;
  /** Where it came from, for a person: a path, or how it was made. */
  readonly source: string;
}

/** Adds the identity to the content of a data set. */
export function identified(content: Omit<Dataset, 'identity'>): Dataset {
  const { name, classes, trainCount, testCount, images, labels } = content;
  const hash = createHash('sha256')
    .update(`${classes}/${trainCount}/${testCount}/`)
    .update(Uint8Array.from(labels))
    .update(images)
    .digest('hex');
  return { ...content, identity: `${name}:${hash.slice(0, 24)}` };
}
