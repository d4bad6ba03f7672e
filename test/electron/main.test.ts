import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fake, settled } from './with-fake.ts';

const folder = mkdtempSync(join(tmpdir(), 'ktg-app-'));
fake.app.folder = folder;
process.argv.splice(1, Infinity, 'app', '--lab', ':memory:');
process.env.KTG_HOME = folder;
process.env.KTG_NODE = process.execPath; // the bundle finds it two folders above
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('the app', () => {
  test('a second start ends at once and opens nothing', async () => {
    fake.app.lock = false;
    const again = '../../electron/main.ts?second';
    await import(again);
    for (let i = 0; i < 200 && fake.app.quits === 0; i++) await settled();
    assert.equal(fake.app.quits, 1);
    assert.equal(fake.BrowserWindow.made.length, 0);
    assert.equal(fake.app.listenerCount('before-quit'), 0);
    fake.app.lock = true;
    fake.app.quits = 0;
  });

  test('opens the lab and one locked-down window', async () => {
    await import('../../electron/main.ts');
    for (let i = 0; i < 200 && fake.BrowserWindow.made.length === 0; i++) await settled();
    assert.deepEqual(fake.dialog.errors, []);
    const [window, ...more] = fake.BrowserWindow.made;
    assert.ok(window);
    assert.equal(more.length, 0);
    assert.equal(fake.app.sandboxed, true);
    assert.equal(window.webContents.address, 'app://lab/');
    assert.equal(window.options.webPreferences.sandbox, true);
    assert.match(String(window.options.webPreferences.preload), /preload\.cjs$/);
    assert.ok(fake.protocol.handlers.has('app'));
    assert.ok(fake.session.defaultSession.request);
    assert.ok(window.webContents.openHandler);
  });

  test('shows its window when it is started again', () => {
    const [window] = fake.BrowserWindow.made;
    const before = window!.shown;
    fake.app.emit('second-instance');
    assert.equal(window!.shown, before + 1);
    assert.equal(fake.BrowserWindow.made.length, 1);
  });

  test('a crashed page is replaced at the same place; the lab continues', async () => {
    const [window] = fake.BrowserWindow.made;
    window!.webContents.address = 'app://lab/#/studies/4';
    window!.webContents.emit('render-process-gone', {}, { reason: 'crashed' });
    await settled();
    const again = fake.BrowserWindow.made[1];
    assert.equal(window!.destroyed, true);
    assert.equal(again?.webContents.address, 'app://lab/#/studies/4');
    assert.equal(fake.app.quits, 0);
  });

  test('asks after the third crash in a minute', async () => {
    fake.dialog.response = 1;
    for (let crash = 0; crash < 2; crash++) {
      fake.BrowserWindow.made
        .at(-1)!
        .webContents.emit('render-process-gone', {}, { reason: 'oom' });
      await settled();
    }
    assert.equal(fake.dialog.asked.length, 1);
    assert.match(fake.dialog.asked[0]!.detail!, /oom/);
    assert.equal(fake.BrowserWindow.made.length, 3);
    fake.dialog.asked.length = 0;
  });

  test('ends when its window closes without training, and saves the window’s position', async () => {
    const window = fake.BrowserWindow.made.at(-1)!;
    let prevented = false;
    window.emit('close', { preventDefault: () => (prevented = true) });
    assert.deepEqual(JSON.parse(readFileSync(join(folder, 'window', 'window.json'), 'utf8')), {
      ...{ x: 10, y: 20, width: 900, height: 700, maximized: false },
    });
    for (let i = 0; i < 200 && fake.app.quits === 0; i++) await settled();
    assert.equal(prevented, process.platform !== 'darwin');
    assert.equal(fake.app.quits, process.platform === 'darwin' ? 0 : 1);
    assert.equal(fake.dialog.asked.length, 0);
  });
});
