// Finds the pinned Node and runs programs under it. Plain JavaScript for Node 18 and newer.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import module from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The checkout of this file. */
export const checkout = fileURLToPath(new URL('..', import.meta.url));

/** @param {string} root */
export const pinnedNode = (root) =>
  join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

/** The command line. */
export const cli = join(checkout, 'core', 'cli.ts');

/**
 * Limit of V8's young generation: MB per half. The default grows to 200 MB without a benefit for a
 * lab, whose checkpoints only pass through.
 */
const frugal = '--max-semi-space-size=8';

/** True when this process already has the Node and options of `runProgram`. @param {string} root */
function isAsWanted(root) {
  if (!process.execArgv.includes(frugal)) return false;
  try {
    const { version } = JSON.parse(
      readFileSync(join(root, 'node_modules', 'node', 'package.json'), 'utf8'),
    );
    return process.version === `v${version}`;
  } catch {
    return false;
  }
}

/** Cache of compiled code: a second start is faster. @param {string} root */
const compileCache = (root) => join(root, 'node_modules', '.cache', 'compile');

/**
 * Runs a TypeScript program of this checkout: in this process when it is already the pinned Node
 * with the same options (as in `npm run`), else like `runPinned`. `process.argv` holds its
 * arguments as usual.
 * @param {string} file
 * @param {string[]} args
 */
export async function runProgram(file, args) {
  if (!isAsWanted(checkout)) process.exit(await runPinned(checkout, [frugal, file, ...args]));
  module.enableCompileCache(compileCache(checkout));
  process.argv = [process.execPath, file, ...args];
  await import(pathToFileURL(file).href);
}

/**
 * Runs a program under the pinned Node as if it were this process: same terminal, signals and exit.
 *
 * @param {string} root
 * @param {string[]} args
 * @param {{ stdin?: 'inherit' | 'ignore' }} [options]
 * @returns {Promise<number>} exit code; a signal that ended the program also ends this process
 */
export async function runPinned(root, args, { stdin = 'inherit' } = {}) {
  const child = spawn(pinnedNode(root), args, {
    stdio: [stdin, 'inherit', 'inherit'],
    env: { NODE_COMPILE_CACHE: compileCache(root), ...process.env },
  });
  // The terminal sends Ctrl-C to the program directly; a second copy would mean "at once".
  const forward = {
    SIGINT: () => process.stdin.isTTY || child.kill('SIGINT'),
    SIGTERM: () => child.kill('SIGTERM'),
    SIGHUP: () => child.kill('SIGHUP'),
  };
  for (const [signal, pass] of Object.entries(forward)) process.on(signal, pass);
  const [code, signal] = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (...end) => resolve(end));
  });
  for (const [name, pass] of Object.entries(forward)) process.off(name, pass);
  if (signal) process.kill(process.pid, signal);
  return code ?? 1;
}
