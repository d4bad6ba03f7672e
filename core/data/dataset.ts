import { createHash } from 'node:crypto';

/** Height and width of every image. */
export const SIDE = 32;
/** Bytes of one image: 32 rows x 32 columns x 3 channels (R, G, B). */
export const IMAGE_BYTES = SIDE * SIDE * 3;

/**
 * Labelled images in memory. Images 0 .. trainCount-1 are the training images, the test images
 * follow.
 */
export interface Dataset {
  /** Short word for tables, file names and metadata: `cifar100`, `cifar10`, `synthetic`. */
  readonly name: string;
  readonly classes: number;
  /** One word per class, when the source knows them. */
  readonly classNames?: readonly string[];
  /** [N, 32, 32, 3] in row-major order (NHWC), N = trainCount + testCount. */
  readonly images: Uint8Array;
  /** [N], 0 .. classes-1. */
  readonly labels: Int32Array;
  readonly trainCount: number;
  readonly testCount: number;
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
