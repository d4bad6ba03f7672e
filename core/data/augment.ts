import { CODE_LENGTH, PADDING } from './batches.ts';
import type { Dataset } from './dataset.ts';
import { IMAGE_BYTES, SIDE } from './dataset.ts';

/** A batch of images in [0, 1], [B, 32, 32, 3] as float32, and their labels [B]. */
export interface Batch {
  images: Float32Array<ArrayBuffer>;
  labels: Int32Array<ArrayBuffer>;
}

const CHANNELS = 3;
const LAST = SIDE - 1;

/** value / 255, rounded once to float32. */
const SCALED = Float32Array.from({ length: 256 }, (_, value) => value / 255);

/**
 * REFLECTED[i] is the row or column that position i of the padded image (32 + 2 * 4 wide) shows:
 * the edge pixel is not repeated, so position 3 shows 1 and position 36 shows 30.
 */
const REFLECTED = Int32Array.from({ length: SIDE + 2 * PADDING }, (_, i) => {
  const position = Math.abs(i - PADDING);
  return position > LAST ? 2 * LAST - position : position;
});

/**
 * Training batch from codes [B, 4] of `epochBatches`: flip left-right, pad 4 by reflection, crop 32
 * x 32 at (row, column). out[h, w] = flipped[reflect(h + row - 4), reflect(w + column - 4)].
 */
export function augmentedBatch(
  dataset: Pick<Dataset, 'images' | 'labels'>,
  codes: Int32Array,
): Batch {
  const batch = emptyBatch(codes.length / CODE_LENGTH);
  const columns = new Int32Array(SIDE);
  let to = 0;
  for (let b = 0; b < batch.labels.length; b++) {
    const at = b * CODE_LENGTH;
    const image = codes[at]!;
    const flip = codes[at + 1]!;
    const row = codes[at + 2]!;
    const column = codes[at + 3]!;
    batch.labels[b] = dataset.labels[image]!;
    for (let w = 0; w < SIDE; w++) {
      const from = REFLECTED[w + column]!;
      columns[w] = (flip ? LAST - from : from) * CHANNELS;
    }
    for (let h = 0; h < SIDE; h++) {
      const start = image * IMAGE_BYTES + REFLECTED[h + row]! * SIDE * CHANNELS;
      for (let w = 0; w < SIDE; w++) {
        const from = start + columns[w]!;
        batch.images[to++] = SCALED[dataset.images[from]!]!;
        batch.images[to++] = SCALED[dataset.images[from + 1]!]!;
        batch.images[to++] = SCALED[dataset.images[from + 2]!]!;
      }
    }
  }
  return batch;
}

/** Evaluation batch: the images [B] as they are, only scaled. */
export function plainBatch(
  dataset: Pick<Dataset, 'images' | 'labels'>,
  indices: Int32Array,
): Batch {
  const batch = emptyBatch(indices.length);
  let to = 0;
  for (let b = 0; b < indices.length; b++) {
    const image = indices[b]!;
    batch.labels[b] = dataset.labels[image]!;
    const end = (image + 1) * IMAGE_BYTES;
    for (let from = image * IMAGE_BYTES; from < end; from++)
      batch.images[to++] = SCALED[dataset.images[from]!]!;
  }
  return batch;
}

const emptyBatch = (size: number): Batch => ({
  images: new Float32Array(size * IMAGE_BYTES),
  labels: new Int32Array(size),
});
