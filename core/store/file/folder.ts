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
 * The file that a path means, whatever links lead to it: all who mean it must meet at the same
 * lock. Throws LabError `store.cannot-open` for what cannot be a lab file.
 */
export function realFile(path: string): string {
  const wanted = resolve(path);
  const refusal = (what: string, next: string, cause?: unknown): LabError =>
    new LabError('store.cannot-open', `${wanted}: ${what}.`, next, { cause });
  if (!existsSync(dirname(wanted)))
    throw refusal('its folder does not exist', 'Create the folder first.');
  let file: string;
  let found: Stats | undefined;
  try {
    const isNew = lstatSync(wanted, { throwIfNoEntry: false }) === undefined;
    file = isNew
      ? join(realpathSync.native(dirname(wanted)), basename(wanted))
      : realpathSync.native(wanted);
    found = statSync(file, { throwIfNoEntry: false });
  } catch (error) {
    throw refusal(
      `nothing can be reached there (${messageOf(error)})`,
      'Choose a file that is there, or a new name.',
      error,
    );
  }
  if (found?.isDirectory())
    throw refusal('this is a folder, expected a lab file', 'Choose a file in it.');
  if (found && !found.isFile())
    throw refusal('this is no ordinary file, expected a lab file', 'Choose another name.');
  // SQLite's log and lock go by the name: two names of one file would be two labs on it.
  if (found && found.nlink > 1)
    throw refusal(
      `this file has ${found.nlink} names (hard links), and a lab file may have only one`,
      'Copy it under a name of its own.',
    );
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
  if (network !== undefined)
    throw new LabError(
      'store.network-folder',
      `${folder}: a network folder (${network}), where a lab file could be damaged by two computers at once.`,
      'Keep the lab on a local disk (--lab FILE or KTG_LAB) and copy backups to the network.',
    );
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
  new LabError(
    'store.read-only-folder',
    `${path}: it may not be written to, and a lab keeps its log beside its file.`,
    'Change the permissions, or copy the lab file to a folder of your own.',
    { cause },
  );

function statfsType(folder: string): number {
  try {
    return statfsSync(folder).type >>> 0;
  } catch {
    return 0; // Not known on this system: the locks are tried instead.
  }
}
