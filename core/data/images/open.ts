import { createHash } from 'node:crypto';
import { constants, type Dirent, existsSync, readdirSync } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { dataHome } from '../../base/data-home.ts';
import { LabError } from '../../base/errors.ts';
import { type Dataset, identified, imageBytes } from '../dataset.ts';
import { type ImageProblem, leftOutOf } from '../left-out.ts';
import type { DataOptions } from '../progress.ts';
import { heldOutOf } from '../split.ts';
import { folderError, isFull } from '../download-errors.ts';
import { CACHE_VERSION, type DecodedPlace } from './cache-index.ts';
import { keepDecoded, readDecoded, whileDecoding } from './cache.ts';
import { type ImageLayout, isImageName, type LabelledFile, layoutOf } from './layout.ts';
import { openPlace } from './open-place.ts';
import { type ImagePlace, NOT_ALLOWED } from './place.ts';
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
/** Files named in a message. */
const NAMED = 10;
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
  const folders = entriesOf(folder).filter((each) => each.isDirectory());
  return folders.some(({ name }) => {
    const inner = join(folder, name);
    const isImage = (each: Dirent): boolean => isImageName(each.name);
    return entriesOf(inner).some(isImage) || (deep > 1 && holdsImages(inner, deep - 1));
  });
}

/** None of a folder that cannot be read: opening the set says why. */
function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
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
    const at = { home, key, path: resolve(spec.path) };
    const source = `${spec.path}, ${spec.side} px`;
    const dataset =
      (await keptDataset(at, source)) ??
      (await decodedOnce(spec, place, { ...options, at, source }));
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
    await place?.close();
  }
}

/** The decoded set; undefined also when a file may be read now that could not be before. */
async function keptDataset(at: DecodedPlace, source: string): Promise<Dataset | undefined> {
  const kept = await readDecoded(at, source);
  const files = kept?.leftOut?.files ?? [];
  const closed = files.filter(({ why }) => why === NOT_ALLOWED);
  const opened = await Promise.all(
    closed.map(async ({ file }) =>
      access(join(at.path, file), constants.R_OK).then(
        () => true,
        () => false,
      ),
    ),
  );
  return opened.includes(true) ? undefined : kept;
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

type DecodeOptions = ImagesOptions & { readonly at: DecodedPlace; readonly source: string };

/** Decodes a set once, whoever asks for it at the same time. */
async function decodedOnce(
  spec: ImagesSpec,
  place: ImagePlace | null,
  options: DecodeOptions,
): Promise<Dataset> {
  const { at, source } = options;
  const work = async (): Promise<Dataset> =>
    (await keptDataset(at, source)) ?? (await decoded(spec, place, options));
  try {
    return await whileDecoding(at, work, options);
  } catch (error) {
    throw folderError(error, at.home);
  }
}

async function decoded(
  spec: ImagesSpec,
  place: ImagePlace | null,
  options: DecodeOptions,
): Promise<Dataset> {
  const { at, source, name = OWN_IMAGES } = options;
  const open = place ?? (await openPlace(spec.path));
  try {
    const tiny = isTinyImageNet(open.files);
    const layout = tiny ? await tinyLayout(open) : layoutOf(open.files);
    const files = labelled(spec.path, layout);
    const images = roomFor(spec, files.length);
    await requireRoom(at.home, images.length);
    const { decodeAll, decoderVersions } = await import('./decode.ts');
    const faults = await decodeAll(open, files, spec.side, images, options);
    const dataset = identified({
      ...arranged(spec, layout, files, images, faults),
      name,
      source,
    });
    await keepDecoded(at, dataset, decoderVersions).catch(async (error: unknown) => {
      if (isFull(error)) throw noRoom(at.home, images.length, await freeBytes(at.home));
      throw error;
    });
    return dataset;
  } finally {
    await open.close();
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

/** Decoding takes long, so that it ends before it begins where its result has no room. */
async function requireRoom(home: string, needed: number): Promise<void> {
  const free = await freeBytes(home);
  if (free < needed) throw noRoom(home, needed, free);
}

const noRoom = (folder: string, needed: number, free: number): LabError =>
  new LabError('data.no-space/decoded', { folder, needed, free });

/** Infinite where the system does not say. */
async function freeBytes(folder: string): Promise<number> {
  const found = await statfs(folder).catch(() => undefined);
  return found && found.blocks > 0 ? found.bavail * found.bsize : Infinity;
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
  for (const [at, { file }] of files.entries()) {
    const why = faults.get(at); // in the order of files: images end decoding in any order
    if (why !== undefined) problems.push({ file: file.path, why });
  }
  const usable = [...files.keys()].filter((at) => !faults.has(at));
  const groups = [
    ...new Set(usable.filter((at) => files[at]!.part === 'train').map((at) => files[at]!.group)),
  ].sort();
  if (groups.length < 2)
    throw new LabError('data.one-class', {
      path: spec.path,
      classes: groups,
      problems: leftOutOf(problems),
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
    leftOut: leftOutOf(problems),
  };
}

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
