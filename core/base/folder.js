// Plain JavaScript: set-up makes folders under Node 18, which cannot run TypeScript.
import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a folder and its missing parents. Node's `recursive` option never returns below system
 * folders without write access, such as /proc: the error says that the folder is missing, so Node
 * makes the parents again, forever.
 *
 * @param {string} path
 * @param {number} [mode] rights of each new folder, before the user's mask; private by default,
 *   because caches, data and lab files are their user's
 * @throws errors of the file system, `EPERM` below such a system folder
 */
export function makeFolder(path, mode = 0o700) {
  if (isFolder(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeFolder(parent, mode);
  try {
    mkdirSync(path, mode);
  } catch (error) {
    if (isFolder(path)) return; // another process made it
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code !== 'ENOENT') throw error;
    throw Object.assign(new Error(`${parent} takes no new folders`, { cause: error }), {
      code: 'EPERM',
    });
  }
}

/** @param {string} path */
const isFolder = (path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
