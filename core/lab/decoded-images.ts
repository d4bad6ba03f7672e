import { sep } from 'node:path';
import { type DecodedSet, decodedSets, removeDecoded } from '../data/images/cache.ts';
import { parseImages, USUAL_SIDE } from '../data/images/spec.ts';
import type { Store } from '../store/store.ts';
import type { DecodedImages } from './api.ts';

/** What is decoded of a folder or archive: it, to a side. */
export interface DecodedOf {
  readonly path: string;
  readonly side: number;
}

/** What a specification, or the path of images, decodes. */
export function decodedOf(spec: string): DecodedOf {
  const { path, side } = parseImages(spec) ?? { path: spec, side: USUAL_SIDE };
  return { path, side };
}

/** Whether one of these is read from a decoded set. */
const isDecodedFor = ({ places, side }: DecodedSet, wanted: readonly DecodedOf[]): boolean =>
  wanted.some((each) => each.side === side && places.includes(each.path));

/**
 * Removes what was decoded of a set that leaves the list.
 *
 * @param kept sets that stay in the list, or that a study still needs
 */
export async function removeDecodedOf(
  home: string,
  left: DecodedOf,
  kept: readonly DecodedOf[],
): Promise<void> {
  for (const set of await decodedSets(home))
    if (isDecodedFor(set, [left]) && !isDecodedFor(set, kept)) await removeDecoded(home, set.key);
}

/** Decoded sets that none of these needs, such as those of a folder that was changed since. */
const unneeded = (sets: readonly DecodedSet[], kept: readonly DecodedOf[]): DecodedSet[] =>
  sets.filter((set) => !set.isBusy && !isDecodedFor(set, kept));

/** How much room decoded images take, and how much of it nothing in the lab needs. */
export async function decodedImages(
  home: string,
  kept: readonly DecodedOf[],
): Promise<DecodedImages> {
  const sets = await decodedSets(home);
  const sum = (some: readonly DecodedSet[]): number =>
    some.reduce((bytes, each) => bytes + each.bytes, 0);
  return { bytes: sum(sets), unneededBytes: sum(unneeded(sets, kept)) };
}

/** Removes the decoded sets that nothing in the lab needs. */
export async function removeUnneeded(home: string, kept: readonly DecodedOf[]): Promise<void> {
  for (const { key } of unneeded(await decodedSets(home), kept)) await removeDecoded(home, key);
}

/** Whether a path lies in a folder, and is not the folder. */
export const liesIn = (path: string, folder: string): boolean =>
  path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`);

/** Studies and re-runs that have not ended, with their data. */
export const openJobs = (store: Store): { name: string; data: string }[] =>
  [
    ...store.studies().map(({ name, state, plan }) => ({ name, state, data: plan.training.data })),
    ...store.reruns().map(({ name, state, training }) => ({ name, state, data: training.data })),
  ].filter(({ state }) => !['stopped', 'completed'].includes(state));
