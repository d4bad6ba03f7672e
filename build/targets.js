// Makes packages one by one. Plain JavaScript for Node 18 and newer.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/**
 * Makes every target, also after failures.
 *
 * @param {readonly string[]} targets
 * @param {(target: string) => Promise<readonly string[]>} make returns the new files
 * @returns {Promise<{ made: string[], failed: string[] }>} `failed` has the reason for each failed
 * target
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

/** Returns one line of a tool's long output. @param {unknown} error */
const reasonOf = (error) =>
  (error instanceof Error ? error.message : String(error)).trim().split('\n')[0] ||
  'no reason was given';

/**
 * Lets electron-builder make a .deb with installed Debian tools; otherwise it downloads fpm.
 *
 * @param {string} root
 * @param {NodeJS.ProcessEnv} environment
 * @returns {NodeJS.ProcessEnv} additional variables
 */
export function debTool(root, environment) {
  if (environment.CUSTOM_FPM_PATH || environment.USE_SYSTEM_FPM === 'true') return {};
  const { error } = spawnSync('dpkg-deb', ['--version'], { env: environment });
  return error ? {} : { CUSTOM_FPM_PATH: join(root, 'build', 'deb.js') };
}

/**
 * Returns electron-builder's name for the folder of the unpacked app on Linux.
 * @param {string} arch of Node
 */
export const unpackedFolder = (arch) =>
  arch === 'x64' ? 'linux-unpacked' : `linux-${arch}-unpacked`;
