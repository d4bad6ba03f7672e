import { resolve } from 'node:path';
import { LabError } from '../../base/errors.ts';

/** Sides, in pixels, that photographs can be decoded to. */
export const imageSides = [32, 64, 96, 128] as const;
export const USUAL_SIDE = 64;

/** Files that are no usable image are left out, or refuse the whole set. */
export const badImages = ['skip', 'refuse'] as const;
type BadImages = (typeof badImages)[number];

/** A folder or archive of image files, and how it is read. */
export interface ImagesSpec {
  readonly path: string;
  readonly side: number;
  /** Seed of the split, where the folder has none of its own. */
  readonly seed: number;
  readonly bad: BadImages;
}

const NAME = 'images:';

/**
 * What `images:side=64,seed=0,bad=skip,path=/photos` means; null for anything else. The path comes
 * last and goes on to the end.
 *
 * @throws LabError `data.images-option`
 */
export function parseImages(spec: string): ImagesSpec | null {
  if (!spec.startsWith(NAME)) return null;
  const [, before, path] = /^images:(.*?)path=(.+)$/s.exec(spec) ?? [];
  if (before === undefined || path === undefined) throw refused(spec);
  let { side, seed, bad }: Omit<ImagesSpec, 'path'> = { side: USUAL_SIDE, seed: 0, bad: 'skip' };
  for (const option of before.split(',').filter((each) => each !== '')) {
    const [name, value = ''] = option.split('=', 2);
    if (name === 'side' && imageSides.some((each) => String(each) === value)) side = Number(value);
    else if (name === 'seed' && /^\d{1,9}$/.test(value)) seed = Number(value);
    else if (name === 'bad' && (value === 'skip' || value === 'refuse')) bad = value;
    else throw refused(option);
  }
  return { path, side, seed, bad };
}

const refused = (option: string): LabError =>
  new LabError('data.images-option', {
    option: option.slice(0, 200),
    sides: imageSides.join(', '),
  });

/** The specification of a folder as plans keep it: its path absolute. */
export const imagesText = ({ path, side, seed, bad }: ImagesSpec): string =>
  `${NAME}side=${side},seed=${seed},bad=${bad},path=${resolve(path)}`;
