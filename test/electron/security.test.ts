import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { pagePolicy } from '../../core/connection/pages.ts';
import { fake } from './with-fake.ts';

const { lockedDown, lockContents, lockSession, mayOpenOutside } =
  await import('../../electron/security.ts');
const { isOurs, registerScheme, serveWindow } = await import('../../electron/protocol.ts');

describe('the page', () => {
  test('is a browser’s page without Node, in a sandbox', () => {
    const preferences = lockedDown('/preload.cjs');
    for (const on of ['sandbox', 'contextIsolation', 'webSecurity'] as const)
      assert.equal(preferences[on], true);
    for (const off of [
      'nodeIntegration',
      'nodeIntegrationInWorker',
      'nodeIntegrationInSubFrames',
      'webviewTag',
      'allowRunningInsecureContent',
      'experimentalFeatures',
      'navigateOnDragDrop',
    ] as const)
      assert.equal(preferences[off], false, off);
  });

  test('has one permission, writing text to the clipboard, and only as our page', () => {
    const session = new fake.FakeSession();
    lockSession(session as never);
    const asked = (page: string, permission: string): boolean => {
      let answer: boolean | null = null;
      const contents = { getURL: () => page };
      session.request!(
        ...([contents, permission, (granted: boolean) => (answer = granted)] as never[]),
      );
      assert.equal(session.check!(...([contents, permission] as never[])), answer);
      return answer!;
    };
    assert.equal(asked('app://lab/#/studies', 'clipboard-sanitized-write'), true);
    assert.equal(asked('https://example.org/', 'clipboard-sanitized-write'), false);
    for (const permission of [
      'clipboard-read',
      'media',
      'geolocation',
      'notifications',
      'usb',
      'fullscreen',
      'openExternal',
      'unknown',
    ])
      assert.equal(asked('app://lab/', permission), false, permission);
    assert.equal(session.check!(...([null, 'clipboard-sanitized-write'] as never[])), false);
    assert.equal(session.device!(), false);
  });

  test('loads nothing from the network or the disk', () => {
    const session = new fake.FakeSession();
    lockSession(session as never);
    const cancelled = (url: string): boolean => {
      let answer = { cancel: false };
      session.before!(
        ...([{ url }, (decision: { cancel: boolean }) => (answer = decision)] as never[]),
      );
      return answer.cancel;
    };
    for (const url of [
      'https://example.org/x.js',
      'http://127.0.0.1/',
      'file:///etc/passwd',
      'ws://x/',
      'nonsense',
    ])
      assert.equal(cancelled(url), true, url);
    for (const url of ['app://lab/assets/x.js', 'blob:app://lab/1', 'data:image/png,'])
      assert.equal(cancelled(url), false, url);
  });

  test('cannot navigate elsewhere; known links open in the browser', () => {
    lockContents();
    const contents = new fake.FakeContents();
    fake.app.emit('web-contents-created', {}, contents);
    const stopped = (event: string, url: string): boolean => {
      let prevented = false;
      contents.emit(event, { url, preventDefault: () => (prevented = true) });
      return prevented;
    };
    for (const event of ['will-navigate', 'will-redirect', 'will-frame-navigate']) {
      for (const url of [
        'https://evil.example/',
        'file:///etc/passwd',
        'app://other/',
        'javascript:alert(1)',
      ])
        assert.equal(stopped(event, url), true, `${event} ${url}`);
      assert.equal(stopped(event, 'app://lab/#/data'), false);
    }
    assert.equal(stopped('will-attach-webview', ''), true);
    assert.deepEqual(fake.shell.opened, []);
    assert.deepEqual(contents.openHandler!({ url: 'https://evil.example/' }), { action: 'deny' });
    assert.deepEqual(contents.openHandler!({ url: 'https://arxiv.org/abs/1909.04286' }), {
      action: 'deny',
    });
    assert.deepEqual(fake.shell.opened, ['https://arxiv.org/abs/1909.04286']);
  });

  test('similar links do not open', () => {
    for (const address of [
      'http://arxiv.org/',
      'https://arxiv.org.evil.example/',
      'https://user:pass@arxiv.org/',
      'https://arxiv.org:8443/',
      'file://arxiv.org/',
      'not an address',
    ])
      assert.equal(mayOpenOutside(address), false, address);
  });
});

describe('the scheme app://', () => {
  const root = mkdtempSync(join(tmpdir(), 'ktg-scheme-'));
  const folder = join(root, 'renderer');
  mkdirSync(join(folder, 'assets'), { recursive: true });
  writeFileSync(join(folder, 'index.html'), '<!doctype html>');
  writeFileSync(join(folder, 'assets', 'main.js'), 'export {}');
  writeFileSync(join(root, 'secret.json'), '{}');
  if (process.platform !== 'win32')
    symlinkSync(join(root, 'secret.json'), join(folder, '.secret.json'));
  after(() => {
    rmSync(root, { recursive: true });
  });
  registerScheme();
  serveWindow(folder);
  const get = (url: string, method = 'GET'): Promise<Response> =>
    fake.protocol.handlers.get('app')!({ url, method });

  test('is standard and secure without other privileges', () => {
    assert.deepEqual(fake.protocol.privileged, [
      { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true } },
    ]);
  });

  test('serves pages with their type and the server’s policy', async () => {
    const page = await get('app://lab/');
    assert.equal(page.status, 200);
    assert.equal(page.headers.get('content-type'), 'text/html; charset=utf-8');
    assert.equal(page.headers.get('content-security-policy'), pagePolicy);
    assert.equal(page.headers.get('x-content-type-options'), 'nosniff');
    assert.doesNotMatch(pagePolicy, /unsafe/);
    const script = await get('app://lab/assets/main.js');
    assert.equal(script.headers.get('content-type'), 'text/javascript; charset=utf-8');
    assert.equal(await script.text(), 'export {}');
    assert.equal(await (await get('app://lab/', 'HEAD')).text(), '');
  });

  test('serves nothing outside its folder', async () => {
    for (const path of [
      '../secret.json',
      '%2e%2e/secret.json',
      '..%2fsecret.json',
      '%2e%2e%2fsecret.json',
      '..\\secret.json',
      '.secret.json',
      'assets/../../secret.json',
      'assets//main.js',
      '/etc/passwd',
      'assets',
      'index.html%00.js',
    ])
      assert.equal((await get(`app://lab/${path}`)).status, 404, path);
    assert.equal((await get('app://elsewhere/index.html')).status, 404);
    assert.equal((await get('app://lab/', 'POST')).status, 405);
  });

  test('recognises its own addresses', () => {
    assert.equal(isOurs('app://lab/#/studies/1'), true);
    for (const address of ['app://lab.evil/', 'https://lab/', 'app:lab', '', 'app://lab:80/'])
      assert.equal(isOurs(address), false, address);
  });
});
