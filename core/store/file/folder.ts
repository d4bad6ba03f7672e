import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { LabError } from '../../base/errors.ts';

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
 * Checks that a lab file can live where it is wanted. Throws LabError `store.cannot-open`, `store.read-only-folder`,
 * `store.network-folder`.
 */
export function checkFolder(file: string, typeOf: (folder: string) => number = statfsType): void {
  const folder = dirname(file);
  if (!existsSync(folder))
    throw new LabError(
      'store.cannot-open',
      `${file}: its folder does not exist.`,
      'Create the folder first.',
    );
  if (existsSync(file) && statSync(file).isDirectory())
    throw new LabError(
      'store.cannot-open',
      `${file}: this is a folder, expected a lab file.`,
      'Choose a file in it.',
    );
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

export const readOnlyFolder = (path: string, cause: unknown): LabError =>
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
