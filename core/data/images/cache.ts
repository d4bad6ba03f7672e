import { open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { makeFolder } from '../../base/folder.js';
import { LabError } from '../../base/errors.ts';
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
  const pixels = (about.trainCount + about.testCount) * imageBytes(about.side);
  const bytes = await bytesIn(files.images, sizeOf(index));
  if (!bytes) return undefined;
  return {
    ...about,
    ...(validationCount > 0 && { validationCount }),
    images: bytes.subarray(0, pixels),
    labels: new Int32Array(bytes.buffer.slice(bytes.byteOffset + pixels)),
    source,
  };
}

/** Bytes of pixels and labels. */
const sizeOf = ({ trainCount, testCount, side }: Index): number =>
  (trainCount + testCount) * (imageBytes(side) + 4);

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
  await keepFiles(files, index, async (path) => {
    const file = await open(path, 'w');
    try {
      await writeAll(file, images);
      await writeAll(file, new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength));
    } finally {
      await file.close();
    }
  });
}

async function keepFiles(
  files: ReturnType<typeof filesOf>,
  index: Index,
  writeImages: (path: string) => Promise<void>,
): Promise<void> {
  const part = (path: string): string => `${path}.${process.pid}.part`;
  try {
    await writeImages(part(files.images));
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

/** The file with the pixels and labels of a set. */
export interface DecodedImages {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** A kept set with these very pixels and labels; undefined when there is none. */
export async function findDecoded(
  home: string,
  identity: string,
): Promise<{ index: Index; images: Omit<DecodedImages, 'sha256'> } | undefined> {
  const names = await readdir(decodedFolder(home)).catch(() => []);
  for (const name of names.filter((each) => each.endsWith('.json')).sort()) {
    const files = filesOf(home, name.slice(0, -'.json'.length));
    const index = await indexIn(files.index);
    if (index?.identity !== identity) continue;
    const found = await stat(files.images).catch(() => undefined);
    const bytes = sizeOf(index);
    if (found?.size === bytes) return { index, images: { path: files.images, bytes } };
  }
  return undefined;
}

const manifestSchema = v.strictObject({
  format: v.literal('ktg-data'),
  index: indexSchema,
  images: v.strictObject({
    sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
    bytes: count,
  }),
});
type Manifest = v.InferOutput<typeof manifestSchema>;

/** A set in a few hundred bytes, for another machine; files that were left out are only counted. */
export function manifestOf(index: Index, { sha256, bytes }: DecodedImages): Uint8Array {
  const { leftOut, ...about } = index;
  const manifest: Manifest = {
    format: 'ktg-data',
    index: { ...about, leftOut: { count: leftOut.count, files: [] } },
    images: { sha256, bytes },
  };
  return Buffer.from(JSON.stringify(manifest));
}

/** @throws LabError `data.delivery-damaged` */
export function readManifest(bytes: Uint8Array): Manifest {
  try {
    const manifest = v.parse(manifestSchema, JSON.parse(Buffer.from(bytes).toString('utf8')));
    if (manifest.images.bytes === sizeOf(manifest.index)) return manifest;
  } catch {
    // of another version, or no manifest
  }
  throw new LabError('data.delivery-damaged');
}

/**
 * Keeps a set that another machine has decoded.
 *
 * @param writeImages writes pixels and labels to a path
 */
export async function keepReceived(
  home: string,
  key: string,
  index: Index,
  writeImages: (path: string) => Promise<void>,
): Promise<void> {
  makeFolder(decodedFolder(home));
  await keepFiles(filesOf(home, key), index, writeImages);
}
