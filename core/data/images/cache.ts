import { open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { makeFolder } from '../../base/folder.js';
import { type Dataset, imageBytes } from '../dataset.ts';

/** A change of anything that decides pixels, labels or their order needs another number. */
export const CACHE_VERSION = 1;
/** Files read at once: one call of the system takes at most 2 GiB. */
const PORTION = 1 << 30;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const indexSchema = v.strictObject({
  version: v.literal(CACHE_VERSION),
  name: v.string(),
  classes: count,
  classNames: v.array(v.string()),
  side: count,
  trainCount: count,
  testCount: count,
  validationCount: count,
  leftOut: v.strictObject({
    count,
    files: v.array(v.strictObject({ file: v.string(), why: v.string() })),
  }),
  identity: v.string(),
  /** What made the pixels, for a person. */
  decoder: v.string(),
});
type Index = v.InferOutput<typeof indexSchema>;

/** Folder of decoded sets inside the data folder. */
export const decodedFolder = (home: string): string => join(home, 'decoded');

const filesOf = (home: string, key: string): { index: string; images: string } => ({
  index: join(decodedFolder(home), `${key}.json`),
  images: join(decodedFolder(home), `${key}.images`),
});

/** A decoded set; undefined when it is not kept, or not whole. */
export async function readDecoded(
  home: string,
  key: string,
  source: string,
): Promise<Dataset | undefined> {
  const files = filesOf(home, key);
  const index = await indexIn(files.index);
  if (!index) return undefined;
  const { version: _version, decoder: _decoder, validationCount, ...about } = index;
  const total = about.trainCount + about.testCount;
  const pixels = total * imageBytes(about.side);
  const bytes = await bytesIn(files.images, pixels + 4 * total);
  if (!bytes) return undefined;
  return {
    ...about,
    ...(validationCount > 0 && { validationCount }),
    images: bytes.subarray(0, pixels),
    labels: new Int32Array(bytes.buffer.slice(bytes.byteOffset + pixels)),
    source,
  };
}

async function indexIn(path: string): Promise<Index | undefined> {
  try {
    return v.parse(indexSchema, JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined;
  }
}

async function bytesIn(path: string, expected: number): Promise<Uint8Array | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found?.size !== expected) return undefined;
  const bytes = Buffer.allocUnsafeSlow(expected);
  const file = await open(path);
  try {
    for (let at = 0; at < expected;) {
      const { bytesRead } = await file.read(bytes, at, Math.min(PORTION, expected - at), at);
      if (bytesRead === 0) return undefined;
      at += bytesRead;
    }
    return bytes;
  } finally {
    await file.close();
  }
}

/**
 * Keeps a decoded set: one file with all pixels, then the labels, and an index. The index comes
 * last, so what is found is whole.
 *
 * @throws errors of the file system
 */
export async function keepDecoded(
  home: string,
  key: string,
  dataset: Dataset,
  decoder: string,
): Promise<void> {
  makeFolder(decodedFolder(home));
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
    leftOut: about.leftOut
      ? { count: about.leftOut.count, files: about.leftOut.files.map((each) => ({ ...each })) }
      : { count: 0, files: [] },
    identity: about.identity,
    decoder,
  };
  const part = (path: string): string => `${path}.${process.pid}.part`;
  try {
    const file = await open(part(files.images), 'w');
    try {
      await writeAll(file, images);
      await writeAll(file, new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength));
    } finally {
      await file.close();
    }
    await rename(part(files.images), files.images);
    await writeFile(part(files.index), JSON.stringify(index));
    await rename(part(files.index), files.index);
  } finally {
    for (const path of Object.values(files)) await rm(part(path), { force: true });
  }
}

async function writeAll(file: Awaited<ReturnType<typeof open>>, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, at, Math.min(PORTION, bytes.length - at));
    at += bytesWritten;
  }
}
