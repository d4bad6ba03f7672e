import { access } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { LabError } from '../base/errors.ts';
import { OFFICIAL_ARCHIVES } from './archives.ts';
import type { CifarName } from './sets/cifar.ts';
import { CIFAR_LAYOUTS, readCifar } from './sets/cifar.ts';
import type { Dataset } from './dataset.ts';
import { byHand, downloadArchive } from './download.ts';
import { dataHome } from '../base/data-home.ts';
import type { DataOptions } from './progress.ts';
import type { SyntheticOptions } from './sets/synthetic.ts';
import { SYNTHETIC_DEFAULTS, syntheticDataset } from './sets/synthetic.ts';

export interface OpenOptions extends DataOptions {
  /** Data folder; default `dataHome()`. */
  folder?: string;
  /** Whether a missing official archive may be downloaded; default yes. */
  download?: boolean;
}

/**
 * Opens a data set by what a person writes:
 * - `cifar100`, `cifar10`: the official archive in the data folder, downloaded when it is missing;
 * - `synthetic`, or with options `synthetic:seed=3,train=2000,test=500,classes=10`: built-in
 * pictures;
 * - anything else: the path of an archive or folder.
 *
 * @throws LabError `data.not-downloaded`, `data.incomplete`, `data.synthetic-option`, and those of
 * `readCifar` and `downloadArchive`
 */
export async function openDataset(spec: string, options: OpenOptions = {}): Promise<Dataset> {
  if (isSynthetic(spec)) return syntheticDataset(syntheticOptions(spec.slice('synthetic:'.length)));
  if (isCifarName(spec)) return openOfficial(spec, options);
  return readCifar(spec, options);
}

/**
 * What a person wrote in this folder, so that it means the same in any other: a path becomes
 * absolute.
 */
export const absoluteSpec = (spec: string): string => (isPathSpec(spec) ? resolve(spec) : spec);

/** Whether a person means a path by this, and none of the names that are known everywhere. */
export const isPathSpec = (spec: string): boolean => !isSynthetic(spec) && !isCifarName(spec);

const isSynthetic = (spec: string): boolean =>
  spec === 'synthetic' || spec.startsWith('synthetic:');

const isCifarName = (spec: string): spec is CifarName => Object.hasOwn(CIFAR_LAYOUTS, spec);

/** Path of an official archive in the data folder, when it is there. */
export async function findOfficial(
  name: CifarName,
  folder = dataHome(),
): Promise<string | undefined> {
  const path = join(folder, OFFICIAL_ARCHIVES[name].file);
  return access(path).then(
    () => path,
    () => undefined,
  );
}

async function openOfficial(name: CifarName, options: OpenOptions): Promise<Dataset> {
  const { folder = dataHome(), download = true } = options;
  const archive = OFFICIAL_ARCHIVES[name];
  const { title, official } = CIFAR_LAYOUTS[name];
  const present = await findOfficial(name, folder);
  if (!present && !download)
    throw new LabError(
      'data.not-downloaded',
      `${title} is not in the data folder ${folder}`,
      `Download it. ${byHand(archive)}`,
    );
  const path = present ?? (await downloadArchive(archive, { ...options, folder }));
  const dataset = await readCifar(path, options);
  if (
    dataset.name !== name ||
    dataset.trainCount !== official.train ||
    dataset.testCount !== official.test
  )
    throw new LabError(
      'data.incomplete',
      `${path} holds ${dataset.trainCount} + ${dataset.testCount} images of ${CIFAR_LAYOUTS[dataset.name as CifarName].title}, expected ${official.train} + ${official.test} of ${title}`,
      `Remove it to download the official archive, or use it under its path (--data ${path}).`,
    );
  return dataset;
}

/** `seed=3,train=2000` */
export function syntheticOptions(text: string): Partial<SyntheticOptions> {
  const known = Object.keys(SYNTHETIC_DEFAULTS);
  return Object.fromEntries(
    text
      .split(',')
      .filter((item) => item !== '')
      .map((item) => {
        const [key = '', value = ''] = item.split('=');
        if (!known.includes(key) || !/^\d+$/.test(value))
          throw new LabError(
            'data.synthetic-option',
            `synthetic data: "${item}" is not an option, expected ${known.map((name) => `${name}=NUMBER`).join(', ')}`,
            'For example: synthetic:seed=1,train=5000,test=1000,classes=10',
          );
        return [key, Number(value)];
      }),
  );
}
