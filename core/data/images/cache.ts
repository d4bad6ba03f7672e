import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../../base/folder.js';
import { type Dataset, identified, imageBytes, type LeftOut } from '../dataset.ts';
import type { DataOptions } from '../progress.ts';
import { sizeOf } from '../part.ts';
import { withLock } from '../../base/lock.js';
import {
  bytesOf,
  CACHE_VERSION,
  type DecodedPlace,
  decodedFolder,
  filesOf,
  type Index,
  indexes,
  indexIn,
} from './cache-index.ts';
import { fillFrom } from './fill-from.ts';
import type { DecodedImages } from './manifest.ts';

/** Bytes written at once: one call of the system takes at most 2 GiB. */
const PORTION = 1 << 30;
/**
 * Threads that read one file, and the bytes that each reads at once: new memory costs more than
 * the copy, and several cores prepare it side by side.
 */
const READERS = 4;
const READ_PORTION = 16 << 20;
/** A lock that was not refreshed for so many milliseconds is of a process that was killed. */
const SILENCE = 60_000;
/** Milliseconds between two reports of a process that waits for another one. */
const WAIT_PACE = 1000;

const lockOf = (home: string, key: string): string => join(decodedFolder(home), `${key}.lock`);

/**
 * A decoded set; undefined when it is not kept, or when its pixels and labels are not those of its
 * identity, as on a damaged disk. Notes its path.
 */
export async function readDecoded(
  { home, key, path }: DecodedPlace,
  source: string,
): Promise<Dataset | undefined> {
  const files = filesOf(home, key);
  const index = await indexIn(files.index);
  if (!index) return undefined;
  const { version: _version, decoder: _decoder, places = [], validationCount, ...about } = index;
  const { identity, ...described } = about;
  const pixels = (about.trainCount + about.testCount) * imageBytes(about.side);
  const bytes = await bytesIn(files.images, bytesOf(index));
  if (!bytes) return undefined;
  const dataset = identified({
    ...described,
    ...(validationCount > 0 && { validationCount }),
    images: bytes.subarray(0, pixels),
    labels: new Int32Array(bytes.buffer.slice(bytes.byteOffset + pixels)),
    source,
  });
  const isLabel = (label: number): boolean => label >= 0 && label < about.classes;
  if (dataset.identity !== identity || !dataset.labels.every(isLabel)) return undefined;
  if (!places.includes(path))
    await written(files.index, [
      Buffer.from(JSON.stringify({ ...index, places: [...places, path] })),
    ]).catch(() => undefined); // the set can be read where nothing can be written
  return dataset;
}

async function bytesIn(path: string, expected: number): Promise<Uint8Array | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found?.size !== expected) return undefined;
  const bytes = Buffer.allocUnsafeSlow(expected);
  const file = await open(path);
  let next = 0;
  let isWhole = true;
  const lane = async (): Promise<void> => {
    while (next < expected && isWhole) {
      const at = next;
      next += READ_PORTION;
      isWhole &&= await fillFrom(file, bytes.subarray(at, Math.min(next, expected)), at);
    }
  };
  try {
    await Promise.all(Array.from({ length: READERS }, lane));
    return isWhole ? bytes : undefined;
  } finally {
    await file.close();
  }
}

/**
 * Runs `work` while no other process or thread decodes this set. Parts that killed ones left are
 * removed.
 *
 * @throws errors of the file system; the signal's reason when it is aborted
 */
export async function whileDecoding<T>(
  { home, key }: DecodedPlace,
  work: () => Promise<T>,
  { onProgress, signal }: DataOptions = {},
): Promise<T> {
  let waiting: NodeJS.Timeout | undefined;
  const alone = async (): Promise<T> => {
    clearInterval(waiting);
    for (const name of await partsOf(home, key))
      await rm(join(decodedFolder(home), name), { force: true });
    return work();
  };
  const wait = (): void => onProgress?.({ phase: 'wait' });
  const onWait = (): void => {
    wait();
    waiting = setInterval(wait, WAIT_PACE);
  };
  try {
    return await withLock(lockOf(home, key), alone, { onWait, signal });
  } finally {
    clearInterval(waiting);
  }
}

const partsOf = async (home: string, key: string): Promise<string[]> =>
  (await readdir(decodedFolder(home))).filter(
    (name) => name.startsWith(`${key}.`) && name.endsWith('.part'),
  );

/**
 * Keeps a decoded set: one file with all pixels, then the labels, and an index. The index comes
 * last, so what is found is whole.
 *
 * @throws errors of the file system
 */
export async function keepDecoded(
  { home, key, path }: DecodedPlace,
  dataset: Dataset,
  decoder: string,
): Promise<void> {
  const files = filesOf(home, key);
  const { images, labels, source: _source, ...about } = dataset;
  const index: Index = {
    version: CACHE_VERSION,
    name: about.name,
    classes: about.classes,
    classNames: [...(about.classNames ?? [])],
    side: about.side,
    trainCount: about.trainCount,
    testCount: about.testCount,
    validationCount: about.validationCount ?? 0,
    leftOut: indexedLeftOut(about.leftOut),
    identity: about.identity,
    decoder,
    places: [path],
  };
  await written(files.images, [
    images,
    new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength),
  ]);
  await written(files.index, [Buffer.from(JSON.stringify(index))]);
}

const indexedLeftOut = ({ count, files, reasons }: LeftOut = none): Index['leftOut'] => ({
  count,
  files: files.map((each) => ({ ...each })),
  ...(reasons && { reasons: reasons.map((each) => ({ ...each })) }),
});
const none: LeftOut = { count: 0, files: [] };

/** Writes a file that is complete, on the disk, or not there. Threads of a process may meet. */
async function written(path: string, parts: readonly Uint8Array[]): Promise<void> {
  const part = `${path}.${randomUUID()}.part`;
  try {
    const file = await open(part, 'w');
    try {
      for (const bytes of parts) await writeAll(file, bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(part, path);
  } finally {
    await rm(part, { force: true });
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, at, Math.min(PORTION, bytes.length - at));
    at += bytesWritten;
  }
}

/**
 * A kept set with these very pixels and labels; undefined when there is none.
 *
 * @param sha256 of pixels and labels: an index may lie beside a damaged file
 */
export async function findDecoded(
  home: string,
  identity: string,
  sha256: string,
): Promise<{ index: Index; images: DecodedImages } | undefined> {
  for (const [key, index] of await indexes(home)) {
    if (index.identity !== identity) continue;
    const { images: path } = filesOf(home, key);
    const found = await stat(path).catch(() => undefined);
    const bytes = bytesOf(index);
    if (found?.size === bytes && (await hashOf(path)) === sha256)
      return { index, images: { path, bytes, sha256 } };
  }
  return undefined;
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 }))
    hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** The folders, archives and names of which sets are kept. */
export const decodedPlaces = async (home: string): Promise<string[]> =>
  [...(await indexes(home)).values()].flatMap(({ places = [] }) => places);

/**
 * Keeps a set that another machine has decoded.
 *
 * @param writeImages writes pixels and labels to a path
 */
export async function keepReceived(
  { home, key, path }: DecodedPlace,
  index: Index,
  writeImages: (path: string) => Promise<void>,
): Promise<void> {
  makeFolder(decodedFolder(home));
  const files = filesOf(home, key);
  const part = `${files.images}.${randomUUID()}.part`;
  try {
    await writeImages(part);
    await rename(part, files.images);
  } finally {
    await rm(part, { force: true });
  }
  await written(files.index, [Buffer.from(JSON.stringify({ ...index, places: [path] }))]);
}

/** One decoded set in the data folder. */
export interface DecodedSet {
  readonly key: string;
  /** Folders and archives that were read from it; none is known in files of earlier versions. */
  readonly places: readonly string[];
  readonly side: number;
  /** On the disk. */
  readonly bytes: number;
  /** A process decodes it now. */
  readonly isBusy: boolean;
}

/** The decoded sets of a data folder; what a killed process left of one has side 0. */
export async function decodedSets(home: string): Promise<DecodedSet[]> {
  const folder = decodedFolder(home);
  const byKey = new Map<string, string[]>();
  for (const name of await readdir(folder).catch(() => [])) {
    const key = /^([\da-f]{32})\.\w/.exec(name)?.[1];
    if (key !== undefined) byKey.set(key, [...(byKey.get(key) ?? []), name]);
  }
  return Promise.all(
    [...byKey].sort().map(async ([key, names]) => {
      const { side = 0, places = [] } = (await indexIn(filesOf(home, key).index)) ?? {};
      const sizes = await Promise.all(names.map(async (name) => sizeOf(join(folder, name))));
      const lock = await stat(lockOf(home, key)).catch(() => undefined);
      const isBusy = lock !== undefined && Date.now() - lock.mtimeMs < SILENCE;
      return { key, side, places, bytes: sizes.reduce((sum, size) => sum + size, 0), isBusy };
    }),
  );
}

/**
 * Removes a decoded set, after its decoding when that is under way. The next reader decodes it
 * again. The index goes first.
 */
export async function removeDecoded(home: string, key: string): Promise<void> {
  const { index, images } = filesOf(home, key);
  await whileDecoding({ home, key, path: '' }, async () => {
    await rm(index, { force: true });
    await rm(images, { force: true });
  });
}
