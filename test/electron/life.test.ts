/**
 * The app's life at the level of its main program, with a real lab: what begins it, ends it, and
 * begins the next one.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, test } from 'node:test';
import type { MessagePort } from 'node:worker_threads';
import type { LabApi } from '../../core/lab/api.ts';
import { connectLab, type LabLine } from '../../core/connection/channel.ts';
import { messagePort } from '../../core/connection/port.ts';
import { attachLab } from '../../core/host/attach.ts';
import { openSqlite } from '../../core/store/sqlite.ts';
import { places } from '../../renderer/routes.ts';
import { tinyPlan } from '../e2e/tiny-study.ts';
import { fake, settled } from './with-fake.ts';

const folder = mkdtempSync(join(tmpdir(), 'ktg-life-'));
fake.app.folder = folder;
delete process.env.KTG_LAB;
process.env.KTG_HOME = folder;
process.env.KTG_NODE = process.execPath; // the bundle finds it two folders above
after(() => {
  for (const line of lines) line.close();
  rmSync(folder, { recursive: true, force: true });
});

const { app, BrowserWindow, dialog, ipcMain, Menu, powerMonitor, shell } = fake;
/** Its `getuid`, which Windows lacks, can be replaced. */
const posix = process as { getuid(): number };
const SIGNALS = ['SIGTERM', 'SIGHUP'] as const;
beforeEach(() => {
  for (const emitter of [app, ipcMain, powerMonitor, fake.session.defaultSession])
    emitter.removeAllListeners();
  for (const signal of SIGNALS) process.removeAllListeners(signal);
  app.quits = 0;
  app.relaunches.length = 0;
  app.switches.clear();
  BrowserWindow.made.length = 0;
  dialog.asked.length = dialog.errors.length = dialog.files.length = 0;
  dialog.responses.length = dialog.named.length = 0;
});

let lives = 0;
const lines: LabLine[] = [];
const until = async (fits: () => unknown): Promise<void> => {
  while (!(await fits())) await settled();
};
const shown = () => BrowserWindow.made.at(-1)!;
const file = (name: string): string => join(folder, `${name}.sqlite`);

/** Starts the app, until its window is there or it has ended. */
async function begin(...args: string[]): Promise<void> {
  process.argv.splice(1, Infinity, 'checkout', ...args);
  await import(`../../electron/main.ts?life=${++lives}`);
  await until(() => BrowserWindow.made.length > 0 || app.quits > 0);
}

/** The lab as the window's page sees it. */
async function page(): Promise<LabApi> {
  const port = new Promise<MessagePort>((resolve) => {
    const senderFrame = {
      url: 'app://lab/',
      parent: null,
      isDestroyed: () => false,
      postMessage: (_name: string, _message: null, ports: MessagePort[]) => {
        resolve(ports[0]!);
      },
    };
    ipcMain.emit('ktg:port', { sender: shown().webContents, senderFrame });
  });
  const line = connectLab(messagePort(await port));
  lines.push(line);
  return line.api;
}

/** Begins a training that is not over before the test. */
async function train(): Promise<void> {
  const lab = await page();
  const plan = tinyPlan({ nodes: 2, trials: 50, epochs: 500, images: 1000 });
  await lab.request('studies.create', { name: 'Long', plan, start: true });
  await until(async () => (await lab.request('slots.list', {})).some(({ run }) => run !== null));
}

const close = (): boolean => {
  let prevented = false;
  shown().emit('close', { preventDefault: () => (prevented = true) });
  return prevented;
};
const click = (...labels: string[]): void => {
  let items = Menu.items;
  for (const label of labels) {
    const item = items.find((each) => each.label === label);
    assert.ok(item, label);
    if (item.click) item.click();
    items = item.submenu ?? [];
  }
};
/** What another start of the app sends. */
const startAgain = (sent: unknown): boolean => app.emit('second-instance', {}, [], folder, sent);
const end = async (): Promise<void> => {
  process.emit('SIGTERM');
  await until(() => app.quits > 0);
};

describe('the app during training', () => {
  test('asks before it quits, then ends training with a checkpoint', async () => {
    await begin('--lab', file('work'));
    await train();
    dialog.responses.push(0, 0, 1);
    assert.equal(close(), true);
    await until(() => dialog.asked.length === 1);
    assert.match(dialog.asked[0]!.message!, /is running|trainings are running/);
    await settled();
    let prevented = false;
    app.emit('before-quit', { preventDefault: () => (prevented = true) });
    await until(() => dialog.asked.length === 2);
    assert.equal(prevented, true);
    await settled();
    assert.equal(app.quits, 0, 'twice “Keep running”');
    close();
    await until(() => app.quits === 1);
    assert.equal(dialog.asked.length, 3);
    assert.deepEqual(app.relaunches, []);
    const lab = await attachLab(file('work'), 'to-look');
    const [study] = await lab.api.request('studies.list', {});
    assert.equal(study!.study.state, 'running', 'it goes on at the next start');
    await lab.close();
  });

  for (const [what, tell] of [
    [
      'the machine shuts down',
      () => powerMonitor.emit('shutdown', { preventDefault: () => undefined }),
    ],
    ['the terminal ends it', () => process.emit('SIGTERM')],
  ] as const)
    test(`saves without a question when ${what}`, async () => {
      await begin(`--lab=${file(what.replaceAll(' ', '-'))}`);
      await train();
      tell();
      await until(() => app.quits === 1);
      assert.equal(dialog.asked.length, 0);
    });
});

describe('switching labs', () => {
  test('restarts the app, unless the user keeps training running', async () => {
    await begin(`--lab=${file('first')}`, '--user-data-dir=/x');
    await train();
    dialog.files.push(file('second'), file('second'));
    dialog.responses.push(0, 1);
    click('&File', 'Open another lab file…');
    await until(() => dialog.asked.length === 1);
    await settled();
    assert.deepEqual([app.quits, app.relaunches.length], [0, 0]);
    click('&File', 'New lab file…');
    await until(() => app.quits === 1);
    assert.deepEqual(app.relaunches, [
      { args: ['checkout', '--user-data-dir=/x', `--lab=${file('second')}`] },
    ]);
  });

  test('follows the request of another start, with its place', async () => {
    await begin(`--lab=${file('idle')}`);
    startAgain({ lab: file('idle'), place: 'data' });
    assert.equal(shown().webContents.address, 'app://lab/#/data');
    startAgain({ lab: null, place: 'ktg-lab://' + '"', more: 1 });
    assert.equal(shown().webContents.address, 'app://lab/#/data', 'nonsense only shows the window');
    assert.equal(app.quits, 0);
    startAgain({ lab: file('second'), place: 'studies/1' });
    startAgain({ lab: null, place: null }); // while it leaves
    await until(() => app.quits === 1);
    assert.deepEqual(app.relaunches, [
      { args: ['checkout', `--lab=${file('second')}`, 'ktg-lab://studies/1'] },
    ]);
    assert.equal(BrowserWindow.made.length, 1);
  });

  test('a start while the app quits restarts it without a window in between', async () => {
    await begin(`--lab=${file('idle')}`);
    const before = shown().shown;
    shown().hide = () => {
      startAgain({ lab: null, place: 'log' });
    };
    close();
    await until(() => app.quits === 1);
    assert.equal(shown().shown, before);
    assert.deepEqual(app.relaunches, [
      { args: ['checkout', `--lab=${file('idle')}`, 'ktg-lab://log'] },
    ]);
  });

  test('the app restarts and takes the lab over when its holder ends', async () => {
    const other = await attachLab(file('shared'), 'at-rest');
    await begin(`--lab=${file('shared')}`);
    assert.deepEqual(await (await page()).request('studies.list', {}), []);
    shown().webContents.address = 'app://lab/#/log';
    await other.close();
    await until(() => app.quits === 1);
    assert.deepEqual(app.relaunches, [
      { args: ['checkout', `--lab=${file('shared')}`, 'ktg-lab://log'] },
    ]);
  });
});

describe('start', () => {
  test('opens the place of a link, also of a later one', async () => {
    await begin('--lab=:memory:', 'ktg-lab://studies/new');
    assert.equal(shown().webContents.address, 'app://lab/#/studies/new');
    let prevented = 0;
    for (const link of ['ktg-lab://compare?runs=1,2', 'ktg-lab://a"b'])
      app.emit('open-url', { preventDefault: () => prevented++ }, link);
    assert.deepEqual([shown().webContents.address, prevented], ['app://lab/#/compare?runs=1,2', 2]);
    await end();
  });

  test('that fails shows an error and leaves no app without a window', async () => {
    const { whenReady } = app;
    app.ready = false;
    app.whenReady = () => Promise.reject(new Error('No display.'));
    await begin('--lab=:memory:');
    app.whenReady = whenReady;
    assert.deepEqual(dialog.errors, ['The action failed: No display.']);
    assert.equal(BrowserWindow.made.length, 0);
  });

  test('beside a first start that does not answer kills nothing and asks', async (context) => {
    const state = join(folder, 'silent');
    mkdirSync(state);
    app.switches.add('user-data-dir');
    app.userData = state;
    const silent = createServer().listen(join(state, 'app.sock'));
    await once(silent, 'listening');
    context.mock.timers.enable({ apis: ['setTimeout'] });
    app.sent = null;
    dialog.responses.push(0, 1);
    process.argv.splice(1, Infinity, 'checkout');
    await import(`../../electron/main.ts?life=${++lives}`);
    while (app.quits === 0) {
      await new Promise((resolve) => setImmediate(resolve));
      context.mock.timers.tick(100);
    }
    assert.equal(app.sent, null, 'Chromium’s lock was asked for');
    assert.equal(BrowserWindow.made.length, 0);
    assert.deepEqual(
      dialog.asked.map(({ message }) => message),
      Array(2).fill('KTG lab is already open, but it does not answer.'),
    );
    silent.close();
  });

  test('without Chromium’s sandbox asks the user', async (context) => {
    context.mock.method(posix, 'getuid', () => 1000);
    app.switches.add('no-sandbox');
    dialog.responses.push(0);
    await begin('--lab=:memory:');
    assert.deepEqual([app.quits, BrowserWindow.made.length], [1, 0]);
    app.quits = 0;
    dialog.responses.push(1);
    await begin('--lab=:memory:');
    assert.equal(BrowserWindow.made.length, 1);
    assert.match(dialog.asked[1]!.message!, /sandbox/);
    await end();
  });

  test('as root without a sandbox ends with advice', async (context) => {
    context.mock.method(posix, 'getuid', () => 0);
    const { mock } = context.mock.method(console, 'error', () => undefined);
    app.switches.add('no-sandbox');
    await begin('--lab=:memory:');
    assert.deepEqual([app.quits, BrowserWindow.made.length], [1, 0]);
    for (const said of [String(mock.calls[0]?.arguments[0]), dialog.asked[0]!.detail!])
      assert.match(said, /root.*ordinary user.*ktg serve/s);
    assert.equal(dialog.asked.length, 1);
  });

  test('waits for the answer about a lab that cannot be opened', async () => {
    const broken = file('broken');
    writeFileSync(broken, 'these are words and no lab file at all');
    dialog.responses.push(2);
    await begin(`--lab=${broken}`);
    assert.deepEqual([app.quits, BrowserWindow.made.length], [1, 0]);
    assert.equal(dialog.asked[0]!.title, 'The lab cannot be opened');
  });
});

describe('the menu', () => {
  const items = (label: string) => Menu.items.find((each) => each.label === label)!.submenu!;

  test('zooms in with every plus key and has no macOS items elsewhere', async (context) => {
    await begin('--lab=:memory:');
    const zooms = items('&View').filter(({ role }) => role === 'zoomIn');
    assert.deepEqual(
      zooms.map(({ accelerator, visible = true }) => [accelerator, visible]),
      [
        [undefined, true],
        ['CmdOrCtrl+=', false],
        ['CmdOrCtrl+numadd', false],
      ],
    );
    await end();
    if (process.platform === 'darwin') {
      context.skip('macOS has a window menu of its own');
      return;
    }
    assert.deepEqual(
      items('&Window').map(({ role }) => role),
      ['minimize', 'close'],
    );
  });

  test('opens the same places as the page’s keys', async () => {
    await begin('--lab=:memory:');
    const go = Menu.items.find(({ label }) => label === '&Go')!.submenu!;
    assert.deepEqual(
      go.slice(4).map(({ label, accelerator }) => [label, accelerator]),
      places.map(({ title, key }) => [title, `CmdOrCtrl+${key}`]),
    );
    const { webContents } = shown();
    click('&Go', 'Compare');
    assert.equal(webContents.address, 'app://lab/#/compare');
    const { length } = webContents.loaded;
    click('&Go', 'Compare');
    assert.equal(webContents.loaded.length, length, 'the place that is shown is not loaded again');
    click('&Go', 'Back');
    click('&Go', 'Back');
    click('&Go', 'Forward');
    assert.equal(webContents.steps, -1);
    click('&Go', 'Copy a link to this page');
    assert.equal(fake.clipboard.text, 'ktg-lab://compare');
    await end();
  });

  test('copies the lab file, also over an earlier copy, and never over a lab that is open', async () => {
    await begin(`--lab=${file('copied')}`);
    const copy = file('copy');
    const copied = async (path: string): Promise<void> => {
      const { ino } = statSync(path);
      dialog.files.push(path);
      click('&File', 'Save a copy of the lab file…');
      await until(() => statSync(path).ino !== ino || dialog.asked.length > 0);
    };
    writeFileSync(copy, 'an earlier one');
    writeFileSync(`${copy}.new`, 'of somebody else');
    for (const round of [1, 2]) {
      await copied(copy);
      assert.deepEqual(dialog.named.at(-1)!.properties, ['showOverwriteConfirmation']);
      assert.deepEqual(dialog.asked, [], `${round}`);
      assert.equal(readFileSync(`${copy}.new`, 'utf8'), 'of somebody else');
      const database = openSqlite(copy);
      assert.deepEqual(database.value('PRAGMA integrity_check'), 'ok');
      database.close();
      rmSync(`${copy}-wal`, { force: true });
    }
    await copied(file('copied'));
    assert.match(dialog.asked[0]!.detail!, /is a lab that is open.*Choose another name/s);
    assert.deepEqual(dialog.errors, [], 'a box that blocks the main loop');
    click('&File', 'Show the lab file in its folder');
    assert.deepEqual(shell.shown, [file('copied')]);
    await end();
  });
});

describe('the window', () => {
  const kept = (): unknown =>
    JSON.parse(readFileSync(join(folder, 'window', 'window.json'), 'utf8'));
  const normal = { x: 300, y: 150, width: 1000, height: 700 };

  test('after a crash opens at its present position, not the saved one', async () => {
    await begin('--lab=:memory:');
    shown().normal = normal;
    shown().webContents.emit('render-process-gone', {}, { reason: 'crashed' });
    await settled();
    assert.equal(BrowserWindow.made.length, 2);
    const { x, y, width, height } = shown().options as Partial<typeof normal>;
    assert.deepEqual({ x, y, width, height }, normal);
    await end();
  });

  test('keeps its normal bounds over maximized starts', async () => {
    writeFileSync(
      join(folder, 'window', 'window.json'),
      JSON.stringify({ ...normal, maximized: true }),
    );
    for (let start = 0; start < 2; start++) {
      await begin('--lab=:memory:');
      assert.equal(shown().maximized, true);
      close();
      assert.deepEqual(kept(), { ...normal, maximized: true });
      await until(() => app.quits === 1);
      app.quits = BrowserWindow.made.length = 0;
      for (const emitter of [app, ipcMain, powerMonitor]) emitter.removeAllListeners();
    }
    await begin('--lab=:memory:');
    shown().maximized = false;
    shown().normal = { ...normal, x: 400 };
    shown().emit('unmaximize');
    close();
    assert.deepEqual(kept(), { ...normal, x: 400, maximized: false });
    await until(() => app.quits === 1);
  });

  test('returns from a blank page to its place', async () => {
    await begin('--lab=:memory:');
    const { webContents } = shown();
    webContents.emit('did-navigate-in-page', {}, 'app://lab/#/studies/4', true);
    webContents.emit('did-navigate', {}, 'about:blank');
    assert.equal(webContents.address, 'app://lab/#/studies/4');
    await end();
  });

  test('left closed after crashes can be opened again', async () => {
    await begin('--lab=:memory:');
    dialog.responses.push(1);
    for (let crash = 0; crash < 3; crash++) {
      shown().webContents.emit('render-process-gone', {}, { reason: 'crashed' });
      await settled();
    }
    await until(() => BrowserWindow.made.every(({ destroyed }) => destroyed));
    assert.equal(dialog.asked.length, 1);
    const { length } = BrowserWindow.made;
    startAgain({ lab: null, place: 'log' });
    assert.equal(BrowserWindow.made.length, length + 1);
    assert.equal(shown().webContents.address, 'app://lab/#/log');
    await end();
  });

  test('saves only downloads of the page, under the user’s name', async () => {
    await begin('--lab=:memory:');
    const download = (address: string) => {
      const told: { options?: object; stopped?: true } = {};
      const item = {
        getURL: () => address,
        getFilename: () => '../../etc/figure.svg',
        setSaveDialogOptions: (options: object) => (told.options = options),
      };
      fake.session.defaultSession.emit(
        'will-download',
        { preventDefault: () => (told.stopped = true) },
        item,
      );
      return told;
    };
    const options = {
      title: 'Save',
      defaultPath: join(folder, 'figure.svg'),
      properties: ['showOverwriteConfirmation'],
    };
    for (const address of ['blob:app://lab/1', 'data:image/png,'])
      assert.deepEqual(download(address), { options });
    for (const address of [
      'https://example.org/x',
      'blob:https://example.org/1',
      'file:///etc/passwd',
      'app://lab/',
    ])
      assert.deepEqual(download(address), { stopped: true });
    await end();
  });
});
