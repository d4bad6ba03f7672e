// Installs the packages of package-lock.json and the pinned Node. Plain JavaScript for Node 18 and newer.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pinnedNode } from './runtime.js';

const watchMs = 500;

/**
 * Written when everything is in place, inside the folder that it speaks about: when npm clears that folder, or
 * somebody removes it, the stamp goes with it.
 * @param {string} root
 */
const stampFile = (root) => join(root, 'node_modules', '.ktg-packages');

/** What the installed packages depend on. @param {string} root */
const packagesKey = (root) =>
  createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .update(`${process.platform} ${process.arch}`)
    .digest('hex');

/** Whether the packages and the pinned Node are there, in about a millisecond. @param {string} root */
export function packagesReady(root) {
  return (
    existsSync(stampFile(root)) &&
    readFileSync(stampFile(root), 'utf8') === packagesKey(root) &&
    existsSync(pinnedNode(root))
  );
}

/**
 * Install from scratch. Whatever an interrupted install has left is cleared first, by npm itself.
 *
 * @param {string} root
 * @param {{ show(text: string): void, end(text?: string): void }} line
 * @throws Error with everything npm said
 */
export async function installPackages(root, line) {
  const key = packagesKey(root);
  const wanted = packagesHere(root);
  const began = Date.now();
  const seconds = () => `${Math.round((Date.now() - began) / 1000)} s`;

  // Install scripts of packages never run, except the one that fetches the pinned Node: it is asked for by name.
  await npm(root, ['ci', '--ignore-scripts'], () => {
    const done = wanted.filter((path) => existsSync(join(root, path, 'package.json'))).length;
    const share = Math.round((100 * done) / wanted.length);
    line.show(`installing packages: ${done} of ${wanted.length}, ${share} %, ${seconds()}`);
  });
  line.end(`${wanted.length} packages installed in ${seconds()}.`);

  const runtime = join(root, 'node_modules', 'node');
  const { version } = JSON.parse(readFileSync(join(runtime, 'package.json'), 'utf8'));
  await npm(root, ['rebuild', 'node'], () => {
    const size = folderBytes(join(runtime, 'node_modules'));
    line.show(`installing Node ${version}: ${(size / 1e6).toFixed(0)} MB on disk, ${seconds()}`);
  });
  if (!existsSync(pinnedNode(root)))
    throw new Error(`npm installed no Node ${version} for ${process.platform}-${process.arch}.`);
  line.end(`Node ${version} installed for this project, after ${seconds()}.`);
  writeFileSync(stampFile(root), key);
}

/** Paths of the packages that the lock file wants on this platform. @param {string} root @returns {string[]} */
function packagesHere(root) {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  return Object.entries(packages)
    .filter(([path, { os, cpu }]) => path !== '' && fits(os, process.platform) && fits(cpu, process.arch))
    .map(([path]) => path);
}

/** npm's rule: a list of names, or of names that are excluded with `!`. @param {string[] | undefined} list @param {string} name */
const fits = (list, name) =>
  list === undefined || list.includes(name) || (list[0]?.startsWith('!') && !list.includes(`!${name}`));

/**
 * Run npm under the Node that it belongs to, quietly unless it fails. It ends when this process does.
 * @param {string} root @param {string[]} args @param {() => void} watch called while it runs
 */
async function npm(root, args, watch) {
  const { env } = process;
  const bin = join(root, 'node_modules') + sep;
  const outer =
    [env.npm_node_execpath, process.execPath].find((path) => path && !path.startsWith(bin)) ?? 'node';
  const command = env.npm_execpath?.endsWith('npm-cli.js') ? [outer, env.npm_execpath] : ['npm'];
  const quiet = ['--loglevel=error', '--no-audit', '--no-fund', '--no-update-notifier'];
  // Without our own folder on PATH: the Node in there is about to be replaced.
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

/** @param {string} folder @returns {number} bytes of all files below; what vanishes meanwhile counts nothing */
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
