import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { scripts } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as {
  scripts: Record<string, string>;
};

const programs = [
  ...[
    'parity',
    'parity:gpu',
    'bench',
    'soak',
    'pictures',
    'screenshots',
    'sentences',
    'pack',
    'mutations',
  ],
];

/** Runs a script of package.json the way npm does. */
function run(name: string, ...args: string[]) {
  const [, ...words] = scripts[name]!.split(' ');
  return spawnSync(process.execPath, [...words, ...args], { cwd: root, encoding: 'utf8' });
}

for (const name of programs)
  for (const option of name === 'bench' ? ['--help', '-h'] : ['--help'])
    test(`npm run ${name} -- ${option} prints its usage`, () => {
      const { status, stdout, stderr } = run(name, option);
      assert.deepEqual([status, stderr], [0, '']);
      assert.ok(stdout.startsWith(`npm run ${name}`), stdout);
    });

test('the help of one bench names its options', () => {
  const { status, stdout } = run('bench', 'images', '--help');
  assert.equal(status, 0);
  assert.match(stdout, /^npm run bench -- images .*--folder FOLDER[^\n]*\n$/);
});

test('npm run parity refuses an unknown option in one line', () => {
  const { status, stderr } = run('parity', '--fast');
  assert.equal(status, 2);
  assert.match(stderr, /^Unknown option '--fast'.* See npm run parity -- --help\.\n$/);
});
