import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeTemporary, sweepTemporary } from '../../core/base/temporary.ts';

test('the sweep removes folders of killed processes and no others', (t) => {
  const parent = mkdtempSync(join(tmpdir(), 'ktg-sweep-'));
  t.after(() => {
    rmSync(parent, { recursive: true });
  });
  const mine = makeTemporary('lab', parent);
  const source = new URL('../../core/base/temporary.ts', import.meta.url).href;
  const script = `const { makeTemporary } = await import(${JSON.stringify(source)});
    console.log(makeTemporary('step', ${JSON.stringify(parent)})); process.kill(process.pid, 'SIGKILL');`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  const left = stdout.trim();
  const outside = join(parent, 'outside');
  mkdirSync(outside);
  writeFileSync(join(outside, 'kept'), '');
  symlinkSync(outside, join(left, 'link'));
  writeFileSync(join(left, 'large'), 'x');
  const [, , place, pid] = left.slice(parent.length + 1).split('-');
  symlinkSync(outside, join(parent, `ktg-lab-${place}-${pid}-1-abcdef`));
  mkdirSync(join(parent, 'ktg-lab-abcdef'));
  const reused = join(parent, `ktg-lab-${place}-${process.pid}-1-abcdef`);
  const elsewhere = join(parent, `ktg-lab-01234567-${pid}-1-abcdef`);
  for (const each of [reused, elsewhere]) mkdirSync(each);

  sweepTemporary(parent);
  assert.ok(existsSync(mine), 'of a living process');
  assert.ok(!existsSync(left), 'of one that was killed');
  assert.equal(
    existsSync(reused),
    process.platform !== 'linux',
    'of an earlier process of this number',
  );
  assert.ok(existsSync(elsewhere), 'of another machine or container');
  assert.deepEqual(readdirSync(outside), ['kept'], 'no link is followed');
  assert.ok(existsSync(join(parent, 'ktg-lab-abcdef')), 'one that names no process');
  sweepTemporary(join(parent, 'missing'));
});
