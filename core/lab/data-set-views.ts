import * as v from 'valibot';
import type { LeftOut } from '../data/dataset.ts';
import { officialOf, officialSources, sourceOf } from '../data/sets/sets.ts';
import type { BuiltInSource, SetSize } from '../data/source.ts';
import type { DataSetView } from './api.ts';
import type { DataLook } from './look-thread.ts';

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

export const addedRecord: v.GenericSchema<unknown, Added[]> = v.array(
  v.object({
    path: v.string(),
    title: v.string(),
    trainCount: count,
    testCount: count,
    classes: count,
    identity: v.string(),
    bytes: count,
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
  classes: number;
  identity: string;
  bytes: number;
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
export const shortened = ({ count, files }: LeftOut = { count: 0, files: [] }) => ({
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
