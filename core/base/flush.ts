import { closeSync, fsyncSync, openSync } from 'node:fs';

/** Waits until the bytes of a file are on the disk. Throws errors of the file system. */
export const flushFile = (path: string): void => {
  flush(path, 'r+'); // Windows flushes no file that is open for reading only
};

/** Waits until the names in a folder are on the disk; Windows opens no folder. */
export const flushFolder = (path: string): void => {
  if (process.platform !== 'win32') flush(path, 'r');
};

function flush(path: string, flags: 'r' | 'r+'): void {
  const opened = openSync(path, flags);
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}
