import { type BigIntStats, fstatSync, statSync } from 'node:fs';

/**
 * A file itself, whatever it is called: its device and its number there. Text, as they may exceed
 * 2^53.
 */
export interface FileId {
  device: string;
  inode: string;
}

/** State of the name under which a file was opened. */
export const THERE = 0;
export const MOVED = 1;
export const DELETED = 2;
export type Whereabouts = typeof THERE | typeof MOVED | typeof DELETED;

/** The file that a path leads to; null for none. */
export function fileIdOf(path: string): FileId | null {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found ? idOf(found) : null;
}

export const isSameFile = (a: FileId, b: FileId): boolean =>
  a.device === b.device && a.inode === b.inode;

/** Looks whether a path still leads to a file that this process has open. */
export function whereaboutsOf(path: string, id: FileId): Whereabouts {
  const now = fileIdOf(path);
  if (now && isSameFile(now, id)) return THERE;
  return descriptorOf(id)?.links === 0n ? DELETED : MOVED;
}

/** Descriptors that are searched for an open file. */
const DESCRIPTORS = 1024;

/**
 * The descriptor under which this process has a file open. Found by looking, since to open the file
 * and close it again would give up SQLite's own locks on it.
 */
export function descriptorOf(id: FileId): { number: number; links: bigint } | null {
  for (let number = 3; number < DESCRIPTORS; number++) {
    try {
      const found = fstatSync(number, { bigint: true });
      if (isSameFile(idOf(found), id)) return { number, links: found.nlink };
    } catch {
      // No such descriptor.
    }
  }
  return null;
}

const idOf = ({ dev, ino }: BigIntStats): FileId => ({ device: String(dev), inode: String(ino) });
