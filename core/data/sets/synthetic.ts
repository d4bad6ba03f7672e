import { LabError } from '../../base/errors.ts';
import { shuffle, stream } from '../../base/random.ts';
import { type Dataset, identified, imageBytes } from '../dataset.ts';
import type { BuiltInSource, SetSize } from '../source.ts';
import { classParts, MAX_CLASSES, noiseTable, paint } from '../synthetic-pictures.ts';

/**
 * A built-in set of small pictures: one textured shape (its class) in front of a coloured,
 * cluttered, noisy background. Classes share shapes and textures, so that some are closer to each
 * other than others; mirroring and shifting keep the class; weak contrast, occlusion and noise make
 * some images undecidable.
 */
export interface SyntheticOptions {
  seed: number;
  train: number;
  test: number;
  /** 2 .. 20. */
  classes: number;
  /** Pixels on a side, 16 .. 128. */
  side: number;
}

const SYNTHETIC_DEFAULTS: SyntheticOptions = {
  seed: 1,
  train: 5000,
  test: 1000,
  classes: 10,
  side: 32,
};

/** More would not fit into memory beside an engine. */
const MAX_BYTES = 2 ** 30;

/** The built-in set: its specification is `synthetic`, or `synthetic:seed=3,train=2000`. */
export const synthetic: BuiltInSource = {
  kind: 'built-in',
  name: 'synthetic',
  title: 'Built-in pictures',
  origin: 'made by this program',
  example: 'train=2000,test=500',
  size(options) {
    const { train, test, classes, side } = { ...SYNTHETIC_DEFAULTS, ...syntheticOptions(options) };
    return { trainCount: train, testCount: test, classes, side } satisfies SetSize;
  },
  classNames: (options) => classNames({ ...SYNTHETIC_DEFAULTS, ...syntheticOptions(options) }),
  make: (options) => syntheticDataset(syntheticOptions(options)),
};

/** `seed=3,train=2000` */
function syntheticOptions(text: string): Partial<SyntheticOptions> {
  const known = Object.keys(SYNTHETIC_DEFAULTS);
  return Object.fromEntries(
    text
      .split(',')
      .filter((item) => item !== '')
      .map((item) => {
        const [key = '', value = ''] = item.split('=');
        if (!known.includes(key) || !/^\d+$/.test(value))
          throw new LabError('data.synthetic-option/unknown', {
            item,
            known: known.map((name) => `${name}=NUMBER`).join(', '),
          });
        return [key, Number(value)];
      }),
  );
}

const classNames = ({ classes }: Pick<SyntheticOptions, 'classes'>): string[] =>
  Array.from({ length: classes }, (_, label) => {
    const { shape, texture } = classParts(label);
    return `${texture[0]} ${shape[0]}`;
  });

/** Makes the set; the same options give the same bytes. About 0.1 ms an image. */
export function syntheticDataset(options: Partial<SyntheticOptions> = {}): Dataset {
  const { seed, train, test, classes, side } = { ...SYNTHETIC_DEFAULTS, ...options };
  requireWhole('seed', seed, 0, Number.MAX_SAFE_INTEGER);
  requireWhole('train', train, 1, 100_000);
  requireWhole('test', test, 1, 100_000);
  requireWhole('classes', classes, 2, MAX_CLASSES);
  requireWhole('side', side, 16, 128);
  const bytes = imageBytes(side);
  if ((train + test) * bytes > MAX_BYTES)
    throw new LabError('data.synthetic-option/too-large', { train, test, side });

  const images = new Uint8Array((train + test) * bytes);
  const labels = new Int32Array(train + test);
  const noise = noiseTable(seed);
  let at = 0;
  for (const [part, count] of [
    ['train', train],
    ['test', test],
  ] as const) {
    const random = stream(seed, 'synthetic', part);
    const balanced = Int32Array.from({ length: count }, (_, i) => i % classes);
    for (const label of shuffle(balanced, random)) {
      labels[at] = label;
      paint(images.subarray(at * bytes, (at + 1) * bytes), side, label, random, noise);
      at++;
    }
  }
  return identified({
    name: 'synthetic',
    classes,
    classNames: classNames({ classes }),
    side,
    images,
    labels,
    trainCount: train,
    testCount: test,
    source:
      `built-in pictures (seed ${seed}, ${train} + ${test} images, ${classes} ` +
      `classes${side === SYNTHETIC_DEFAULTS.side ? '' : `, ${side} x ${side} pixels`})`,
  });
}

function requireWhole(name: string, value: number, low: number, high: number): void {
  if (!Number.isSafeInteger(value) || value < low || value > high)
    throw new LabError('data.synthetic-option/value', { name, value, low, high });
}
