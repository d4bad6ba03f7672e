import { LabError } from '../base/errors.ts';
import type { CifarName } from './cifar.ts';

/** An official archive: where it comes from and what it must be. */
export interface OfficialArchive {
  name: CifarName;
  /** File name on the server and in the data folder. */
  file: string;
  md5: string;
}

/** Official site; KTG_DATA_MIRROR names another one with the same file names. */
const OFFICIAL_SITE = 'https://www.cs.toronto.edu/~kriz/';

/** Source of the sums: https://www.cs.toronto.edu/~kriz/cifar.html */
export const OFFICIAL_ARCHIVES: Readonly<Record<CifarName, OfficialArchive>> = {
  cifar100: { name: 'cifar100', file: 'cifar-100-binary.tar.gz', md5: '03b5dce01913d631647c71ecec9e9cb8' },
  cifar10: { name: 'cifar10', file: 'cifar-10-binary.tar.gz', md5: 'c32a1d4ab5d03f1284b67883e8d87530' },
};

/**
 * Address of an archive on the official site or on the mirror.
 * @throws LabError `data.bad-mirror`
 */
export function archiveUrl(archive: OfficialArchive, mirror = process.env.KTG_DATA_MIRROR): URL {
  const site = mirror || OFFICIAL_SITE;
  const folder = site.endsWith('/') ? site : `${site}/`;
  if (!URL.canParse(folder) || !['http:', 'https:'].includes(new URL(folder).protocol))
    throw new LabError(
      'data.bad-mirror',
      `KTG_DATA_MIRROR is "${site}", expected the http or https address of a folder`,
      `Correct it, or use a file on this machine by its path.`,
    );
  return new URL(archive.file, folder);
}
