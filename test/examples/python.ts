/** Runs the scripts of examples/ with python3, where it has the packages that they need. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const checkout = join(import.meta.dirname, '../..');

/** For `test`'s option `skip`: false when python3 has all packages, else why nothing is tested. */
export function withoutPackages(...packages: string[]): string | false {
  const { status } = spawnSync('python3', [
    '-c',
    packages.map((name) => `import ${name}`).join('\n'),
  ]);
  return status === 0 ? false : `NOT TESTED: python3 has no ${packages.join(', ')}.`;
}

/** Runs Python code or a script of examples/ and returns its output. */
export function python(script: string, ...args: string[]): string {
  const file = script.endsWith('.py') ? [join(checkout, 'examples', script)] : ['-c', script];
  const { status, stdout, stderr } = spawnSync('python3', [...file, ...args], {
    encoding: 'utf8',
    timeout: 120_000,
  });
  if (status !== 0) throw new Error(`${script.slice(0, 60)}: ${stderr.slice(-2000)}`);
  return stdout;
}
