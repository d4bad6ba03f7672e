// Finds Electron. Plain JavaScript for Node 18 and newer.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { liveLine } from '../core/base/live-line.js';
import { pinnedNode } from './runtime.js';

/** Hours before a failed download is tried again. */
const RETRY_HOURS = 24;

/** @typedef {{ binary: string } | { why: string }} Found */

/**
 * Returns Electron's program: from ELECTRON_OVERRIDE_DIST_PATH, an earlier install, or a download
 * by Electron's own installer.
 *
 * @param {string} root
 * @param {{ [name: string]: string | undefined }} [environment]
 * @param {NodeJS.Platform} [platform]
 * @returns {Promise<Found>}
 */
export async function findElectron(root, environment = process.env, platform = process.platform) {
  if (platform === 'linux' && !environment.DISPLAY && !environment.WAYLAND_DISPLAY)
    return { why: 'there is no screen (neither DISPLAY nor WAYLAND_DISPLAY is set)' };
  const override = environment.ELECTRON_OVERRIDE_DIST_PATH;
  if (override) {
    const binary = join(override, programName(platform));
    return existsSync(binary)
      ? { binary }
      : { why: `ELECTRON_OVERRIDE_DIST_PATH contains no Electron: ${binary} is missing` };
  }
  const binary = join(root, 'node_modules', 'electron', 'dist', programName(platform));
  if (existsSync(binary)) return { binary };
  const note = join(root, '.setup', 'electron.json');
  const before = failureIn(note);
  if (before && Date.now() - before.at < RETRY_HOURS * 3_600_000)
    return {
      why: `Electron could not be downloaded: ${before.why} (tried again a day later, or without ${note})`,
    };
  const why = await download(root);
  if (why === null && existsSync(binary)) {
    rmSync(note, { force: true });
    return { binary };
  }
  mkdirSync(dirname(note), { recursive: true });
  writeFileSync(note, JSON.stringify({ at: Date.now(), why }));
  return { why: `Electron could not be downloaded: ${why}` };
}

/** Same names as in Electron's own installer. @param {NodeJS.Platform} platform */
function programName(platform) {
  if (platform === 'darwin') return join('Electron.app', 'Contents', 'MacOS', 'Electron');
  return platform === 'win32' ? 'electron.exe' : 'electron';
}

/** @param {string} note @returns {{ at: number, why: string } | null} */
function failureIn(note) {
  try {
    return JSON.parse(readFileSync(note, 'utf8'));
  } catch {
    return null;
  }
}

/** @param {string} root @returns {Promise<string | null>} why it failed */
async function download(root) {
  const line = liveLine(process.stderr);
  line.show('Downloading Electron (once, about 120 MB).');
  const child = spawn(pinnedNode(root), [join(root, 'node_modules', 'electron', 'install.js')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let output = '';
  child.stderr.on('data', (chunk) => (output += chunk));
  const code = await new Promise((resolve) =>
    child.on('error', () => resolve(1)).on('close', resolve),
  );
  line.end();
  if (code === 0) return null;
  const said = output.split('\n').find((each) => /error/i.test(each)) ?? output.trim();
  return said.trim().slice(0, 200) || `its installer ended with code ${code}`;
}
