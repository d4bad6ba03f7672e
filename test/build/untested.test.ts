import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const reporter = fileURLToPath(new URL('../../build/untested.js', import.meta.url));

test('the summary counts skipped tests by reason and is silent about the others', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'ktg-untested-test-'));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  const file = join(folder, 'sample.test.mjs');
  writeFileSync(
    file,
    `import { describe, test } from 'node:test';
    test('runs', () => {});
    test('first', { skip: 'no card' }, () => {});
    test('second', { skip: 'no card' }, () => {});
    test('third', { skip: true }, () => {});
    describe('whole suite', { skip: 'no browser' }, () => { test('inside', () => {}); });`,
  );
  const environment = { ...process.env };
  delete environment.NODE_TEST_CONTEXT; // else the inner run reports to the outer one
  const output = execFileSync(process.execPath, ['--test', `--test-reporter=${reporter}`, file], {
    encoding: 'utf8',
    env: environment,
  });
  assert.deepEqual(output.trim().split('\n').sort(), [
    '1 test or suite: no browser',
    `1 test or suite: no reason given (${file})`,
    '2 tests or suites: no card',
  ]);
});
