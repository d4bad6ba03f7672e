import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { helpIfAsked } from '../../build/help.js';

helpIfAsked(`npm run parity:gpu -- [FOLDER] [options of npm run parity]

Compares every fixture under FOLDER (default: test/fixtures) on the graphics card, compiled in
float32 without TF32, as the tolerances ask; then once more with --deterministic. Then it compares
the gradients of operations, and the steps of training (images gathered and augmented on the card,
many steps in one call), with the session's.

Exit status: 0 all passed, 1 anything failed`);

// A process for each, because settings are read once.
const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const tests = ['operations', 'compiled'].map((name) => at(`../engine/${name}.test.ts`));

function passes(what: string, args: string[], variables: Record<string, string> = {}): boolean {
  console.log(`\nOn the card, float32${what}`);
  const { status } = spawnSync(process.execPath, args, {
    stdio: 'inherit',
    env: { ...process.env, ...variables },
  });
  if (status !== 0) console.log(`FAILED: float32${what}`);
  return status === 0;
}

const fixtures = [
  at('./main.ts'),
  '--device',
  'gpu',
  '--compiler',
  'xla',
  '--precision',
  'float32',
];
const passed = [
  passes('', [...fixtures, ...process.argv.slice(2)]),
  passes(', deterministic', [...fixtures, '--deterministic', ...process.argv.slice(2)]),
  passes(
    ', operations and steps of training',
    ['--test', '--test-reporter=spec', '--test-concurrency=1', ...tests],
    { KTG_TEST_DEVICE: 'gpu' },
  ),
];
process.exitCode = passed.every(Boolean) ? 0 : 1;
