import assert from 'node:assert/strict';
import type { MessagePort } from 'node:worker_threads';
import { describe, test } from 'node:test';
import type { LabApi } from '../../core/lab/api.ts';
import { fake, settled } from './with-fake.ts';

const posted: { message: unknown; ports: unknown[] }[] = [];
const loaded: (() => void)[] = [];
Object.assign(globalThis, {
  window: {
    postMessage: (message: unknown, _origin: string, ports: unknown[]) =>
      void posted.push({ message, ports }),
    addEventListener: (_name: string, listener: () => void) => void loaded.push(listener),
  },
});
await import('../../electron/preload.ts');
const { offerLab } = await import('../../electron/page-port.ts');

describe('the preload script', () => {
  test('asks once after the page’s scripts and passes exactly one port', () => {
    assert.deepEqual(fake.ipcRenderer.sent, []);
    for (const listener of loaded) listener();
    assert.deepEqual(fake.ipcRenderer.sent, [['ktg:port']]);
    const port = {};
    fake.ipcRenderer.emit('ktg:port', { ports: [port] });
    assert.deepEqual(posted, [{ message: 'ktg:port', ports: [port] }]);
    fake.ipcRenderer.emit('ktg:port', { ports: [] });
    fake.ipcRenderer.emit('ktg:port', { ports: [{}, {}] });
    assert.equal(posted.length, 1);
  });

  test('exposes nothing else and listens to one name', () => {
    assert.deepEqual(fake.ipcRenderer.eventNames(), ['ktg:port']);
  });
});

describe('the port to the lab', () => {
  const lab: LabApi = {
    request: ((name: string) => Promise.resolve({ name })) as never,
    subscribe: () => () => undefined,
  };
  offerLab(
    lab,
    (contents) => contents === 1,
    (error) => {
      throw error;
    },
  );
  const given: MessagePort[] = [];
  const frame = {
    url: 'app://lab/',
    parent: null,
    isDestroyed: () => false,
    postMessage: (_name: string, _message: null, ports: MessagePort[]) => void given.push(...ports),
  };
  const ask = (sender: number, senderFrame: unknown, ...more: unknown[]): boolean =>
    fake.ipcMain.emit('ktg:port', { sender: { id: sender }, senderFrame }, ...more);

  test('goes to the outermost frame of our page in our window only', () => {
    ask(2, frame);
    ask(1, null);
    ask(1, { ...frame, url: 'https://evil.example/' });
    ask(1, { ...frame, parent: frame });
    ask(1, { ...frame, isDestroyed: () => true });
    ask(1, frame, 'more');
    assert.equal(given.length, 0);
    ask(1, frame);
    assert.equal(given.length, 1);
    assert.deepEqual(fake.ipcMain.eventNames(), ['ktg:port']);
  });

  test('accepts lab messages and closes on anything else', async () => {
    const port = given.at(-1)!;
    const answer = new Promise((resolve) => port.once('message', resolve));
    port.postMessage({ type: 'request', id: 1, name: 'lab.status', input: {} });
    assert.deepEqual(await answer, { type: 'answer', id: 1, output: { name: 'lab.status' } });
    const closed = new Promise((resolve) =>
      port.once('close', () => {
        resolve(true);
      }),
    );
    port.postMessage({ type: 'eval', code: '1' });
    assert.equal(await closed, true);
  });

  test('is replaced after a reload, and the earlier one closes', async () => {
    ask(1, frame);
    const first = given.at(-1)!;
    const closed = new Promise((resolve) =>
      first.once('close', () => {
        resolve(true);
      }),
    );
    ask(1, frame);
    assert.equal(await closed, true);
    assert.notEqual(given.at(-1), first);
    await settled();
    given.at(-1)!.close();
  });
});
