import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { basename, join } from 'node:path';
import { dataHome } from '../../base/data-home.ts';
import { LabError, messageOf } from '../../base/errors.ts';
import { type Dataset, identified, imageBytes, type LeftOut } from '../dataset.ts';
import type { DataOptions } from '../progress.ts';
import { heldOutOf } from '../split.ts';
import { CACHE_VERSION, keepDecoded, readDecoded } from './cache.ts';
import {
  type ImageLayout,
  type ImageProblem,
  isImageName,
  type LabelledFile,
  layoutOf,
} from './layout.ts';
import { type ImagePlace, openPlace } from './place.ts';
import type { ImagesSpec } from './spec.ts';
import { isTinyImageNet, tinyLayout } from './tiny-imagenet.ts';

export interface ImagesOptions extends DataOptions {
  /** Data folder, which keeps the decoded images; default `dataHome()`. */
  folder?: string | undefined;
  /** Name of the set in its identity; default `images`. */
  name?: string;
}

/** Name of people's own images in identities. */
const OWN_IMAGES = 'images';
/** Files named in a message, and kept with a set. */
const NAMED = 10;
const KEPT = 1000;
/** Folders inside each other that are looked into for an image. */
const LOOKED_DEEP = 3;
/** Share of the machine's memory that the images of one set may take. */
const MEMORY = 0.7;

/** True for a zip archive, or a folder whose folders hold image files. */
export async function looksLikeImages(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (!found) return false;
  if (found.isFile()) return /\.zip$/i.test(path);
  return existsSync(join(path, 'train')) || holdsImages(path, LOOKED_DEEP);
}

/** Whether an image file lies in a folder inside this one; each is looked into once. */
function holdsImages(folder: string, deep: number): boolean {
  const folders = readdirSync(folder, { withFileTypes: true }).filter((each) => each.isDirectory());
  return folders.some(({ name }) => {
    const inner = join(folder, name);
    return readdirSync(inner).some(isImageName) || (deep > 1 && holdsImages(inner, deep - 1));
  });
}

/**
 * Reads a folder or zip archive of images, from the decoded ones where they are kept.
 *
 * @throws LabError `data.*`
 */
export async function openImages(spec: ImagesSpec, options: ImagesOptions = {}): Promise<Dataset> {
  const { folder: home = dataHome(), signal } = options;
  const zip = await zipStamp(spec.path);
  const place = zip === null ? await openPlace(spec.path) : null;
  try {
    const key = await keyOf(spec, options, zip ?? place!.files);
    const source = `${spec.path}, ${spec.side} px`;
    const kept = await readDecoded(home, key, source);
    const dataset = kept ?? (await decoded(spec, place, { ...options, key, source }));
    signal?.throwIfAborted();
    const { leftOut } = dataset;
    if (spec.bad === 'refuse' && leftOut && leftOut.count > 0)
      throw new LabError('data.bad-images', {
        path: spec.path,
        count: leftOut.count,
        files: leftOut.files.slice(0, NAMED).map(({ file, why }) => `${file} ${why}`),
      });
    return dataset;
  } finally {
    place?.close();
  }
}

/** Size and time of an archive: reading its directory takes as long as reading the images. */
async function zipStamp(path: string): Promise<string | null> {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() ? `${basename(path)} ${found.size} ${found.mtimeMs}` : null;
}

/** Equal for equal files, sizes and versions; also where the folder has moved. */
async function keyOf(
  { side, seed }: ImagesSpec,
  { name = OWN_IMAGES }: ImagesOptions,
  files: unknown,
): Promise<string> {
  const { decoderVersions } = await import('./decode.ts');
  return createHash('sha256')
    .update(JSON.stringify([CACHE_VERSION, name, decoderVersions, side, seed, files]))
    .digest('hex')
    .slice(0, 32);
}

async function decoded(
  spec: ImagesSpec,
  place: ImagePlace | null,
  options: ImagesOptions & { key: string; source: string },
): Promise<Dataset> {
  const { key, source, name = OWN_IMAGES, folder: home = dataHome() } = options;
  const open = place ?? (await openPlace(spec.path));
  try {
    const tiny = isTinyImageNet(open.files);
    const layout = tiny ? await tinyLayout(open) : layoutOf(open.files);
    const files = labelled(spec.path, layout);
    const images = roomFor(spec, files.length);
    const { decodeAll, decoderVersions } = await import('./decode.ts');
    const faults = await decodeAll(open, files, spec.side, images, options);
    const dataset = identified({
      ...arranged(spec, layout, files, images, faults),
      name,
      source,
    });
    await keepDecoded(home, key, dataset, decoderVersions).catch((error: unknown) => {
      throw new LabError('data.folder-not-writable', { folder: home, reason: messageOf(error) });
    });
    return dataset;
  } finally {
    open.close();
  }
}

/** @throws LabError `data.no-images` when no file has a class */
function labelled(path: string, { images, problems }: ImageLayout): readonly LabelledFile[] {
  if (images.length > 0) return images;
  const some = problems.slice(0, 3).map(({ file, why }) => `${file} ${why}`);
  throw new LabError('data.no-images/folder', { path, some });
}

function roomFor({ path, side }: ImagesSpec, count: number): Uint8Array {
  const bytes = count * imageBytes(side);
  if (bytes > MEMORY * totalmem())
    throw new LabError('data.too-large/memory', { path, count, side, bytes, memory: totalmem() });
  return new Uint8Array(bytes);
}

/** The usable images in the order of a data set: training, validation, test. */
function arranged(
  spec: ImagesSpec,
  layout: ImageLayout & { names?: ReadonlyMap<string, string> },
  files: readonly LabelledFile[],
  decodedImages: Uint8Array,
  faults: ReadonlyMap<number, string>,
): Omit<Dataset, 'identity' | 'name' | 'source'> {
  const problems: ImageProblem[] = [...layout.problems];
  for (const [at, why] of faults) problems.push({ file: files[at]!.file.path, why });
  const usable = [...files.keys()].filter((at) => !faults.has(at));
  const groups = [
    ...new Set(usable.filter((at) => files[at]!.part === 'train').map((at) => files[at]!.group)),
  ].sort();
  if (groups.length < 2)
    throw new LabError('data.one-class', {
      path: spec.path,
      classes: groups,
      problems: summary(problems),
    });
  const labelOf = new Map(groups.map((group, label) => [group, label]));
  const known = usable.filter((at) => {
    const { file, group } = files[at]!;
    if (labelOf.has(group)) return true;
    problems.push({
      file: file.path,
      why: `is of the class ${group}, which has no training images`,
    });
    return false;
  });
  const order = ordered(
    spec,
    known.map((at) => ({ at, ...files[at]! })),
    labelOf,
  );
  const bytes = imageBytes(spec.side);
  const all = [...order.train, ...order.validation, ...order.test];
  const images = new Uint8Array(all.length * bytes);
  for (const [to, at] of all.entries())
    images.set(decodedImages.subarray(at * bytes, (at + 1) * bytes), to * bytes);
  const validationCount = order.validation.length;
  return {
    classes: groups.length,
    classNames: groups.map((group) => layout.names?.get(group) ?? group),
    side: spec.side,
    images,
    labels: Int32Array.from(all, (at) => labelOf.get(files[at]!.group)!),
    trainCount: order.train.length + validationCount,
    testCount: order.test.length,
    ...(validationCount > 0 && { validationCount }),
    leftOut: summary(problems),
  };
}

const summary = (problems: readonly ImageProblem[]): LeftOut => ({
  count: problems.length,
  files: problems.slice(0, KEPT),
});

interface Known extends LabelledFile {
  readonly at: number;
}

/** Without a test set, `val` is the test set; without both, a fifth of each class by the seed. */
function ordered(
  { seed }: ImagesSpec,
  known: readonly Known[],
  labelOf: ReadonlyMap<string, number>,
): { train: number[]; validation: number[]; test: number[] } {
  const of = (part: string): number[] =>
    known.filter((each) => each.part === part).map(({ at }) => at);
  const [train, val, test] = [of('train'), of('val'), of('test')];
  if (test.length > 0) return { train, validation: val, test };
  if (val.length > 0) return { train, validation: [], test: val };
  const members: number[][] = [...labelOf].map(([group]) =>
    known.filter((each) => each.group === group).map(({ at }) => at),
  );
  const isTest = new Set(heldOutOf(members, seed, 'images'));
  return {
    train: train.filter((at) => !isTest.has(at)),
    validation: [],
    test: train.filter((at) => isTest.has(at)),
  };
}
