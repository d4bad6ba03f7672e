// Where the pinned Node is and how a program runs under it. Plain JavaScript for Node 18 and newer.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import module from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The checkout that this file belongs to. */
export const checkout = fileURLToPath(new URL('..', import.meta.url));

/** @param {string} root */
export const pinnedNode = (root) =>
  join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

/** The command line. */
export const cli = join(checkout, 'core', 'cli.ts');

/**
 * Room for objects that soon die, in MB a half. By itself V8 takes up to 200 MB for them, of which
 * a lab gains nothing: checkpoints pass through it.
 */
const frugal = '--max-semi-space-size=8';

/** Whether this very process runs as `runProgram` would have it. @param {string} root */
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

/** Compiled code is kept here, so that a second start is quicker. @param {string} root */
const compileCache = (root) => join(root, 'node_modules', '.cache', 'compile');

/**
 * Run a TypeScript program of this checkout: right here when this is the pinned Node already and
 * was started with the same options (as by `npm run`), which saves a process, else as `runPinned`
 * does. The program finds its arguments in `process.argv`, as if node had been called with it.
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
 * Run a program under the pinned Node as if it were this process: same terminal, same signals, same
 * end.
 *
 * @param {string} root
 * @param {string[]} args
 * @param {{ stdin?: 'inherit' | 'ignore' }} [options]
 * @returns {Promise<number>} exit code; when a signal ended the program, it ends this process too
 */
export async function runPinned(root, args, { stdin = 'inherit' } = {}) {
  const child = spawn(pinnedNode(root), args, {
    stdio: [stdin, 'inherit', 'inherit'],
    env: { NODE_COMPILE_CACHE: compileCache(root), ...process.env },
  });
  // Ctrl-C reaches the program directly, through the terminal; a second copy would mean "at once".
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
