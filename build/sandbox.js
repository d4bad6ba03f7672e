// Checks whether Electron can make its sandbox here: it ends at once otherwise. Plain JavaScript
// for Node 18 and newer.
import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Settings of Linux that deny namespaces to ordinary users, with their denying values. */
const switches = [
  ['/proc/sys/kernel/apparmor_restrict_unprivileged_userns', '1'], // Ubuntu 23.10 and newer
  ['/proc/sys/kernel/unprivileged_userns_clone', '0'], // Debian, before 11
  ['/proc/sys/user/max_user_namespaces', '0'],
];

/**
 * Returns why Electron would not start, with the next step; null when nothing prevents it.
 *
 * @param {string} binary Electron's program
 * @param {{ platform?: NodeJS.Platform, user?: number | undefined, read?: (path: string) => string
 * }} [system]
 * @returns {string | null}
 */
export function sandboxObstacle(
  binary,
  { platform = process.platform, user = process.getuid?.(), read = readOrNothing } = {},
) {
  if (platform !== 'linux') return null;
  if (user === 0) return 'Electron does not run as root, where it has no sandbox';
  const helper = join(dirname(binary), 'chrome-sandbox');
  if (isRootsOwn(helper) || switches.every(([path = '', denied]) => read(path).trim() !== denied))
    return null;
  return (
    'this system does not let Electron make its sandbox (to allow it: sudo chown root ' +
    `'${helper}' && sudo chmod 4755 '${helper}')`
  );
}

/** True for a program that always runs as root. @param {string} path */
function isRootsOwn(path) {
  const found = statSync(path, { throwIfNoEntry: false });
  return found !== undefined && found.uid === 0 && (found.mode & 0o4000) !== 0;
}

/** @param {string} path */
function readOrNothing(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
