import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { keepFile } from '../../core/lab/keep-file.ts';

test('a sent file never takes the place of another', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'ktg-keep-'));
  t.after(() => {
    rmSync(root, { recursive: true });
  });
  const sent = join(root, 'sent');
  const folder = join(root, 'data');
  const keep = (content: string, name: string): Promise<string> => {
    writeFileSync(sent, content);
    return keepFile(sent, folder, name);
  };
  assert.equal(await keep('one', 'mine.tar.gz'), join(folder, 'mine.tar.gz'));
  assert.equal(await keep('two', 'mine.tar.gz'), join(folder, 'mine-2.tar.gz'));
  assert.equal(await keep('one', 'mine.tar.gz'), join(folder, 'mine.tar.gz'));
  assert.equal(await keep('two', '../../mine.tar.gz'), join(folder, 'mine-2.tar.gz'));
  assert.equal(await keep('three', '..'), join(folder, 'data.tar.gz'));
  assert.deepEqual(readdirSync(folder).sort(), ['data.tar.gz', 'mine-2.tar.gz', 'mine.tar.gz']);
  assert.equal(readFileSync(join(folder, 'mine.tar.gz'), 'utf8'), 'one');
});
