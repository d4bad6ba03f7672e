import { CODE_LENGTH, type Crop, LENGTH_UNIT, type Padding, paperPadding } from './batches.ts';
import type { Dataset } from './dataset.ts';
import { CHANNELS, imageBytes } from './dataset.ts';

/** The images that batches are made of. */
export type ImageSource = Pick<Dataset, 'images' | 'labels' | 'side'>;

/** A batch of images in [0, 1], [B, side, side, 3] as float32, and their labels [B]. */
export interface Batch {
  images: Float32Array<ArrayBuffer>;
  labels: Int32Array<ArrayBuffer>;
}

/** value / 255, rounded once to float32. */
const SCALED = Float32Array.from({ length: 256 }, (_, value) => value / 255);

/**
 * Entry i is the row or column of the image that position i of the padded image shows; -1 for a
 * black pixel. Reflection does not repeat the edge pixel, so of 32 pixels padded by 4 position 3
 * shows 1 and position 36 shows 30.
 */
function shownAt(side: number, { mode, pixels }: Padding): Int32Array {
  const last = side - 1;
  return Int32Array.from({ length: side + 2 * pixels }, (_, i) => {
    const position = i - pixels;
    if (mode === 'zero') return position < 0 || position > last ? -1 : position;
    return last - Math.abs(last - Math.abs(position));
  });
}

/**
 * Training batch from codes [B, 4] of `epochBatches`: flip left-right, pad by reflection or with
 * zeros, crop side x side at (row, column). With 4 reflected pixels out[h, w] = flipped[reflect(h +
 * row - 4), reflect(w + column - 4)]. A resized crop takes its part of the flipped image instead and
 * interpolates it bilinearly.
 */
export function augmentedBatch(
  dataset: ImageSource,
  codes: Int32Array,
  crop: Crop = paperPadding,
): Batch {
  return crop.mode === 'resized' ? resizedBatch(dataset, codes) : paddedBatch(dataset, codes, crop);
}

function paddedBatch(dataset: ImageSource, codes: Int32Array, padding: Padding): Batch {
  const { side } = dataset;
  const batch = emptyBatch(codes.length / CODE_LENGTH, side);
  const shown = shownAt(side, padding);
  const columns = new Int32Array(side);
  let to = 0;
  for (let b = 0; b < batch.labels.length; b++) {
    const at = b * CODE_LENGTH;
    const image = codes[at]!;
    const flip = codes[at + 1]!;
    const row = codes[at + 2]!;
    const column = codes[at + 3]!;
    batch.labels[b] = dataset.labels[image]!;
    for (let w = 0; w < side; w++) {
      const from = shown[w + column]!;
      columns[w] = from < 0 ? -1 : (flip ? side - 1 - from : from) * CHANNELS;
    }
    for (let h = 0; h < side; h++) {
      const line = shown[h + row]!;
      const start = image * imageBytes(side) + line * side * CHANNELS;
      for (let w = 0; w < side; w++) {
        if (line < 0 || columns[w]! < 0) {
          to += CHANNELS; // the batch starts as zeros
          continue;
        }
        const from = start + columns[w]!;
        batch.images[to++] = SCALED[dataset.images[from]!]!;
        batch.images[to++] = SCALED[dataset.images[from + 1]!]!;
        batch.images[to++] = SCALED[dataset.images[from + 2]!]!;
      }
    }
  }
  return batch;
}

/** Where the pixels of one row or column of a resized crop come from. */
interface Blend {
  /** First and second pixel of the original by position. */
  readonly first: Int32Array;
  readonly second: Int32Array;
  /** Weight of the second pixel, in 1 / (2 side). */
  readonly weight: Int32Array;
}

/**
 * Pixel centres are at halves and the edge goes on outside the part: position i shows place (i +
 * 1/2) length / side - 1/2 of it, here in units of 1 / (2 side), so that all numbers are whole.
 */
function blendOf(side: number, offset: number): Blend {
  const [start, length] = [offset % LENGTH_UNIT, Math.floor(offset / LENGTH_UNIT)];
  const unit = 2 * side;
  const places = Int32Array.from({ length: side }, (_, i) =>
    Math.min(Math.max((2 * i + 1) * length - side, 0), unit * (length - 1)),
  );
  const first = places.map((place) => start + Math.floor(place / unit));
  const second = first.map((at) => Math.min(at + 1, start + length - 1));
  return { first, second, weight: places.map((place) => place % unit) };
}

/**
 * Factor of the weighted sum of four bytes. The sum is a whole number below 2^24 for images of up to
 * 128 pixels and this factor is a float32, so their product is rounded once on every engine.
 */
export const resizedScale = (side: number): number => Math.fround(1 / (255 * (2 * side) ** 2));

function resizedBatch(dataset: ImageSource, codes: Int32Array): Batch {
  const { side, images } = dataset;
  const batch = emptyBatch(codes.length / CODE_LENGTH, side);
  const scale = resizedScale(side);
  let to = 0;
  for (let b = 0; b < batch.labels.length; b++) {
    const code = codes.subarray(b * CODE_LENGTH, (b + 1) * CODE_LENGTH);
    const [image, flip, row, column] = code as unknown as [number, number, number, number];
    batch.labels[b] = dataset.labels[image]!;
    const [rows, columns] = [blendOf(side, row), blendOf(side, column)];
    const across = (x: number): number => (flip === 1 ? side - 1 - x : x) * CHANNELS;
    for (let h = 0; h < side; h++) {
      const lineAt = (y: number): number => image * imageBytes(side) + y * side * CHANNELS;
      const [top, bottom] = [lineAt(rows.first[h]!), lineAt(rows.second[h]!)];
      const low = rows.weight[h]!;
      for (let w = 0; w < side; w++) {
        const [left, right] = [across(columns.first[w]!), across(columns.second[w]!)];
        const far = columns.weight[w]!;
        for (let channel = 0; channel < CHANNELS; channel++) {
          const line = (start: number): number =>
            (2 * side - far) * images[start + left + channel]! +
            far * images[start + right + channel]!;
          batch.images[to++] = ((2 * side - low) * line(top) + low * line(bottom)) * scale;
        }
      }
    }
  }
  return batch;
}

/** Evaluation batch: the images [B] as they are, only scaled. */
export function plainBatch(dataset: ImageSource, indices: Int32Array): Batch {
  const bytes = imageBytes(dataset.side);
  const batch = emptyBatch(indices.length, dataset.side);
  let to = 0;
  for (let b = 0; b < indices.length; b++) {
    const image = indices[b]!;
    batch.labels[b] = dataset.labels[image]!;
    const end = (image + 1) * bytes;
    for (let from = image * bytes; from < end; from++)
      batch.images[to++] = SCALED[dataset.images[from]!]!;
  }
  return batch;
}

const emptyBatch = (size: number, side: number): Batch => ({
  images: new Float32Array(size * imageBytes(side)),
  labels: new Int32Array(size),
});
