import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findElectron } from '../../build/electron.js';

describe('finding Electron', () => {
  let root: string;
  before(() => {
    root = mkdtempSync(join(tmpdir(), 'ktg-electron-'));
  });
  after(() => {
    rmSync(root, { recursive: true, force: true });
  });
  const screen = { DISPLAY: ':0' };
  const put = (path: string, text = ''): string => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
    return join(root, path);
  };

  test('does nothing without a screen', async () => {
    const found = await findElectron(root, {}, 'linux');
    assert.match('why' in found ? found.why : '', /no screen/);
  });

  test('the override comes first, and a wrong one is an error', async () => {
    const at = join(root, 'other');
    const environment = { ...screen, ELECTRON_OVERRIDE_DIST_PATH: at };
    const missing = await findElectron(root, environment, 'linux');
    assert.match(
      'why' in missing ? missing.why : '',
      /ELECTRON_OVERRIDE_DIST_PATH contains no Electron/,
    );
    const binary = put('other/electron');
    assert.deepEqual(await findElectron(root, environment, 'linux'), { binary });
  });

  test('a download that failed an hour ago is not repeated, and its reason is printed', async () => {
    put('.setup/electron.json', JSON.stringify({ at: Date.now() - 3_600_000, why: 'no network' }));
    const found = await findElectron(root, screen, 'linux');
    assert.match('why' in found ? found.why : '', /no network/);
  });

  test('an installed Electron is used, also after a failed download', async () => {
    const binary = put('node_modules/electron/dist/electron.exe');
    assert.deepEqual(await findElectron(root, {}, 'win32'), { binary });
  });
});
