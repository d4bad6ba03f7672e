import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * `npm run parity:gpu`: every fixture on the card, compiled in float32 (TF32 off) as the tolerances
 * ask, then the same once more with --deterministic; then the operations' gradients, and the steps
 * that training takes (images gathered and augmented on the card, many steps in one call) against
 * the session's. Exit status 1 when anything failed. A process each: settings are read once.
 */
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
