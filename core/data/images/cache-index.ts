/** The index beside the pixels of a decoded set: what the set is, and what was left out of it. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { imageBytes } from '../dataset.ts';

/** A change of anything that decides pixels, labels or their order needs another number. */
export const CACHE_VERSION = 2;

/** A whole number of images, bytes or classes. */
export const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

export const indexSchema = v.strictObject({
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
    reasons: v.optional(v.array(v.strictObject({ why: v.string(), count }))),
  }),
  identity: v.string(),
  /** What made the pixels, for a person. */
  decoder: v.string(),
  /** Folders and archives that were read from it; absent in the files of earlier versions. */
  places: v.optional(v.array(v.string())),
});
export type Index = v.InferOutput<typeof indexSchema>;

/** Folder of decoded sets inside the data folder. */
export const decodedFolder = (home: string): string => join(home, 'decoded');

export const filesOf = (home: string, key: string): { index: string; images: string } => ({
  index: join(decodedFolder(home), `${key}.json`),
  images: join(decodedFolder(home), `${key}.images`),
});

/** Where a set is kept, and the folder or archive that it is of. */
export interface DecodedPlace {
  /** The data folder. */
  readonly home: string;
  readonly key: string;
  readonly path: string;
}

/** Bytes of pixels and labels. */
export const bytesOf = ({ trainCount, testCount, side }: Index): number =>
  (trainCount + testCount) * (imageBytes(side) + 4);

/** The index in a file; undefined when there is none of this version. */
export async function indexIn(path: string): Promise<Index | undefined> {
  try {
    return v.parse(indexSchema, JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined;
  }
}

const isKey = (name: string): boolean => /^[\da-f]{32}\.json$/.test(name);

/** The indexes of all decoded sets, by key. */
export async function indexes(home: string): Promise<Map<string, Index>> {
  const found = new Map<string, Index>();
  const names = await readdir(decodedFolder(home)).catch(() => []);
  for (const name of names.filter(isKey).sort()) {
    const key = name.slice(0, -'.json'.length);
    const index = await indexIn(filesOf(home, key).index);
    if (index) found.set(key, index);
  }
  return found;
}
