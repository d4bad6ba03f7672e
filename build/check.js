// npm run check: types, lint, formatting, import directions, and exports, files and packages that
// nobody uses. All tools run, whatever the others find. Plain JavaScript for Node 18 and newer.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkout, pinnedNode } from './runtime.js';
import { ensureSetupOrExit } from './setup.js';

/** Parallel tools: they use the processor fully, and most machines have two cores or more. */
const atOnce = 2;

/** @typedef {{ name: string, args: string[] }} Tool */

/** The slowest first. @returns {Tool[]} */
function tools() {
  const modules = join(checkout, 'node_modules');
  const all = [
    {
      name: 'lint',
      args: [
        join(modules, 'eslint/bin/eslint.js'),
        '.',
        '--max-warnings=0',
        '--cache',
        '--cache-location',
        cache('eslint'),
        '--cache-strategy=content',
      ],
    },
    {
      name: 'types',
      args: [
        join(modules, 'typescript/bin/tsc'),
        '--project',
        '.',
        '--noEmit',
        '--incremental',
        '--tsBuildInfoFile',
        cache('types'),
      ],
    },
    {
      name: 'formatting',
      args: [
        join(modules, 'prettier/bin/prettier.cjs'),
        '--check',
        '--log-level=warn',
        '.',
        '--cache',
        '--cache-location',
        cache('prettier'),
      ],
    },
    { name: 'dead code', args: [join(modules, 'knip/bin/knip.js'), '--no-progress'] },
    { name: 'import directions', args: [join(checkout, 'build/imports.js')] },
  ];
  if (existsSync(join(checkout, 'renderer/tsconfig.json')))
    all.unshift({
      name: 'types of the page',
      args: [
        join(modules, 'svelte-check/bin/svelte-check'),
        '--tsconfig',
        'renderer/tsconfig.json',
        '--fail-on-warnings',
        '--output',
        'human',
      ],
    });
  return all;
}

/** @param {string} tool */
const cache = (tool) => join(checkout, 'node_modules', '.cache', `${tool}.json`);

/** Runs all tools and prints their findings. @returns {Promise<boolean>} true without findings */
export async function check() {
  const waiting = tools();
  const failed = /** @type {string[]} */ ([]);
  const worker = async () => {
    for (let tool = waiting.shift(); tool; tool = waiting.shift())
      if (!(await passes(tool))) failed.push(tool.name);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  console.log(failed.length === 0 ? 'Check passed.\n' : `Check failed: ${failed.join(', ')}.\n`);
  return failed.length === 0;
}

/** @param {Tool} tool */
async function passes({ name, args }) {
  const began = Date.now();
  const child = spawn(pinnedNode(checkout), args, {
    cwd: checkout,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  const code = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  if (code === 0) console.log(`${name}: passed (${seconds} s)`);
  else console.log(`${name}: FAILED (${seconds} s)\n${output.trim()}\n`);
  return code === 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await ensureSetupOrExit({ engine: false });
  process.exit((await check()) ? 0 : 1);
}
