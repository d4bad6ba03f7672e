// Builds the window's page into dist/renderer after a change of its sources. Plain JavaScript for
// Node 18 and newer.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withLock } from '../core/base/lock.js';
import { checkout, pinnedNode } from './runtime.js';
import { isBuiltFrom, sourcesHash } from './sources.js';

/** Source folders of the page: its own, and those shared with the lab. */
const sources = ['renderer', 'core'];
const folder = join(checkout, 'dist', 'renderer');
/** Hash of the sources of the built page. */
const stamp = join(checkout, 'dist', 'renderer.sha256');

/**
 * Builds the page unless it is up to date; takes about 30 ms then, else 2 s. Throws the builder's
 * error.
 */
export async function ensureWindow() {
  const wanted = sourcesHash(checkout, sources);
  if (builtFrom(wanted)) return;
  await withLock(join(checkout, '.setup', 'window.lock'), async () => {
    if (builtFrom(wanted)) return;
    console.error('Building the page.');
    await buildAside();
    writeFileSync(stamp, wanted);
  });
}

/** @param {string} wanted */
const builtFrom = (wanted) => existsSync(join(folder, 'index.html')) && isBuiltFrom(stamp, wanted);

/** Runs `ensureWindow` for a command line: prints a failure and ends the process. */
export async function ensureWindowOrExit() {
  try {
    await ensureWindow();
  } catch (error) {
    console.error(`The page could not be built: ${error instanceof Error ? error.message : error}`);
    process.exit(1);
  }
}

/**
 * Builds the page in a temporary folder and replaces the old one at once, so that a running server
 * always finds a complete page.
 */
async function buildAside() {
  const aside = mkdtempSync(join(checkout, '.setup', 'window-'));
  const [built, former] = [join(aside, 'built'), join(aside, 'former')];
  try {
    await runVite(built);
    if (existsSync(folder)) renameSync(folder, former);
    else mkdirSync(dirname(folder), { recursive: true });
    renameSync(built, folder);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

/**
 * @param {string} to
 * @returns {Promise<void>}
 */
function runVite(to) {
  const vite = join(checkout, 'node_modules', 'vite', 'bin', 'vite.js');
  const child = spawn(
    pinnedNode(checkout),
    [vite, 'build', '--config', 'renderer/vite.config.ts', '--outDir', to, '--logLevel', 'warn'],
    {
      cwd: checkout,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => (output += chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(output.trim()))));
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await ensureWindowOrExit();
