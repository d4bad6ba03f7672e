// Whether Electron can build its sandbox here: it ends at once where it cannot. Plain JavaScript
// for Node 18 and newer.
import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Switches of Linux that keep programs of ordinary users from making namespaces, and what they then
 * say.
 */
const switches = [
  ['/proc/sys/kernel/apparmor_restrict_unprivileged_userns', '1'], // Ubuntu 23.10 and newer
  ['/proc/sys/kernel/unprivileged_userns_clone', '0'], // Debian, before 11
  ['/proc/sys/user/max_user_namespaces', '0'],
];

/**
 * Why Electron would not start, and what to do; null when nothing is in its way.
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
  return `this system keeps Electron from building its sandbox (to allow it: sudo chown root '${helper}' && sudo chmod 4755 '${helper}')`;
}

/** Runs as root whoever starts it. @param {string} path */
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
