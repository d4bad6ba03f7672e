// Runs the desktop app from the checkout, if Electron is installed. Plain JavaScript for Node 18
// and newer.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from '../core/base/lock.js';
import { checkout, runPinned } from './runtime.js';
import { isBuiltFrom, sourcesHash } from './sources.js';

/** Source folders of the bundles; of the renderer they hold the addresses of the pages. */
const sources = ['electron', 'core', 'renderer', 'build'];
/** Hash of the sources of the bundles. build/shell.js empties its folder before it begins. */
const stamp = join(checkout, 'dist', 'electron', 'sources.sha256');

/**
 * Bundles the app unless its bundles are up to date: that would take a second, and remove programs
 * that a running app starts.
 *
 * @returns {Promise<number>} exit code
 */
async function ensureShell() {
  const wanted = sourcesHash(checkout, sources);
  if (isBuiltFrom(stamp, wanted)) return 0;
  return withLock(join(checkout, '.setup', 'shell.lock'), async () => {
    if (isBuiltFrom(stamp, wanted)) return 0;
    const code = await runPinned(checkout, [join(checkout, 'build', 'shell.js')]);
    if (code === 0) writeFileSync(stamp, wanted);
    return code;
  });
}

/**
 * Bundles the app after a change of its sources, and runs it.
 *
 * @param {string} binary Electron's program
 * @param {string[]} args of the app, such as --lab=FILE
 * @returns {Promise<number>} exit code
 */
export async function startApp(binary, args) {
  const bundled = await ensureShell();
  if (bundled !== 0) return bundled;
  const environment = { ...process.env };
  // Terminals of some editors set it, and Electron would run as plain Node.
  delete environment.ELECTRON_RUN_AS_NODE;
  const app = spawn(binary, [checkout, ...args], { stdio: 'inherit', env: environment });
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
    process.on(signal, () => app.kill(signal === 'SIGINT' ? 'SIGTERM' : signal));
  return new Promise((resolve, reject) => {
    app.on('error', reject);
    app.on('close', (code) => resolve(code ?? 1));
  });
}
