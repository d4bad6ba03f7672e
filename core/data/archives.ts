import { LabError } from '../base/errors.ts';
import type { CifarName } from './sets/cifar.ts';

/** An official archive: where it comes from and what it must be. */
export interface OfficialArchive {
  name: CifarName;
  /** File name on the server and in the data folder. */
  file: string;
  /** Its size; a download is cut beyond. */
  bytes: number;
  md5: string;
  sha256: string;
}

/** Official site; KTG_DATA_MIRROR names another one with the same file names. */
const OFFICIAL_SITE = 'https://www.cs.toronto.edu/~kriz/';

/**
 * Source of MD5: https://www.cs.toronto.edu/~kriz/cifar.html. Sizes and SHA-256, which that site
 * does not give: the checksum lists of TensorFlow Datasets 4.9.10, equal in GoMLX and in
 * red-datasets.
 */
export const OFFICIAL_ARCHIVES: Readonly<Record<CifarName, OfficialArchive>> = {
  cifar100: {
    name: 'cifar100',
    file: 'cifar-100-binary.tar.gz',
    bytes: 168_513_733,
    md5: '03b5dce01913d631647c71ecec9e9cb8',
    sha256: '58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec',
  },
  cifar10: {
    name: 'cifar10',
    file: 'cifar-10-binary.tar.gz',
    bytes: 170_052_171,
    md5: 'c32a1d4ab5d03f1284b67883e8d87530',
    sha256: 'c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd',
  },
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
