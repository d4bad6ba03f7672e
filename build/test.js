// npm test: installs what is missing, checks, and runs the tests. `npm test -- FILE...` runs only
// those test files. Plain JavaScript for Node 18 and newer.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { check } from './check.js';
import { ensureChromium } from './chromium.js';
import { checkout, runPinned } from './runtime.js';
import { ensureSetupOrExit } from './setup.js';

/** Each test file is a process; one with TensorFlow needs about a GiB. */
const processes = Math.min(availableParallelism(), 4);

process.chdir(checkout);
await ensureSetupOrExit();
const files = process.argv.slice(2);
const checked = files.length > 0 || (await check());
if (files.length === 0) await ensureChromium();
const folder = mkdtempSync(join(tmpdir(), 'ktg-untested-'));
const untested = join(folder, 'untested.txt');
const code = await runPinned(
  checkout,
  [
    '--test',
    `--test-concurrency=${processes}`,
    '--test-timeout=420000', // a test that hangs fails; the longest file takes two minutes
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    '--test-reporter=./build/untested.js',
    `--test-reporter-destination=${untested}`,
    ...(files.length > 0 ? files : ['test/**/*.test.ts']),
  ],
  { stdin: 'ignore' },
);
sayUntested(untested);
rmSync(folder, { recursive: true, force: true });
if (!checked) console.error('The check before the tests failed; see above.');
process.exit(code === 0 && !checked ? 1 : code);

/**
 * Prints skipped tests with their reasons, so that a green run never hides a gap.
 * @param {string} file
 */
function sayUntested(file) {
  const lines = readFileSync(file, 'utf8').trim();
  if (lines !== '') console.log(`\nNot tested here:\n${lines.replace(/^/gm, '  ')}`);
}
