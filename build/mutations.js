// npm run mutations -- FOLDER...: changes sources in a temporary copy, one place at a time, runs the
// near tests of each, and lists the changes that no test noticed. The near tests of core/NAME are
// those in test/NAME that import the source, of renderer/NAME those in test/renderer/NAME. Runs
// under the pinned Node.
import { spawn, execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import ts from 'typescript';
import { mutantsOf } from './mutants.js';

/** @typedef {import('./mutants.js').Mutant & { file: string, line: number }} Place */

const USAGE = `npm run mutations -- FOLDER... [--tests GLOB] [--count N] [--seed N]

  FOLDER      such as core/analysis
  --tests G   further near tests, such as test/parity/stats.test.ts
  --count N   changes to try in each folder; default 30
  --seed N    which of all changes; default 1

Lists the changes that no near test noticed, and their share.`;

/** Milliseconds until tests that a change made endless are ended; that is noticed too. */
const TIMEOUT = 120_000;

const root = fileURLToPath(new URL('..', import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    tests: { type: 'string', multiple: true, default: [] },
    count: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean', short: 'h' },
  },
});
/** @param {string[]} folders */
async function main(folders) {
  const copy = mkdtempSync(join(tmpdir(), 'ktg-mutations-'));
  try {
    copyTo(copy);
    let [noticed, tried] = [0, 0];
    for (const folder of folders) {
      if (!(await pass(copy, testsOf(copy, folder))))
        throw new Error(`The near tests of ${folder} fail without any change.`);
      const places = chosenFrom(placesIn(copy, folder), Number(values.count), Number(values.seed));
      for (const place of places) {
        const isNoticed = await isNoticedIn(copy, folder, place);
        tried++;
        if (isNoticed) noticed++;
        else console.log(`${place.file}:${place.line}: ${place.what}`);
      }
    }
    console.log(`${noticed} of ${tried} changes were noticed.`);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** @param {string} copy gets every file that Git knows or would add */
function copyTo(copy) {
  const args = ['-C', root, 'ls-files', '-co', '--exclude-standard', '-z'];
  const files = execFileSync('git', args, { encoding: 'utf8', maxBuffer: 1 << 26 }).split('\0');
  for (const file of files)
    if (file !== '' && existsSync(join(root, file))) cpSync(join(root, file), join(copy, file));
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
}

/** @param {string} copy @param {string} folder @returns {Place[]} */
const placesIn = (copy, folder) =>
  globSync(`${folder}/**/*.ts`, { cwd: copy })
    .sort()
    .flatMap((file) => {
      const source = readFileSync(join(copy, file), 'utf8');
      return mutantsOf(file, source).map((mutant) => ({
        ...mutant,
        file,
        line: source.slice(0, mutant.start).split('\n').length,
      }));
    });

/**
 * @param {Place[]} places
 * @param {number} count
 * @param {number} seed the same seed chooses the same places
 */
function chosenFrom(places, count, seed) {
  let state = seed;
  // The constants of Numerical Recipes' generator.
  const next = () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0);
  return places
    .map((place) => ({ place, order: next() }))
    .sort((a, b) => a.order - b.order)
    .slice(0, count)
    .map(({ place }) => place);
}

/** @param {string} copy @param {string} folder @param {Place} place */
async function isNoticedIn(copy, folder, { file, start, end, text }) {
  const tests = testsOf(copy, folder).filter((test) => importsOf(copy, test).has(file));
  const path = join(copy, file);
  const source = readFileSync(path, 'utf8');
  writeFileSync(path, source.slice(0, start) + text + source.slice(end));
  try {
    return tests.length > 0 && !(await pass(copy, tests));
  } finally {
    writeFileSync(path, source);
  }
}

/** @param {string} copy @param {string} folder @returns {string[]} */
function testsOf(copy, folder) {
  const near = folder.replace(/^core\//, 'test/').replace(/^renderer\//, 'test/renderer/');
  return globSync([`${near}/**/*.test.ts`, ...values.tests], { cwd: copy });
}

/** @type {Map<string, Set<string>>} */
const known = new Map();

/**
 * @param {string} copy
 * @param {string} file
 * @returns {Set<string>} all files that it imports, also through others
 */
function importsOf(copy, file) {
  const before = known.get(file);
  if (before) return before;
  const found = new Set([file]);
  for (const each of found) {
    const { importedFiles } = ts.preProcessFile(readFileSync(join(copy, each), 'utf8'));
    for (const { fileName } of importedFiles) {
      const path = relative(copy, resolve(copy, dirname(each), fileName));
      if (fileName.startsWith('.') && path.endsWith('.ts') && existsSync(join(copy, path)))
        found.add(path);
    }
  }
  known.set(file, found);
  return found;
}

/** @param {string} copy @param {string[]} tests @returns {Promise<boolean>} */
async function pass(copy, tests) {
  const child = spawn(process.execPath, ['--test', ...tests], {
    cwd: copy,
    stdio: 'ignore',
    detached: true,
  });
  // A group of its own: an endless test is a process that the runner started.
  const end = () => child.pid && process.kill(-child.pid, 'SIGKILL');
  const interrupt = () => {
    end();
    rmSync(copy, { recursive: true, force: true });
    process.exit(130);
  };
  const timer = setTimeout(end, TIMEOUT);
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, interrupt);
  const code = await new Promise((done) => child.once('close', done));
  for (const signal of ['SIGINT', 'SIGTERM']) process.removeListener(signal, interrupt);
  clearTimeout(timer);
  return code === 0;
}

if (values.help || positionals.length === 0) console.log(USAGE);
else await main(positionals);
