// How packages are made one by one. Plain JavaScript for Node 18 and newer.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/**
 * Makes every target, whatever became of those before it.
 *
 * @param {readonly string[]} targets
 * @param {(target: string) => Promise<readonly string[]>} make returns the files that it has made
 * @returns {Promise<{ made: string[], failed: string[] }>} `failed` says of each target why
 */
export async function makeEach(targets, make) {
  /** @type {string[]} */
  const made = [];
  /** @type {string[]} */
  const failed = [];
  for (const target of targets)
    try {
      made.push(...(await make(target)));
    } catch (error) {
      failed.push(`${target} could not be made: ${reasonOf(error)}`);
    }
  return { made, failed };
}

/** Tools print pages. @param {unknown} error */
const reasonOf = (error) =>
  (error instanceof Error ? error.message : String(error)).trim().split('\n')[0] ||
  'no reason was given';

/**
 * Lets electron-builder make a .deb with Debian's tools where they are installed: it downloads fpm
 * otherwise.
 *
 * @param {string} root
 * @param {NodeJS.ProcessEnv} environment
 * @returns {NodeJS.ProcessEnv} what to add to it
 */
export function debTool(root, environment) {
  if (environment.CUSTOM_FPM_PATH || environment.USE_SYSTEM_FPM === 'true') return {};
  const { error } = spawnSync('dpkg-deb', ['--version'], { env: environment });
  return error ? {} : { CUSTOM_FPM_PATH: join(root, 'build', 'deb.js') };
}

/**
 * As electron-builder names the folder of the unpacked app on Linux.
 * @param {string} arch of Node
 */
export const unpackedFolder = (arch) =>
  arch === 'x64' ? 'linux-unpacked' : `linux-${arch}-unpacked`;
