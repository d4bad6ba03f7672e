import { LabError } from '../base/errors.ts';
import { attentionRepel } from './attention-repel.ts';
import { attention } from './attention.ts';
import type { Kind } from './kind.ts';
import { kl } from './kl.ts';
import { repel } from './repel.ts';

const list = [kl, repel, attention, attentionRepel] as const satisfies readonly Kind[];

/** All kinds; the first is the default. A new kind is one file here and one in the engine. */
export const kinds: readonly (Kind & { readonly name: KindName })[] = list;

export type KindName = (typeof list)[number]['name'];

export const kindNames: readonly KindName[] = list.map((each) => each.name);

/** The kind of an edge that names none. */
export const USUAL_KIND: KindName = kl.name;

export const isKindName = (name: unknown): name is KindName =>
  typeof name === 'string' && kinds.some((each) => each.name === name);

/**
 * Returns the kind with this name.
 *
 * @throws LabError `kind.unknown`
 */
export function kind(name: string): Kind & { readonly name: KindName } {
  const found = kinds.find((each) => each.name === name);
  if (found) return found;
  throw new LabError('kind.unknown', {
    name: name.slice(0, 60),
    kindNames: kindNames.join(', '),
  });
}

/** Place of a kind in the list: its number in the inputs of a step. */
export const kindIndex = (name: KindName): number => kindNames.indexOf(name);
