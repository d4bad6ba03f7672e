import {
  accessSync,
  constants,
  existsSync,
  lstatSync,
  realpathSync,
  statfsSync,
  statSync,
} from 'node:fs';
import type { Stats } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { LabError, messageOf } from '../../base/errors.ts';
import type { Sqlite } from '../sqlite.ts';

/** File system types (Linux statfs) on which SQLite's locks and shared memory cannot be trusted. */
const NETWORK_TYPES: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x5346414f, 'AFS'],
  [0x00c36400, 'Ceph'],
  [0x47504653, 'GPFS'],
  [0x0bd00bd0, 'Lustre'],
]);

/**
 * The file that a path means, whatever links lead to it: all programs must find the same
 * lock. Throws LabError `store.cannot-open` for what cannot be a lab file.
 */
export function realFile(path: string): string {
  const wanted = resolve(path);
  if (!existsSync(dirname(wanted)))
    throw new LabError('store.cannot-open/no-folder', { file: wanted });
  let file: string;
  let found: Stats | undefined;
  try {
    const isNew = lstatSync(wanted, { throwIfNoEntry: false }) === undefined;
    file = isNew
      ? join(realpathSync.native(dirname(wanted)), basename(wanted))
      : realpathSync.native(wanted);
    found = statSync(file, { throwIfNoEntry: false });
  } catch (error) {
    throw new LabError(
      'store.cannot-open/unreachable',
      { file: wanted, reason: messageOf(error) },
      { cause: error },
    );
  }
  if (found?.isDirectory()) throw new LabError('store.cannot-open/folder', { file: wanted });
  if (found && !found.isFile())
    throw new LabError('store.cannot-open/not-a-file', { file: wanted });
  // SQLite's log and lock go by the name: two names of one file would be two labs on it.
  if (found && found.nlink > 1)
    throw new LabError('store.cannot-open/links', { file: wanted, links: found.nlink });
  return file;
}

/**
 * Checks that a lab can work on a file where it is. Throws LabError `store.read-only-folder`,
 * `store.network-folder`.
 */
export function checkFolder(file: string, typeOf: (folder: string) => number = statfsType): void {
  const folder = dirname(file);
  for (const path of existsSync(file) ? [folder, file] : [folder]) {
    try {
      accessSync(path, constants.R_OK | constants.W_OK);
    } catch (error) {
      throw readOnlyFolder(path, error);
    }
  }
  const network = NETWORK_TYPES.get(typeOf(folder));
  if (network !== undefined) throw new LabError('store.network-folder', { folder, network });
}

/**
 * A file whose log is not there yet needs it made, even to be read. Throws LabError
 * `store.read-only-folder`.
 */
export function requireReadable(database: Sqlite, file: string): void {
  try {
    database.value('PRAGMA schema_version');
  } catch (error) {
    if (error instanceof LabError && error.code === 'store.read-only')
      throw readOnlyFolder(dirname(file), error);
    throw error;
  }
}

const readOnlyFolder = (path: string, cause: unknown): LabError =>
  new LabError('store.read-only-folder', { path }, { cause });

function statfsType(folder: string): number {
  try {
    return statfsSync(folder).type >>> 0;
  } catch {
    return 0; // Not known on this system: the locks are tried instead.
  }
}
