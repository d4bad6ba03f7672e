import * as v from 'valibot';
import { basename } from 'node:path';
import { problem } from '../base/errors.ts';
import { imageBytes, type LeftOut } from '../data/dataset.ts';
import { parseImages } from '../data/images/spec.ts';
import { officialOf, officialSources, sourceNamed, sourceOf } from '../data/sets/sets.ts';
import type { BuiltInSource, SetSize } from '../data/source.ts';
import type { DataSetView } from './api.ts';
import { liesIn } from './decoded-images.ts';
import type { DataLook } from './look.ts';
import { placeOfSpec } from './sent-images.ts';

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

export const addedRecord: v.GenericSchema<unknown, Added[]> = v.array(
  v.object({
    path: v.string(),
    title: v.string(),
    trainCount: count,
    testCount: count,
    validationCount: v.optional(count),
    classes: count,
    identity: v.string(),
    bytes: count,
    isCopy: v.optional(v.boolean()),
    side: v.optional(count),
    classNames: v.optional(v.array(v.string())),
    classCounts: v.optional(v.array(count)),
    leftOut: v.optional(
      v.object({ count, files: v.array(v.object({ file: v.string(), why: v.string() })) }),
    ),
  }),
);

/** A data set that a person has added, as it is noted in the lab file. */
export interface Added {
  path: string;
  title: string;
  trainCount: number;
  testCount: number;
  /** Of the training images, in a set that chooses them itself. */
  validationCount?: number | undefined;
  classes: number;
  identity: string;
  bytes: number;
  /** Images that were sent: the lab has made its place in the data folder. */
  isCopy?: boolean | undefined;
  /** Absent in older lab files, which know the official formats alone. */
  side?: number | undefined;
  classNames?: string[] | undefined;
  /** Absent before sets of people's own images. */
  classCounts?: number[] | undefined;
  leftOut?: { count: number; files: { file: string; why: string }[] } | undefined;
}

export const sizeOfSource = ({
  source,
  options,
}: NonNullable<ReturnType<typeof sourceOf>>): SetSize =>
  source.kind === 'built-in' ? source.size(options) : source.size;

/** Older lab files leave the side out: the format that the identity names decides it. */
export function sizeOf({ trainCount, testCount, classes, side, identity }: Added): SetSize {
  const known = officialOf(identity.split(':', 1)[0]!);
  return { trainCount, testCount, classes, side: side ?? known?.size.side ?? 0 };
}

export const builtIn = (source: BuiltInSource): DataSetView => ({
  ...ready(source, source.size('')),
  classNames: [...source.classNames('')],
  source: source.origin,
});

export const ready = (
  { name, title, kind }: Pick<DataSetView, 'name' | 'title' | 'kind'>,
  { trainCount, testCount, classes, side }: SetSize,
): DataSetView => ({
  name,
  title,
  kind,
  state: 'ready',
  trainCount,
  testCount,
  classes,
  side,
  classNames: null,
  classCounts: null,
  leftOut: null,
  identity: null,
  source: '',
  isCopy: false,
  bytes: 0,
  downloadBytes: null,
  download: null,
  problem: null,
});

/** Files named in the list of data sets. */
const NAMED = 200;

/** Of many files that were left out, the first. */
const shortened = ({ count, files }: LeftOut = { count: 0, files: [] }) => ({
  count,
  files: files.slice(0, NAMED).map((each) => ({ ...each })),
});

/**
 * What is kept under the name of an official archive is taken for all of it: a part of one gets
 * another name.
 */
export function nameFor({ name: data, trainCount, testCount }: DataLook, name: string): string {
  const official = officialSources.find(({ files }) =>
    files.some(({ file }) => name.endsWith(file)),
  );
  if (!official) return name;
  const { size } = official;
  const isComplete = trainCount === size.trainCount && testCount === size.testCount;
  return isComplete && official.name === data ? name : `part-${name.replace(/^[^\w]+/, '')}`;
}

/**
 * The record of a set that a person has added.
 *
 * @param spec its path, or specification of images
 * @param bytes of its file
 */
export function addedOf(found: DataLook, spec: string, bytes: number): Added {
  const { trainCount, testCount, classes, side, classNames, identity } = found;
  const place = placeOfSpec(spec);
  const images = parseImages(spec);
  const known = images ? undefined : sourceNamed(found.name);
  return {
    path: spec,
    title: known ? `${known.title} from ${basename(place)}` : `${basename(place)}, ${side} px`,
    trainCount,
    testCount,
    classes,
    identity,
    bytes: images ? (trainCount + testCount) * imageBytes(side) : bytes,
    side,
    ...(found.validationCount !== undefined && { validationCount: found.validationCount }),
    ...(classNames && { classNames: [...classNames] }),
    ...(images && { classCounts: found.classCounts, leftOut: shortened(found.leftOut) }),
  };
}

/** @param folder the data folder; a copy in an earlier one is left alone */
export function addedView(
  added: Added,
  { isThere, folder }: { isThere: boolean; folder: string },
): DataSetView {
  const { path, title, identity, bytes } = added;
  const place = placeOfSpec(path);
  return {
    ...ready({ name: path, title, kind: 'added' }, sizeOf(added)),
    classNames: added.classNames ?? null,
    classCounts: added.classCounts ?? null,
    leftOut: added.leftOut ?? null,
    source: place,
    isCopy: added.isCopy === true && liesIn(place, folder),
    bytes,
    identity,
    state: isThere ? 'ready' : 'missing',
    problem: isThere ? null : problem('data.not-found/gone', { path: place }),
  };
}
