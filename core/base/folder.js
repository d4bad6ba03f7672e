// Plain JavaScript: set-up makes folders on Node 18, before anything can run TypeScript.
import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a folder and those above it, where they are missing. Node's own recursive way never returns
 * below system folders that take no new ones, such as /proc: they answer that something does not
 * exist, and it makes the parents for ever.
 * @param {string} path
 * @param {number} [mode] rights of each folder that is made, less what the user's mask takes away
 * @throws errors of the file system, `EPERM` for such a system folder
 */
export function makeFolder(path, mode = 0o777) {
  if (isFolder(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeFolder(parent, mode);
  try {
    mkdirSync(path, mode);
  } catch (error) {
    if (isFolder(path)) return; // another process was faster
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code !== 'ENOENT') throw error;
    throw Object.assign(new Error(`${parent} takes no new folders`, { cause: error }), {
      code: 'EPERM',
    });
  }
}

/** @param {string} path */
const isFolder = (path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
