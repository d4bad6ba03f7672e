// Finds a Chromium for the tests of the app, or fetches Playwright's own. Plain JavaScript for Node
// 18 and newer.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { checkout, pinnedNode } from './runtime.js';

/** Milliseconds after which an unfinished download is stopped. */
const downloadTimeout = 180_000;

/** Advice on getting a browser when the download failed. */
export const chromiumAdvice =
  'Install one (Debian: apt-get install chromium), or set KTG_CHROMIUM to the path of one.';

/**
 * @returns {string | undefined} the path of a Chromium: KTG_CHROMIUM, the system's, or Playwright's
 * own
 */
export function findChromium() {
  const named = process.env.KTG_CHROMIUM;
  if (named) return existsSync(named) ? named : undefined;
  return [
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    'C:/Program Files/Google/Chrome/Application/chrome.exe',
    playwrightChromium(),
  ].find((path) => path !== '' && existsSync(path));
}

/** @returns {string} the path of Playwright's browser, installed or not */
function playwrightChromium() {
  try {
    return createRequire(import.meta.url)('playwright-core').chromium.executablePath();
  } catch {
    return ''; // Playwright has no browser for this system
  }
}

/**
 * Downloads Playwright's Chromium unless a Chromium is installed. A failure is printed and changes
 * nothing else: tests of the app are then skipped, and `npm test` lists them at its end.
 */
export async function ensureChromium() {
  if (findChromium() || process.env.KTG_CHROMIUM) return;
  console.error(
    'No Chromium is installed; fetching one for the tests of the app (about 170 MB, once per user).',
  );
  const program = join(checkout, 'node_modules', 'playwright-core', 'cli.js');
  const child = spawn(pinnedNode(checkout), [program, 'install', 'chromium'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: downloadTimeout,
  });
  let output = '';
  child.stderr.on('data', (chunk) => (output += chunk));
  const code = await new Promise((resolve) => {
    child.on('error', () => resolve(1));
    child.on('close', resolve);
  });
  if (code === 0 && findChromium()) return;
  const reason = output.trim().split('\n')[0] ?? '';
  console.error(
    `Chromium could not be downloaded. ${chromiumAdvice}${reason ? `\n  ${reason}` : ''}`,
  );
}
