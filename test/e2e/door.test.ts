/**
 * Who gets into a served lab: the browser that opened its link, and nobody who listens beside it.
 */
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { WebSocket } from 'ws';
import { protocolsWith, sessionOf } from '../../core/connection/browser-session.ts';
import { checkLabFile } from '../../core/store/file/check.ts';
import { ServedApp, sessionOn, watchedPage, withoutBrowser } from './app.ts';

/** What a page of another port tries with a lab; it reports each outcome. */
const ATTACK = (lab: string): string => `<!doctype html><title>tries</title><script>
  const outcome = (work) => work.then(() => 'open', () => 'closed');
  const line = (protocols) => new Promise((open, closed) => {
    const socket = new WebSocket('ws://${lab}/lab', protocols);
    socket.onmessage = open;
    socket.onclose = closed;
    socket.onerror = closed;
  });
  const frame = () => new Promise((open, closed) => {
    const inner = document.createElement('iframe');
    inner.src = 'http://${lab}/';
    inner.onload = () => { try { open(inner.contentWindow.localStorage.length); } catch { closed(); } };
    document.body.append(inner);
  });
  const script = () => new Promise((open, closed) => {
    const tag = document.createElement('script');
    tag.src = 'http://${lab}/icon.svg';
    tag.onload = open;
    tag.onerror = closed;
    document.head.append(tag);
  });
  onload = async () => {
    document.title = (await Promise.all([
      outcome(fetch('http://${lab}/', { credentials: 'include' })),
      outcome(line()),
      outcome(line(['ktg-lab'])),
      outcome(line(['ktg-lab', 'ktg-key.' + 'a'.repeat(43)])),
      outcome(frame()),
      outcome(script()),
      outcome(Promise.resolve(window.opener).then((opener) => opener.localStorage.length)),
      outcome(Promise.resolve().then(() => localStorage.getItem('ktg-session').length)),
    ])).join();
  };
</script>`;

/** A server of another user on the same machine: it keeps whatever reaches it. */
class OtherServer {
  readonly #server: Server;
  readonly heard: string[] = [];

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(lab: string): Promise<OtherServer> {
    const server = createServer();
    const other = new OtherServer(server);
    server.on('connection', (socket: Socket) => {
      socket.on('data', (bytes: Buffer) => other.heard.push(bytes.toString('latin1')));
    });
    server.on('request', (request, response) => {
      response.setHeader('Content-Type', 'text/html');
      response.setHeader('Access-Control-Allow-Origin', '*');
      if (request.url === '/tries') response.end(ATTACK(lab));
      else response.end('<!doctype html><title>other</title>');
    });
    server.on('upgrade', (_request, socket: Socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return other;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

describe('access to a served lab', { skip: withoutBrowser }, () => {
  let app: ServedApp;
  let context: BrowserContext;
  let page: Page;
  let session: string;
  let other: OtherServer;
  const lab = (): string => new URL(app.url).host;
  before(async () => {
    app = await ServedApp.open();
    context = await app.context();
    ({ page } = await app.visit(context, '#/studies'));
    await page.getByRole('heading', { level: 1 }).first().waitFor();
    session = await sessionOn(page);
    other = await OtherServer.open(lab());
  });
  after(async () => {
    await other.close();
    await app.close();
  });

  const secrets = (): string[] => [session, new URL(app.url).hash.replace('#token=', '')];
  /**
   * Every word that reached the other server, tried as a key by a program that can set any header.
   */
  async function triedWith(heard: readonly string[]): Promise<number> {
    const words = new Set(heard.join(' ').match(/[\w-]{43}/g));
    const outcomes = await Promise.allSettled(
      [...words].map(async (word) =>
        sessionOf(
          new WebSocket(`ws://${lab()}/lab`, protocolsWith(word), {
            origin: `http://${lab()}`,
            headers: { cookie: /cookie: (.*)/i.exec(heard.join('\n'))?.[1] ?? '' },
          }).on('error', () => undefined),
        ),
      ),
    );
    return outcomes.filter(({ status }) => status === 'fulfilled').length;
  }

  test('a server on another port receives no credentials', async () => {
    const stranger = await context.newPage();
    await stranger.goto(`http://127.0.0.1:${other.port}/`);
    await stranger.goto(`http://localhost:${other.port}/`); // another site than 127.0.0.1
    await stranger.evaluate(`new Promise((done) => {
      const image = new Image();
      image.onload = image.onerror = done;
      image.src = 'http://127.0.0.1:${other.port}/image';
    })`);
    await stranger.evaluate(`new Promise((done) => {
      const socket = new WebSocket('ws://127.0.0.1:${other.port}/lab');
      socket.onclose = done;
    })`);
    const [opened] = await Promise.all([
      context.waitForEvent('page'),
      page.evaluate(`void open('http://127.0.0.1:${other.port}/opened')`),
    ]);
    while (!other.heard.some((text) => text.startsWith('GET /opened ')))
      await page.waitForTimeout(20);
    await opened.close(); // the next test waits for a page of its own
    for (const path of ['/ ', '/image ', '/lab ', '/opened '])
      assert.ok(
        other.heard.some((text) => text.startsWith(`GET ${path}`)),
        path,
      );
    const all = other.heard.join('\n');
    for (const secret of secrets()) assert.ok(!all.includes(secret), all);
    assert.doesNotMatch(all, /^(?:cookie|authorization):/im);
    assert.deepEqual(await context.cookies(), []);
    assert.equal(await triedWith(other.heard), 0);
    await stranger.close();
  });

  test('pages of another port of the same host cannot read or change the lab', async () => {
    const [opened] = await Promise.all([
      context.waitForEvent('page'),
      page.evaluate(`void open('http://127.0.0.1:${other.port}/tries')`),
    ]);
    await opened.waitForFunction(`document.title !== 'tries' && document.title !== ''`);
    assert.equal(await opened.title(), Array.from({ length: 8 }, () => 'closed').join());
    await opened.close();
    await page.reload();
    await page.getByRole('link', { name: 'Studies' }).first().waitFor();
  });

  test('a backup of the lab file is a download', async () => {
    await page.goto(`http://${lab()}/#/settings`);
    const copied = page.getByRole('button', { name: 'Back up' });
    const [download] = await Promise.all([page.waitForEvent('download'), copied.click()]);
    assert.match(download.suggestedFilename(), /^lab-\d{4}-\d\d-\d\d\.sqlite$/);
    const path = join(app.folder, download.suggestedFilename());
    await download.saveAs(path);
    assert.deepEqual(checkLabFile(path), []);
  });

  test('the token disappears from the address bar; reloads and other tabs work', async () => {
    assert.ok(!page.url().includes('token'));
    await page.reload();
    await page.getByRole('heading', { level: 1 }).first().waitFor();
    const { page: tab, complaints } = await watchedPage(context);
    await tab.goto(`http://${lab()}/#/settings`);
    await tab.getByRole('heading', { name: 'Settings' }).waitFor();
    await tab.goto(app.url); // from the browser's history
    await tab.getByRole('heading', { level: 1 }).first().waitFor();
    assert.ok(!tab.url().includes('token'));
    assert.deepEqual(complaints, []);
    await tab.close();
  });

  test('a second browser learns that the link was used; one without a link learns what to open', async () => {
    const second = await app.context();
    const { page: late } = await watchedPage(second);
    await late.goto(app.url);
    const alert = late.getByRole('alert');
    await alert.getByText('This link was already used.').waitFor();
    await alert.getByText('Run `ktg serve` again for a new one.').waitFor();
    assert.equal(await late.evaluate(`localStorage.length`), 0);
    const { page: without } = await watchedPage(second);
    await without.goto(`http://${lab()}/`);
    await without.getByText('Open the link in the terminal that runs the lab.').waitFor();
    await second.close();
  });

  test('a new link in a tab of the lab gives access again', async () => {
    const port = Number(new URL(app.url).port);
    await app.stop();
    await page.getByText('The connection to the lab is lost').waitFor();
    await app.start(port);
    await page.getByText('this browser needs a new link').waitFor();
    await page.goto(app.url); // changes what is after the # only
    await page.getByText('this browser needs a new link').waitFor({ state: 'detached' });
    await page.getByRole('heading', { level: 1 }).first().waitFor();
    assert.ok(!page.url().includes('token'));
    assert.notEqual(await sessionOn(page), session, 'a session ends with its server');
  });
});
