import { join } from 'node:path';
import type { Step } from '../base/actions.ts';
import { dataHome } from '../base/data-home.ts';
import { LabError, messageOf } from '../base/errors.ts';
import type { OfficialArchive } from './archives.ts';

const TOO_LARGE = 'data.too-large';

export const tooLarge = (url: URL, archive: OfficialArchive): LabError =>
  new LabError('data.too-large/download', {
    address: shown(url),
    bytes: archive.bytes,
    file: archive.file,
    otherWay: byHand(archive),
  });

export const isTooLarge = (error: unknown): boolean =>
  error instanceof LabError && error.code === TOO_LARGE;

/** An address without the password that it may hold. */
export const shown = (url: URL): string => `${url.origin}${url.pathname}`;

/** How to do without the download. */
export const byHand = ({ name, file, folder = '' }: OfficialArchive): Step => ({
  do: 'fetch-data',
  name,
  file,
  folder: join(dataHome(), folder),
});

export const noSpace = (folder: string, found: string): LabError =>
  new LabError('data.no-space', { folder, found });

export const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? '';

/** Beginnings of the codes of errors before a connection. */
const NO_CONNECTION = [
  ...['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'ENETUNREACH', 'EHOSTUNREACH', 'ERR_PROXY'],
  ...['ERR_TLS', 'CERT_', 'UNABLE_TO', 'SELF_SIGNED', 'DEPTH_ZERO'],
];

/** No connection can be made, rather than one that broke. */
export const isUnreachable = (error: unknown): boolean =>
  NO_CONNECTION.some((start) => codeOf(error).startsWith(start));

export const isDiskError = (error: unknown): boolean =>
  ['ENOSPC', 'EDQUOT', 'EACCES', 'EPERM', 'EROFS', 'EIO', 'ENOTDIR', 'EEXIST'].includes(
    codeOf(error),
  );

/** The disk, or a person's share of it, is full. */
export const isFull = (error: unknown): boolean => ['ENOSPC', 'EDQUOT'].includes(codeOf(error));

export function folderError(error: unknown, folder: string): unknown {
  if (!isDiskError(error)) return error;
  if (isFull(error)) return noSpace(folder, messageOf(error));
  return new LabError(
    'data.folder-not-writable',
    { folder, reason: messageOf(error) },
    { cause: error },
  );
}
