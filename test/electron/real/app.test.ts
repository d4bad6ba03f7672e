/**
 * The real app in a real Electron: `KTG_ELECTRON=/path/to/electron npm run test:electron`. Where none is named it says loudly
 * that nothing was tested; it needs a screen (or xvfb-run).
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { _electron, type ElectronApplication, type Page } from 'playwright-core';
import { quickLook } from '../../e2e/quick-look.ts';

const binary = process.env.KTG_ELECTRON;
const root = fileURLToPath(new URL('../../..', import.meta.url));
const skip = binary ? false : 'NOT TESTED: no Electron was named (KTG_ELECTRON=/path/to/electron npm run test:electron)'; // prettier-ignore
if (skip) console.warn(`\n*** ${skip} ***\n`);

describe('the app in a real Electron', { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'ktg-electron-'));
  let app: ElectronApplication;
  let page: Page;

  before(async () => {
    for (const script of ['build/window.js', 'build/shell.js'])
      assert.equal(spawnSync(process.execPath, [script], { cwd: root, stdio: 'inherit' }).status, 0, script);
    app = await _electron.launch({
      executablePath: binary!,
      args: [root, `--lab=${join(folder, 'lab.sqlite')}`, `--user-data-dir=${join(folder, 'user')}`],
      env: { ...(process.env as Record<string, string>), KTG_HOME: folder, KTG_NODE: process.execPath },
    });
    page = await app.firstWindow();
  });
  after(async () => {
    await app.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('shows the lab over its port', async () => {
    assert.equal(new URL(page.url()).origin, 'app://lab');
    await page.locator('main').waitFor();
    assert.equal(await page.title().then((title) => title.length > 0), true);
  });

  test('one click trains in a worker under Node, told and heard by Electron', async () => {
    await quickLook(page);
  });

  test('the page has no Node and nothing of Electron', async () => {
    const names = await page.evaluate('["require", "process", "module", "electron", "ipcRenderer"].filter((name) => name in globalThis)'); // prettier-ignore
    assert.deepEqual(names, []);
  });

  test('inline code and other origins do not run', async () => {
    const blocked = await page.evaluate('fetch("https://example.org/").then(() => false, () => true)');
    assert.equal(blocked, true);
    assert.equal(await page.evaluate('{ const s = document.createElement("script"); s.textContent = "globalThis.ran = 1"; document.head.append(s); "ran" in globalThis }'), false); // prettier-ignore
  });

  test('the page cannot be led away', async () => {
    const before = page.url();
    await page.evaluate('void (location.href = "https://example.org/")').catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(page.url(), before);
    assert.equal(app.windows().length, 1);
  });

  test('a crash of the page brings a new one', async () => {
    const opened = app.waitForEvent('window');
    await app.evaluate(({ BrowserWindow }) => {
      BrowserWindow.getAllWindows()[0]?.webContents.forcefullyCrashRenderer();
    });
    page = await opened;
    await page.locator('main').waitFor();
  });
});
