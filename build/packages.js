// Installs the packages of package-lock.json and the pinned Node. Plain JavaScript for Node 18 and
// newer.
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pinnedNode } from './runtime.js';

const watchMs = 500;

/**
 * Stamp, written after a complete install, inside the folder that it describes: removing that
 * folder also removes the stamp.
 * @param {string} root
 */
const stampFile = (root) => join(root, 'node_modules', '.ktg-packages');

/** Returns everything that the installed packages depend on. @param {string} root */
const packagesKey = (root) =>
  createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .update(`${process.platform} ${process.arch}`)
    .digest('hex');

/**
 * True when the packages and the pinned Node are installed; takes about a millisecond.
 * @param {string} root
 */
export function packagesReady(root) {
  return (
    existsSync(stampFile(root)) &&
    readFileSync(stampFile(root), 'utf8') === packagesKey(root) &&
    existsSync(pinnedNode(root))
  );
}

/**
 * Installs missing packages. Packages that the user has just installed with npm are kept; npm
 * itself removes the rest of an interrupted install first.
 *
 * @param {string} root
 * @param {{ show(text: string): void, end(text?: string): void }} line
 * @throws Error with npm's output
 */
export async function installPackages(root, line) {
  const key = packagesKey(root);
  if (!packagesMatch(root)) await installLocked(root, line);
  if (!(await runtimeMatches(root))) await installRuntime(root, line);
  writeFileSync(stampFile(root), key);
}

/**
 * Install scripts of packages never run, except the one that downloads the pinned Node.
 * @type {typeof installPackages}
 */
async function installLocked(root, line) {
  const wanted = Object.keys(packagesHere(readLock(join(root, 'package-lock.json'))));
  const seconds = stopwatch();
  await npm(root, ['ci', '--ignore-scripts'], () => {
    const done = wanted.filter((path) => existsSync(join(root, path, 'package.json'))).length;
    const share = Math.round((100 * done) / wanted.length);
    line.show(`installing packages: ${done} of ${wanted.length}, ${share} %, ${seconds()}`);
  });
  line.end(`${wanted.length} packages installed in ${seconds()}.`);
}

/** @type {typeof installPackages} */
async function installRuntime(root, line) {
  const folder = join(root, 'node_modules', 'node');
  const seconds = stopwatch();
  await npm(root, ['rebuild', 'node'], () => {
    const size = (folderBytes(join(folder, 'node_modules')) / 1e6).toFixed(0);
    line.show(
      `installing Node ${runtimeVersion(root)} for this project: ${size} MB on disk, ${seconds()}`,
    );
  });
  if (!(await runtimeMatches(root)))
    throw new Error(
      `npm installed no working Node ${runtimeVersion(root)} for ${process.platform}-${process.arch}.`,
    );
  line.end(`Node ${runtimeVersion(root)} for this project installed in ${seconds()}.`);
}

/** @param {string} root @returns {string} */
const runtimeVersion = (root) =>
  JSON.parse(readFileSync(join(root, 'node_modules', 'node', 'package.json'), 'utf8')).version;

/** @param {string} root @returns {Promise<boolean>} */
const runtimeMatches = (root) =>
  new Promise((resolve) => {
    execFile(pinnedNode(root), ['--version'], (error, output) =>
      resolve(!error && output.trim() === `v${runtimeVersion(root)}`),
    );
  });

/**
 * True when npm's own list of installed packages, which npm writes last, agrees with the lock file.
 * @param {string} root
 */
function packagesMatch(root) {
  const installedList = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installedList)) return false;
  const installed = readLock(installedList);
  return Object.entries(packagesHere(readLock(join(root, 'package-lock.json')))).every(
    ([path, { version, integrity, optional }]) =>
      installed[path]
        ? installed[path].version === version && installed[path].integrity === integrity
        : optional,
  );
}

/**
 * @typedef {Record<string, { version: string, integrity?: string, optional?: boolean, os?:
 * string[], cpu?: string[] }>} Packages by path
 */

/** @param {string} file @returns {Packages} */
const readLock = (file) => JSON.parse(readFileSync(file, 'utf8')).packages;

/** Returns the packages for this platform. @param {Packages} packages @returns {Packages} */
const packagesHere = (packages) =>
  Object.fromEntries(
    Object.entries(packages).filter(
      ([path, { os, cpu }]) => path !== '' && fits(os, process.platform) && fits(cpu, process.arch),
    ),
  );

/**
 * Applies npm's rule: a list of names, or of excluded names with `!`.
 * @param {string[] | undefined} list
 * @param {string} name
 */
const fits = (list, name) =>
  list === undefined ||
  list.includes(name) ||
  (list[0]?.startsWith('!') && !list.includes(`!${name}`));

/**
 * Runs npm under its own Node; prints nothing unless it fails. npm ends together with this process.
 * @param {string} root
 * @param {string[]} args
 * @param {() => void} watch called while it runs
 */
async function npm(root, args, watch) {
  const { env } = process;
  const bin = join(root, 'node_modules') + sep;
  const outer =
    [env.npm_node_execpath, process.execPath].find((path) => path && !path.startsWith(bin)) ??
    'node';
  const command = env.npm_execpath?.endsWith('npm-cli.js') ? [outer, env.npm_execpath] : ['npm'];
  const quiet = ['--loglevel=error', '--no-audit', '--no-fund', '--no-update-notifier'];
  // PATH without our own folder: its Node is about to be replaced.
  const path = (env.PATH ?? '').split(delimiter).filter((folder) => !folder.startsWith(bin));
  const child = spawn(
    outer,
    [fileURLToPath(new URL('supervise.js', import.meta.url)), ...command, ...args, ...quiet],
    { cwd: root, stdio: ['pipe', 'pipe', 'pipe'], env: { ...env, PATH: path.join(delimiter) } },
  );
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  const timer = setInterval(watch, watchMs);
  watch();
  try {
    const code = await new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
    if (code !== 0) throw new Error(`npm ${args.join(' ')} failed (${code}):\n${output.trim()}`);
  } finally {
    clearInterval(timer);
  }
}

/** @returns {() => string} a function that returns the elapsed time */
function stopwatch() {
  const began = Date.now();
  return () => `${Math.round((Date.now() - began) / 1000)} s`;
}

/**
 * @param {string} folder
 * @returns {number} bytes of all files below; files removed meanwhile count 0
 */
function folderBytes(folder) {
  try {
    return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
      const path = join(folder, entry.name);
      return sum + (entry.isDirectory() ? folderBytes(path) : lstatSync(path).size);
    }, 0);
  } catch {
    return 0;
  }
}
