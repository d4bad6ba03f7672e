// npm test: set up what is missing, check, run the tests. `npm test -- FILE...` runs only those test files.
// Plain JavaScript for Node 18 and newer.
import { availableParallelism } from 'node:os';
import { check } from './check.js';
import { checkout, runPinned } from './runtime.js';
import { ensureSetupOrExit } from './setup.js';

/** Each test file is a process of its own; one with TensorFlow in it needs about a GiB. */
const processes = Math.min(availableParallelism(), 4);

process.chdir(checkout);
await ensureSetupOrExit();
const files = process.argv.slice(2);
const checked = files.length > 0 || (await check());
const tests = ['--test', '--test-reporter=spec', `--test-concurrency=${processes}`];
const code = await runPinned(checkout, [...tests, ...(files.length > 0 ? files : ['test/**/*.test.ts'])], {
  stdin: 'ignore',
});
if (!checked) console.error('The check before the tests failed; see above.');
process.exit(code === 0 && !checked ? 1 : code);
