/**
 * The real app in a real Electron: `KTG_ELECTRON=/path/to/electron npm run test:electron`. Where
 * none is named it says loudly that nothing was tested; it needs a screen (or xvfb-run) and an
 * ordinary user.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ElectronApplication, Page } from 'playwright-core';
import { attachLab } from '../../../core/host/attach.ts';
import { openSqlite } from '../../../core/store/sqlite.ts';
import { quickLook } from '../../e2e/quick-look.ts';
import {
  appThatAnswers,
  argumentsIn,
  binary,
  buildApp,
  checkout,
  environmentIn,
  finish,
  launch,
  pageOf,
  skip,
} from './launch.ts';

describe('the app in a real Electron', { skip }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'ktg-electron-'));
  let app: ElectronApplication;
  let page: Page;
  const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 100));
  const place = async (hash: string): Promise<void> => {
    await page.waitForURL(`app://lab/#/${hash}`);
  };

  before(async () => {
    buildApp();
    app = await launch(folder);
    page = await pageOf(app);
  });
  after(async () => {
    await finish(app);
    rmSync(folder, { recursive: true, force: true });
  });

  test('shows the lab over its port', async () => {
    assert.ok(page.url().startsWith('app://lab/'), page.url());
    await page.getByRole('heading', { name: 'Who should teach whom?' }).waitFor();
    assert.match(await page.title(), /KTG lab/);
  });

  test('the page has no Node and nothing of Electron, in a sandbox of its own', async () => {
    const names = await page.evaluate(`
      ['require', 'process', 'module', 'electron', 'ipcRenderer', 'Buffer', 'global']
        .filter((name) => name in globalThis)`);
    assert.deepEqual(names, []);
    assert.equal(await app.evaluate(({ app }) => app.commandLine.hasSwitch('no-sandbox')), false);
  });

  test('foreign code, workers and addresses do not run or load', async () => {
    const passed = await page.evaluate(`(async () => {
      const inline = (text, type) => new Promise((resolve) => {
        const script = document.createElement('script');
        if (type) script.src = text; else script.textContent = text;
        script.onload = () => resolve(true);
        script.onerror = () => resolve(false);
        document.head.append(script);
        setTimeout(() => resolve('ran' in globalThis), 500);
      });
      const loads = (name, address) => new Promise((resolve) => {
        const element = document.createElement(name);
        element.onload = () => resolve(element.contentDocument !== null);
        element.onerror = () => resolve(false);
        element.src = address;
        document.body.append(element);
        setTimeout(() => resolve(false), 500);
      });
      const blob = URL.createObjectURL(new Blob(['globalThis.ran = 1'], { type: 'text/javascript' }));
      const works = (address) => new Promise((resolve) => {
        try {
          const worker = new Worker(address);
          worker.onerror = () => resolve(false);
          setTimeout(() => resolve(false), 500);
          worker.onmessage = () => resolve(true);
        } catch { resolve(false); }
      });
      const evaluates = new Promise((resolve) => setTimeout(() => {
        try { resolve(eval('true')); } catch { resolve(false); }
      }));
      const connects = (address) => new Promise((resolve) => {
        try {
          const socket = new WebSocket(address);
          socket.onopen = () => resolve(true);
          socket.onerror = () => resolve(false);
        } catch { resolve(false); }
      });
      const fetches = (address) => fetch(address).then(() => true, () => false);
      const tries = {
        inline: inline('globalThis.ran = 1'),
        'data script': inline('data:text/javascript,globalThis.ran=1', 'source'),
        'blob script': inline(blob, 'source'),
        eval: evaluates,
        'blob worker': works(blob),
        socket: connects('ws://127.0.0.1:9/'),
        https: fetches('https://example.org/'),
        http: fetches('http://127.0.0.1:9/'),
        file: fetches('file:///etc/passwd'),
        image: loads('img', 'https://example.org/x.png'),
        frame: loads('iframe', 'https://example.org/'),
      };
      const passed = [];
      for (const [name, result] of Object.entries(tries)) if (await result) passed.push(name);
      return passed;
    })()`);
    assert.deepEqual(passed, []);
  });

  test('its scheme serves the window’s files and nothing else', async () => {
    const status = async (path: string, method = 'GET'): Promise<unknown> =>
      page.evaluate(
        `fetch(${JSON.stringify(path)}, { method: '${method}' }).then(({ status }) => status)`,
      );
    assert.equal(await status('/'), 200);
    for (const path of ['/../package.json', '/%2e%2e/%2e%2e/package.json', '/..%2f..%2fetc/passwd'])
      assert.equal(await status(path), 404, path);
    assert.equal(await status('/', 'POST'), 405);
    const policy = await page.evaluate(
      `fetch('/').then(({ headers }) => headers.get('content-security-policy'))`,
    );
    assert.match(String(policy), /default-src 'none'|default-src 'self'/);
  });

  test('permissions are denied, except text on the clipboard', async () => {
    const granted = await page.evaluate(`Promise.all(
      ['camera', 'microphone', 'geolocation', 'notifications', 'midi', 'clipboard-read', 'clipboard-write']
        .map((name) => navigator.permissions.query({ name }).then(({ state }) => [name, state])))
      .then((states) => states.filter(([, state]) => state === 'granted').map(([name]) => name))`);
    assert.deepEqual(granted, ['clipboard-write']);
    const media = await page.evaluate(
      `navigator.mediaDevices.getUserMedia({ video: true }).then(() => true, () => false)`,
    );
    assert.equal(media, false);
  });

  test('the page cannot navigate away, and returns from a blank one', async () => {
    await app.evaluate(({ shell }) => {
      const opened: string[] = [];
      Object.assign(globalThis, { opened });
      shell.openExternal = (address: string) => Promise.resolve(void opened.push(address));
    });
    await page.evaluate(`void (location.hash = '#/data')`);
    for (const address of [
      'https://example.org/',
      'file:///etc/passwd',
      'data:text/html,x',
      'app://other/',
      'javascript:void(document.title="led")',
    ])
      await page
        .evaluate(`void (location.href = ${JSON.stringify(address)})`)
        .catch(() => undefined);
    await page.evaluate(`{
      const form = document.createElement('form');
      form.action = 'https://example.org/';
      const refresh = document.createElement('meta');
      Object.assign(refresh, { httpEquiv: 'refresh', content: '0;url=https://example.org/' });
      document.body.append(form, refresh);
      form.submit();
    }`);
    const windows = await page.evaluate(`
      ['https://example.org/', 'about:blank', 'https://arxiv.org/abs/1909.04286']
        .map((address) => window.open(address) === null)`);
    assert.deepEqual(windows, [true, true, true]);
    await place('data');
    assert.notEqual(await page.title(), 'led');
    assert.equal(app.windows().length, 1);
    const opened = await app.evaluate(() => (globalThis as unknown as { opened: string[] }).opened);
    assert.deepEqual(opened, ['https://arxiv.org/abs/1909.04286']);
    await page.evaluate(`void (location.href = 'about:blank')`).catch(() => undefined);
    await page.getByRole('heading', { name: 'CIFAR-100' }).waitFor();
    await place('data');
  });

  test('the menu leads to every view, and zooms', async () => {
    const click = async (menu: string, label: string): Promise<void> =>
      app.evaluate(
        ({ Menu, BrowserWindow }, [menu, label]) => {
          const items = Menu.getApplicationMenu()!.items.find((each) => each.label === menu)!
            .submenu!.items;
          const item = items.find((each) => each.label === label)!;
          item.click(
            undefined,
            BrowserWindow.getAllWindows()[0],
            BrowserWindow.getAllWindows()[0]!.webContents,
          );
        },
        [menu, label] as const,
      );
    const views = ['Graphs', 'Compare', 'Re-runs', 'Data', 'Settings', 'Log', 'Studies'];
    for (const view of views) {
      await click('&Go', view);
      await place(view.toLowerCase().replace('-', ''));
    }
    const zoom = (): Promise<number> =>
      app.evaluate(({ BrowserWindow }) =>
        BrowserWindow.getAllWindows()[0]!.webContents.getZoomLevel(),
      );
    await click('&View', 'Zoom In');
    assert.ok((await zoom()) > 0);
    await click('&View', 'Actual Size');
    assert.equal(await zoom(), 0);
  });

  test('light and dark follow the system while it runs', async () => {
    const paint = async (theme: 'dark' | 'light'): Promise<unknown> => {
      await app.evaluate(
        ({ nativeTheme }, source) => void (nativeTheme.themeSource = source),
        theme,
      );
      const follows = `matchMedia('(prefers-color-scheme: ${theme})').matches`;
      while (!(await page.evaluate(follows)))
        await new Promise((resolve) => setTimeout(resolve, 50));
      return page.evaluate(`getComputedStyle(document.body).backgroundColor`);
    };
    assert.notEqual(await paint('dark'), await paint('light'));
    await app.evaluate(({ nativeTheme }) => void (nativeTheme.themeSource = 'system'));
  });

  test('one click trains in a worker under Node', async () => {
    await page.evaluate(`void (location.hash = '#/studies')`);
    await quickLook(page);
  });

  test('other programs work with its lab', async () => {
    const lab = await attachLab(join(folder, 'lab.sqlite'));
    assert.equal(lab.elsewhere, true);
    const [study] = await lab.api.request('studies.list', {});
    assert.equal(study!.study.name, 'Quick look');
    await lab.close();
  });

  test('a copy of the lab file is complete, and replacing one needs a confirmation', async () => {
    const copy = join(folder, 'copy.sqlite');
    const properties = await app.evaluate(async ({ dialog, Menu }, filePath) => {
      const asked = new Promise((resolve) => {
        dialog.showSaveDialog = (...given: unknown[]) => {
          resolve((given.at(-1) as { properties?: string[] }).properties);
          return Promise.resolve({ canceled: false, filePath });
        };
      });
      const file = Menu.getApplicationMenu()!.items.find(({ label }) => label === '&File')!;
      file.submenu!.items.find(({ label }) => label === 'Save a copy of the lab file…')!.click();
      return asked;
    }, copy);
    assert.deepEqual(properties, ['showOverwriteConfirmation']);
    const whole = (): unknown => {
      if (!existsSync(copy)) return null;
      const database = openSqlite(copy, { readOnly: true });
      const found = database.value('PRAGMA integrity_check');
      database.close();
      return found;
    };
    while (whole() !== 'ok') await pause();
  });

  /** Starts the app once more and waits for its end. */
  const startAgain = async (from: string, ...more: string[]): Promise<unknown> => {
    const again = [from, ...argumentsIn(folder), ...more];
    const second = spawn(binary, again, { env: environmentIn(folder), stdio: 'ignore' });
    const late = setTimeout(() => second.kill('SIGKILL'), 40_000);
    const ended = await once(second, 'exit');
    clearTimeout(late);
    return ended;
  };

  test('a second start ends at once, and the first opens its link', async () => {
    assert.deepEqual(await startAgain(checkout, 'ktg-lab://settings'), [0, null]);
    await place('settings');
    assert.equal(app.windows().length, 1);
  });

  test('its main process has no decoder of images', { skip: process.platform !== 'linux' }, () => {
    assert.doesNotMatch(readFileSync(`/proc/${app.process().pid}/maps`, 'utf8'), /libvips/);
  });

  test('a second start ends and kills nothing while a box of the first is open', async () => {
    // A copy over the lab itself fails, and a box says so until the user closes it.
    await app.evaluate(
      ({ dialog, Menu }, filePath) => {
        dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath });
        const file = Menu.getApplicationMenu()!.items.find(({ label }) => label === '&File')!;
        file.submenu!.items.find(({ label }) => label === 'Save a copy of the lab file…')!.click();
      },
      join(folder, 'lab.sqlite'),
    );
    await pause();
    assert.deepEqual(await startAgain(checkout, 'ktg-lab://log'), [0, null]);
    await place('log');
  });

  test('a second start ends and kills nothing while the first is stopped', async () => {
    const program = app.process();
    program.kill('SIGSTOP');
    const quits = appThatAnswers(folder, 1);
    assert.deepEqual(await startAgain(quits, 'ktg-lab://settings'), [1, null]);
    program.kill('SIGCONT');
    assert.equal(program.exitCode, null);
    assert.equal(program.signalCode, null);
    await page.getByRole('link', { name: 'Settings' }).first().click();
    await place('settings');
  });

  test('a crashed page is replaced at its place and position', async () => {
    const bounds = { x: 200, y: 120, width: 900, height: 600 };
    await app.evaluate(({ BrowserWindow }, to) => {
      BrowserWindow.getAllWindows()[0]!.setBounds(to);
    }, bounds);
    const at = () =>
      app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.getBounds());
    while ((await at()).width !== bounds.width)
      await new Promise((resolve) => setTimeout(resolve, 50));
    const before = await at();
    const opened = app.waitForEvent('window');
    await app.evaluate(({ BrowserWindow }) => {
      BrowserWindow.getAllWindows()[0]!.webContents.forcefullyCrashRenderer();
    });
    page = await opened;
    await page.locator('main').waitFor();
    await place('settings');
    assert.deepEqual(await at(), before);
  });
});
