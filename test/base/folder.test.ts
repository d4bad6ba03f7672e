import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { makeFolder } from '../../core/base/folder.js';

const folder = mkdtempSync(join(tmpdir(), 'ktg-folder-'));
after(() => {
  rmSync(folder, { recursive: true });
});

describe('making a folder', () => {
  test('with those above it; one that is there stays', () => {
    const deep = join(folder, 'a', 'b', 'c');
    makeFolder(deep);
    makeFolder(deep);
    assert.ok(statSync(deep).isDirectory());
  });

  test('not below a file', () => {
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

  test('a system folder that takes none is refused', { skip: !existsSync('/proc/self') }, () => {
    const refused = { code: 'EPERM', message: '/proc takes no new folders' };
    assert.throws(() => {
      makeFolder('/proc/ktg/engine');
    }, refused);
  });
});
