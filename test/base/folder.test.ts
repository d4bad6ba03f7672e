import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { makeFolder } from '../../core/base/folder.js';

const folder = mkdtempSync(join(tmpdir(), 'ktg-folder-'));
after(() => {
  rmSync(folder, { recursive: true });
});

describe('making a folder', () => {
  test('makes missing parents and keeps an existing folder', () => {
    const deep = join(folder, 'a', 'b', 'c');
    makeFolder(deep);
    makeFolder(deep);
    assert.ok(statSync(deep).isDirectory());
  });

  test('new folders and parents are private, unless other rights are asked for', () => {
    const rights = (path: string): number => statSync(path).mode & 0o777;
    const [own, shared] = [join(folder, 'own', 'deep'), join(folder, 'shared')];
    makeFolder(own);
    assert.deepEqual([rights(own), rights(join(folder, 'own'))], [0o700, 0o700]);
    makeFolder(shared, 0o755);
    const like = join(folder, 'like');
    mkdirSync(like, 0o755);
    assert.equal(rights(shared), rights(like)); // both under the user's mask
  });

  test('fails below a file', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    assert.throws(
      () => {
        makeFolder(join(file, 'x'));
      },
      { code: 'EEXIST' },
    );
    assert.throws(
      () => {
        makeFolder(file);
      },
      { code: 'EEXIST' },
    );
  });

  test(
    'fails below a system folder without write access',
    { skip: !existsSync('/proc/self') },
    () => {
      const refused = { code: 'EPERM', message: '/proc takes no new folders' };
      assert.throws(() => {
        makeFolder('/proc/ktg/engine');
      }, refused);
    },
  );
});
