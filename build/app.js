// Runs the desktop app from the checkout, if Electron is installed. Plain JavaScript for Node 18
// and newer.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { checkout, runPinned } from './runtime.js';

/**
 * Bundles the app and runs it.
 *
 * @param {string} binary Electron's program
 * @param {string[]} args of the app, such as --lab=FILE
 * @returns {Promise<number>} exit code
 */
export async function startApp(binary, args) {
  const bundled = await runPinned(checkout, [join(checkout, 'build', 'shell.js')]);
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
