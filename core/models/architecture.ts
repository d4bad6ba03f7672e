import { LabError } from '../base/errors.ts';
import { checkSide } from './cost.ts';
import type { Architecture, NetworkFamily } from './layers.ts';
import { mobilenet } from './mobilenet.ts';
import { resnetImagenet } from './resnet-imagenet.ts';
import { resnet } from './resnet.ts';
import { vgg } from './vgg.ts';
import { wrn } from './wrn.ts';

/** All kinds of networks. A new kind is one file and one entry here. */
const families: readonly NetworkFamily[] = [resnet, wrn, resnetImagenet, vgg, mobilenet];

/** The three networks of the paper's search space. */
export const paperModels = ['resnet32', 'resnet110', 'wrn-28-2'] as const;

/** The names that the lab offers, the paper's first; `architecture` knows more. */
export const modelNames: readonly string[] = [
  ...new Set([...paperModels, ...families.flatMap(({ offered }) => offered)]),
];

/** All accepted names in words: `A, or B`. */
export const modelForms: string = inWords(families.map(({ description }) => description));

/** The size of square images. */
export interface ImageSize {
  /** Pixels. */
  readonly side: number;
}

/** The size of CIFAR's images, the default. */
export const usualImages: ImageSize = { side: 32 };

/**
 * Returns a network by name (`resnet32`, `wrn-28-2`; case, spaces and underscores do not matter)
 * for images of a size. The same name and side return the same object.
 *
 * @throws LabError `model.unknown`; `model.side` for a side that the network cannot halve often
 * enough
 */
export function architecture(name: string, { side } = usualImages): Architecture {
  const plain = name.toLowerCase().replace(/[\s_]/g, '-');
  const key = `${plain} ${side}`;
  const known = cache.get(key);
  if (known) return known;
  for (const family of families) {
    const built = family.build(plain, side);
    if (!built) continue;
    checkSide(built);
    const own = `${built.name} ${side}`;
    const same = cache.get(own) ?? built;
    cache.set(own, same);
    return same;
  }
  throw new LabError('model.unknown', {
    name: name.slice(0, 60),
    modelForms,
    modelNames: modelNames.join(', '),
  });
}

const cache = new Map<string, Architecture>();

function inWords(items: readonly string[]): string {
  return `${items.slice(0, -1).join(', ')}, or ${items.at(-1)!}`;
}
