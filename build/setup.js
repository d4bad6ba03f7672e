// Set-up of a new clone: packages, the pinned Node, the engine. Plain JavaScript for Node 18 and
// newer.
import { join } from 'node:path';
import { liveLine } from '../core/base/live-line.js';
import { withLock } from '../core/base/lock.js';
import { engineReady, installEngine } from './engine-step.js';
import { installPackages, packagesReady } from './packages.js';
import { checkout } from './runtime.js';

/**
 * Prepares the checkout. Takes milliseconds when nothing is missing; can be killed at any point and
 * run twice at once (the second run waits for the first).
 *
 * @param {{ root?: string, engine?: boolean }} [options] `engine: false` skips the TensorFlow
 * library
 */
export async function ensureSetup({ root = checkout, engine = true } = {}) {
  const ready = () => packagesReady(root) && (!engine || engineReady(root));
  if (ready()) return;
  await withLock(
    join(root, '.setup', 'lock'),
    async () => {
      if (!packagesReady(root)) {
        console.error('Setting up. This happens once, and again when the packages change.');
        const line = liveLine(process.stderr);
        try {
          await installPackages(root, line);
        } finally {
          line.end();
        }
      }
      if (engine && !engineReady(root)) await installEngine(root);
    },
    {
      onWait: (pid) => console.error(`Another set-up is running (process ${pid}); waiting for it.`),
    },
  );
}

/**
 * Runs `ensureSetup` for a command line: prints a failure and ends the process.
 * @param {Parameters<typeof ensureSetup>[0]} [options]
 */
export async function ensureSetupOrExit(options) {
  try {
    await ensureSetup(options);
  } catch (error) {
    console.error(`Set-up failed: ${error instanceof Error ? error.message : error}`);
    console.error(
      'Solve the problem above and run the same command again; it continues from there.',
    );
    process.exit(1);
  }
}
