import { readlinkSync } from 'node:fs';
import { LabError } from '../../base/errors.ts';
import { DELETED, type FileId, type MOVED, descriptorOf } from './whereabouts.ts';

/** For a lab file that is no longer where it was opened: nothing more is written to it. */
export function lostFile(path: string, id: FileId, where: typeof MOVED | typeof DELETED): LabError {
  const copy = 'copy it from here (ktg db backup COPY) before you end this program';
  if (where === DELETED) return new LabError('store.deleted', { path, copy });
  const now = newPathOf(id);
  return new LabError('store.moved', { path, place: now === null ? '' : ` to ${now}`, copy });
}

/** Where an open file is now; null where the system does not tell. */
function newPathOf(id: FileId): string | null {
  const descriptor = descriptorOf(id);
  try {
    return descriptor && readlinkSync(`/proc/self/fd/${descriptor.number}`);
  } catch {
    return null;
  }
}
