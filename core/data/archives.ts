import { LabError } from '../base/errors.ts';

/** An official file: where it comes from and what it must be. */
export interface OfficialArchive {
  /** Of the data set. */
  name: string;
  /** Folder of the official site, with a last slash; KTG_DATA_MIRROR names another one. */
  site: string;
  /** File name on the server and in the data folder. */
  file: string;
  /** Folder inside the data folder, of a set that has several files. */
  folder?: string;
  /** Its size; a download is cut beyond. */
  bytes: number;
  md5: string;
  sha256: string;
}

/**
 * Address of an archive on the official site or on the mirror.
 * @throws LabError `data.bad-mirror`
 */
export function archiveUrl(archive: OfficialArchive, mirror = process.env.KTG_DATA_MIRROR): URL {
  const site = mirror || archive.site;
  const folder = site.endsWith('/') ? site : `${site}/`;
  if (!URL.canParse(folder) || !['http:', 'https:'].includes(new URL(folder).protocol))
    throw new LabError('data.bad-mirror', { site });
  return new URL(archive.file, folder);
}
