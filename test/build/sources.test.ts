import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { isBuiltFrom, sourcesHash } from '../../build/sources.js';
import { temporaryFolder } from '../data/support.ts';

async function project(t: TestContext): Promise<string> {
  const root = await temporaryFolder(t);
  for (const folder of ['core/base', 'renderer', 'docs'])
    mkdirSync(join(root, folder), { recursive: true });
  for (const file of ['package-lock.json', 'core/base/a.ts', 'renderer/b.svelte', 'docs/c.md'])
    writeFileSync(join(root, file), file);
  return root;
}

test('the hash changes with each change of a source, and with the packages', async (t) => {
  const root = await project(t);
  const hash = (): string => sourcesHash(root, ['core', 'renderer']);
  const changes: (() => void)[] = [
    () => {
      writeFileSync(join(root, 'core/base/a.ts'), 'changed');
    },
    () => {
      writeFileSync(join(root, 'renderer/new.ts'), '');
    },
    () => {
      renameSync(join(root, 'renderer/new.ts'), join(root, 'renderer/other.ts'));
    },
    () => {
      rmSync(join(root, 'renderer/other.ts'));
      rmSync(join(root, 'core/base/a.ts'));
    },
    () => {
      writeFileSync(join(root, 'package-lock.json'), 'changed');
    },
  ];
  const seen = new Set([hash()]);
  for (const change of changes) {
    change();
    assert.equal(hash(), hash());
    seen.add(hash());
  }
  assert.equal(seen.size, changes.length + 1);
});

test('a file in another folder changes nothing', async (t) => {
  const root = await project(t);
  const before = sourcesHash(root, ['core', 'renderer']);
  writeFileSync(join(root, 'docs/c.md'), 'changed');
  assert.equal(sourcesHash(root, ['core', 'renderer']), before);
});

test('a build is up to date only with the stamp of its sources', async (t) => {
  const root = await project(t);
  const stamp = join(root, 'stamp');
  const wanted = sourcesHash(root, ['core']);
  assert.equal(isBuiltFrom(stamp, wanted), false);
  writeFileSync(stamp, wanted);
  assert.equal(isBuiltFrom(stamp, wanted), true);
  writeFileSync(join(root, 'core/base/a.ts'), 'changed');
  assert.equal(isBuiltFrom(stamp, sourcesHash(root, ['core'])), false);
});
