// Set-up of the engine: records the outcome, so that a failed install is not repeated at every
// start. Plain JavaScript for Node 18 and newer.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runPinned } from './runtime.js';

/**
 * True when the TensorFlow library was ready at the last set-up and still exists; takes about a
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
 * Installs the library or prints the reason for a failure. Never fails: the portable engine
 * remains.
 * @param {string} root
 */
export async function installEngine(root) {
  await runPinned(root, [join(root, 'build', 'engine.ts'), engineStamp(root), cacheVariables()]);
}

/** @param {string} root */
const engineStamp = (root) => join(root, '.setup', 'engine.json');

/** Environment variables that decide the folder of the cache. */
const cacheVariables = () =>
  ['KTG_HOME', 'XDG_CACHE_HOME', 'LOCALAPPDATA', 'HOME']
    .map((name) => process.env[name] ?? '')
    .join('|');
