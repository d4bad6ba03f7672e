import * as v from 'valibot';
import { officialOf, sourceOf } from '../data/sets/sets.ts';
import type { BuiltInSource, SetSize } from '../data/source.ts';
import type { DataSetView } from './api.ts';

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
  identity: null,
  source: '',
  bytes: 0,
  downloadBytes: null,
  download: null,
  problem: null,
});
