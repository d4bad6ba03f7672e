import { availableParallelism } from 'node:os';
import sharp from 'sharp';
import { messageOf } from '../../base/errors.ts';
import { imageBytes } from '../dataset.ts';
import type { DataOptions } from '../progress.ts';
import type { LabelledFile } from './layout.ts';
import { type ImagePlace, MAX_IMAGE_BYTES } from './place.ts';

/** Width times height of one image; a photograph of a good camera has 60 million. */
const MAX_PIXELS = 200e6;
/** Pixels on a side; smaller ones show nothing. */
const MIN_SIDE = 8;
/** Formats by their content, whatever the name says. */
const formats = new Set(['jpeg', 'png', 'webp']);
/** Milliseconds between two reports of progress. */
const PACE = 100;

/** Versions that decide the pixels. */
export const decoderVersions = `sharp ${sharp.versions.sharp}, libvips ${sharp.versions.vips}`;

/**
 * Decodes images to `side` x `side` pixels of sRGB: turned as their EXIF data say, the shorter side
 * resized to `side` (Lanczos-3), cut in the middle, transparent parts white. sharp decodes in
 * threads of its own, one image in each.
 *
 * @param images [N, side, side, 3], filled in the order of `files`
 * @returns why an image is not usable, by its place in `files`; its pixels stay as they are
 */
export async function decodeAll(
  place: ImagePlace,
  files: readonly LabelledFile[],
  side: number,
  images: Uint8Array,
  { onProgress, signal }: DataOptions = {},
): Promise<Map<number, string>> {
  sharp.concurrency(1); // images side by side are faster than one in several threads
  sharp.cache(false);
  const bytes = imageBytes(side);
  const faults = new Map<number, string>();
  let next = 0;
  let done = 0;
  let reported = 0;
  const lane = async (): Promise<void> => {
    while (next < files.length) {
      signal?.throwIfAborted();
      const at = next++;
      const pixels = await decode(place, files[at]!, side);
      if (typeof pixels === 'string') faults.set(at, pixels);
      else images.set(pixels, at * bytes);
      const now = performance.now();
      if (++done < files.length && now - reported < PACE) continue;
      reported = now;
      onProgress?.({ phase: 'decode', done, total: files.length });
    }
  };
  await Promise.all(Array.from({ length: 2 * availableParallelism() }, lane));
  return faults;
}

/** Pixels [side, side, 3], or why there are none. */
async function decode(
  place: ImagePlace,
  { file }: LabelledFile,
  side: number,
): Promise<Uint8Array | string> {
  if (file.bytes > MAX_IMAGE_BYTES) return `has ${file.bytes} bytes, more than an image needs`;
  if (file.bytes === 0) return 'is empty';
  try {
    const image = sharp(await place.read(file), { limitInputPixels: MAX_PIXELS, failOn: 'error' });
    const { format, width, height, pages = 1 } = await image.metadata();
    if (!formats.has(format)) return `is ${format}, not JPEG, PNG or WebP`;
    if (pages > 1) return `is animated: it has ${pages} pictures`;
    if (Math.min(width, height) < MIN_SIDE) return `has only ${width} x ${height} pixels`;
    const { data, info } = await image
      .autoOrient()
      .flatten({ background: 'white' })
      .resize(side, side, { fit: 'cover', position: 'centre', kernel: 'lanczos3' })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    if (data.length === imageBytes(side)) return data;
    return `became ${info.width} x ${info.height} pixels of ${info.channels} channels`;
  } catch (error) {
    return `cannot be decoded: ${messageOf(error).replace(/\s+/g, ' ').trim().slice(0, 200)}`;
  }
}
