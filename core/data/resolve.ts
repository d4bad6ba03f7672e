import { resolve } from 'node:path';
import { dataHome } from '../base/data-home.ts';
import { LabError } from '../base/errors.ts';
import type { Dataset } from './dataset.ts';
import { deliveredKey, isDelivered } from './delivered.ts';
import { downloadArchive } from './download.ts';
import { byHand } from './download-errors.ts';
import { readFiles } from './files.ts';
import { findOfficial, placeOf } from './official.ts';
import { readDecoded, removeDecoded } from './images/cache.ts';
import { looksLikeImages, openImages } from './images/open.ts';
import { imagesText, parseImages, USUAL_SIDE } from './images/spec.ts';
import type { DataOptions } from './progress.ts';
import { officialOf, officialSources, sourceNamed, sourceOf } from './sets/sets.ts';
import type { OfficialSource } from './source.ts';

export interface OpenOptions extends DataOptions {
  /** Data folder; default `dataHome()`. */
  folder?: string;
  /** Whether missing official files may be downloaded; default yes. */
  download?: boolean;
}

/**
 * Opens a data set by what a person writes:
 * - the name of an official set: its files in the data folder, downloaded when they are missing;
 * - the name of a built-in set, or with options `synthetic:seed=3,train=2000,test=500`;
 * - `images:side=64,path=/photos`: a folder or zip archive of images, decoded to that side;
 * - the name of a set that a lab has delivered to this machine;
 * - anything else: the path of an archive or folder; one with images in folders is decoded to 64
 *   pixels.
 *
 * @throws LabError `data.not-downloaded`, `data.not-delivered`, `data.incomplete`,
 * `data.synthetic-option`, and those of `readFiles` and `downloadArchive`
 */
export async function openDataset(spec: string, options: OpenOptions = {}): Promise<Dataset> {
  const images = parseImages(spec);
  if (images) return openImages(images, options);
  if (isDelivered(spec)) return openDelivered(spec, options);
  const known = sourceOf(spec);
  if (!known) return openPath(spec, options);
  const { source } = known;
  return source.kind === 'built-in' ? source.make(known.options) : openOfficial(source, options);
}

/** Files of a known set, or images in folders. */
async function openPath(path: string, options: OpenOptions): Promise<Dataset> {
  try {
    if (!/\.zip$/i.test(path)) return await readFiles(path, officialSources, options);
  } catch (error) {
    const isOther = error instanceof LabError && error.code === 'data.no-images';
    if (!isOther || !(await looksLikeImages(path))) throw error;
  }
  return openImages({ path, side: USUAL_SIDE, seed: 0, bad: 'skip' }, options);
}

/**
 * What a person wrote in this folder, so that it means the same in any other: a path becomes
 * absolute.
 */
export function absoluteSpec(spec: string): string {
  const images = parseImages(spec);
  if (images) return imagesText(images);
  return isPathSpec(spec) ? resolve(spec) : spec;
}

/** Whether a person means a path by this, and none of the names that are known everywhere. */
export const isPathSpec = (spec: string): boolean => sourceOf(spec) === null && !isDelivered(spec);

async function openDelivered(spec: string, { folder = dataHome() }: OpenOptions): Promise<Dataset> {
  const key = deliveredKey(spec);
  const dataset = await readDecoded({ home: folder, key, path: spec }, 'delivered by the lab');
  if (dataset) return dataset;
  // The lab delivers again what is not there; a damaged set must not look as if it were.
  await removeDecoded(folder, key).catch(() => undefined);
  throw new LabError('data.not-delivered', { folder });
}

async function openOfficial(source: OfficialSource, options: OpenOptions): Promise<Dataset> {
  const { folder = dataHome(), download = true } = options;
  const { title, size } = source;
  const present = await findOfficial(source, folder);
  if (!present && !download)
    throw new LabError('data.not-downloaded', {
      title,
      folder,
      otherWay: byHand(source.files[0]!),
    });
  const path = present ?? (await downloadOfficial(source, { ...options, folder }));
  const { name: wanted } = source;
  const whole = { path, side: size.side, seed: 0, bad: 'refuse' } as const;
  const dataset =
    source.format === null
      ? await openImages(whole, { ...options, folder, name: wanted })
      : await readFiles(path, officialSources, options);
  const { name, trainCount, testCount } = dataset;
  if (officialOf(name) !== source || trainCount !== size.trainCount || testCount !== size.testCount)
    throw new LabError('data.incomplete', {
      path,
      foundTrain: trainCount,
      foundTest: testCount,
      found: sourceNamed(name)!.title,
      train: size.trainCount,
      test: size.testCount,
      title,
    });
  return dataset;
}

/**
 * Downloads the files of an official set that are missing, one after the other.
 *
 * @returns path of the set
 * @throws LabError those of `downloadArchive`
 */
export async function downloadOfficial(
  source: OfficialSource,
  options: DataOptions & { folder: string },
): Promise<string> {
  for (const archive of source.files) await downloadArchive(archive, options);
  return placeOf(source, options.folder).path;
}
