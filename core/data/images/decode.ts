import { availableParallelism } from 'node:os';
import type { Sharp } from 'sharp';
import { LabError, messageOf } from '../../base/errors.ts';
import { imageBytes } from '../dataset.ts';
import type { DataOptions } from '../progress.ts';
import type { LabelledFile } from './layout.ts';
import { type ImagePlace, MAX_IMAGE_BYTES, NOT_ALLOWED, type PlacedFile } from './place.ts';

/** Width times height of one image; a photograph of a good camera has 60 million. */
const MAX_PIXELS = 200e6;
/** Pixels on a side; smaller ones show nothing. */
const MIN_SIDE = 8;
/** How files of the formats begin, whatever their names say; WebP after the size of the file. */
const JPEG = Buffer.from([0xff, 0xd8, 0xff]);
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const [RIFF, WEBP] = [Buffer.from('RIFF'), Buffer.from('WEBP')];
const WEBP_AT = 8;
/** An image of more pixels is decoded alone: some formats need all of its pixels in memory. */
const LARGE_PIXELS = 25e6;
/** Milliseconds between two reports of progress. */
const PACE = 100;

// Loaded on use: the bundle of Electron's main process is one file, and libvips beside GTK in one
// process may share parts in the wrong version.
const { default: sharp } = await import('sharp');

// No other loader of libvips, of SVG, TIFF or GIF, ever sees a byte of a file.
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: ['VipsForeignLoadJpegBuffer', 'VipsForeignLoadPngBuffer', 'VipsForeignLoadWebpBuffer'],
});

/** Versions that decide the pixels. */
export const decoderVersions = `sharp ${sharp.versions.sharp}, libvips ${sharp.versions.vips}`;

/**
 * Decodes images to `side` x `side` pixels of sRGB: turned as their EXIF data say, the shorter side
 * resized to `side` (Lanczos-3), cut in the middle, transparent parts white. sharp decodes in
 * threads of its own, one image in each.
 *
 * @param images [N, side, side, 3], filled in the order of `files`
 * @returns why an image is not usable, by its place in `files`; its pixels stay as they are
 * @throws LabError `data.changed` when a file is gone, `data.unreadable` when the disk fails
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
  const largeImages = new OneAfterAnother();
  let next = 0;
  let done = 0;
  let reported = 0;
  const lane = async (): Promise<void> => {
    while (next < files.length) {
      signal?.throwIfAborted();
      const at = next++;
      const pixels = await decode(place, files[at]!, side, largeImages);
      if (typeof pixels === 'string') faults.set(at, pixels);
      else images.set(pixels, at * bytes);
      const now = performance.now();
      if (++done < files.length && now - reported < PACE) continue;
      reported = now;
      onProgress?.({ phase: 'decode', done, total: files.length });
    }
  };
  const stopAll = (error: unknown): never => {
    next = files.length;
    throw error;
  };
  const lanes = Array.from({ length: 2 * availableParallelism() }, async () =>
    lane().catch(stopAll),
  );
  await Promise.allSettled(lanes); // none may read a place that is closed
  await Promise.all(lanes);
  return faults;
}

const isImage = (bytes: Buffer): boolean =>
  has(bytes, JPEG) || has(bytes, PNG) || (has(bytes, RIFF) && has(bytes, WEBP, WEBP_AT));
const has = (bytes: Buffer, part: Buffer, at = 0): boolean =>
  part.equals(bytes.subarray(at, at + part.length));

/** Pixels [side, side, 3], or why there are none. */
async function decode(
  place: ImagePlace,
  { file }: LabelledFile,
  side: number,
  largeImages: OneAfterAnother,
): Promise<Uint8Array | string> {
  if (file.bytes > MAX_IMAGE_BYTES) return `has ${file.bytes} bytes, more than an image needs`;
  if (file.bytes === 0) return 'is empty';
  const bytes = await contentOf(place, file);
  if (typeof bytes === 'string') return bytes;
  if (!isImage(bytes)) return 'holds no JPEG, PNG or WebP image';
  try {
    const image = sharp(bytes, { limitInputPixels: MAX_PIXELS, failOn: 'error' });
    const { width, height, pages = 1 } = await image.metadata();
    if (pages > 1) return `is animated: it has ${pages} pictures`;
    if (Math.min(width, height) < MIN_SIDE) return `has only ${width} x ${height} pixels`;
    const made = async (): Promise<Uint8Array | string> => pixelsOf(image, side);
    return await (width * height > LARGE_PIXELS ? largeImages.run(made) : made());
  } catch (error) {
    return `cannot be decoded: ${inOneLine(messageOf(error))}`;
  }
}

async function pixelsOf(image: Sharp, side: number): Promise<Uint8Array | string> {
  const { data, info } = await image
    .autoOrient()
    .flatten({ background: 'white' })
    .resize(side, side, { fit: 'cover', position: 'centre', kernel: 'lanczos3' })
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  if (data.length === imageBytes(side)) return data;
  return `became ${info.width} x ${info.height} pixels of ${info.channels} channels`;
}

/**
 * The bytes of a file, or why they cannot be read, which is then a fact about this file alone.
 *
 * @throws LabError `data.changed`, `data.unreadable`
 */
async function contentOf(place: ImagePlace, file: PlacedFile): Promise<Buffer | string> {
  try {
    return await place.read(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = inOneLine(messageOf(error));
    if (code === undefined) return `cannot be decoded: ${reason}`; // a damaged archive
    if (code === 'EACCES' || code === 'EPERM') return NOT_ALLOWED;
    throw code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR'
      ? new LabError('data.changed', { file: file.path }, { cause: error })
      : new LabError('data.unreadable/reason', { path: file.path, reason }, { cause: error });
  }
}

const inOneLine = (text: string): string => text.replace(/\s+/g, ' ').trim().slice(0, 200);

/** Runs one task at a time, in the order of calls. */
class OneAfterAnother {
  #last: Promise<unknown> = Promise.resolve();

  async run<T>(task: () => Promise<T>): Promise<T> {
    const done = this.#last.then(task, task);
    this.#last = done;
    return done;
  }
}
