// Set-up's part about the engine: remembers how it ended, so that nothing is tried again at every
// start. Plain JavaScript for Node 18 and newer.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runPinned } from './runtime.js';

/**
 * Whether the TensorFlow library was ready when set-up last looked and is still there, in about a
 * millisecond.
 * @param {string} root
 */
export function engineReady(root) {
  try {
    const { cache, manifest } = JSON.parse(readFileSync(engineStamp(root), 'utf8'));
    return cache === cacheVariables() && existsSync(manifest);
  } catch {
    return false;
  }
}

/**
 * Install the library, or say why not: the portable engine takes over, so this never fails.
 * @param {string} root
 */
export async function installEngine(root) {
  await runPinned(root, [join(root, 'build', 'engine.ts'), engineStamp(root), cacheVariables()]);
}

/** @param {string} root */
const engineStamp = (root) => join(root, '.setup', 'engine.json');

/** What decides where the cache is. */
const cacheVariables = () =>
  ['KTG_HOME', 'XDG_CACHE_HOME', 'LOCALAPPDATA', 'HOME']
    .map((name) => process.env[name] ?? '')
    .join('|');
