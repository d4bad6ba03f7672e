/**
 * The real app for tests: `ktg serve` as a process of its own over a lab file of its own, looked at
 * by Chromium.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chromiumAdvice, findChromium } from '../../build/chromium.js';
import { ensureWindow } from '../../build/window.js';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';

const checkout = fileURLToPath(new URL('../..', import.meta.url));

const browserFile = findChromium();

/** For `test`'s option `skip`: false with a browser, else why nothing is tested. */
export const withoutBrowser: string | false =
  browserFile === undefined ? `NOT TESTED: no Chromium was found. ${chromiumAdvice}` : false;

export const startBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: browserFile!, args: ['--no-sandbox'] });

/** A new page; whatever it complains of is in `complaints`. */
export async function watchedPage(
  context: BrowserContext,
): Promise<{ page: Page; complaints: string[] }> {
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.stack ?? error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  return { page, complaints };
}

/** Waits until a page has traded the token of its link for a session, and returns the session. */
export async function sessionOn(page: Page): Promise<string> {
  for (;;) {
    const session = await page.evaluate<string | null>(`localStorage.getItem('ktg-session')`);
    if (session !== null) return session;
    await page.waitForTimeout(20);
  }
}

export type ContextOptions = Parameters<Browser['newContext']>[0];

/** A lab that is served, until `close`. */
export class ServedApp {
  readonly folder: string;
  readonly #browser: Browser;
  #server: ChildProcess | null = null;
  #url = '';
  #environment: Record<string, string> = {};
  #known: Awaited<ReturnType<BrowserContext['storageState']>> | null = null;
  readonly #visitors = new WeakSet<BrowserContext>();

  private constructor(folder: string, browser: Browser) {
    this.folder = folder;
    this.#browser = browser;
  }

  /**
   * @param fill writes the lab file before it is served
   * @param environment of the server, given its folder
   */
  static async open(
    fill: (labFile: string) => void | Promise<void> = () => undefined,
    environment: (folder: string) => Record<string, string> = () => ({}),
  ): Promise<ServedApp> {
    await ensureWindow();
    const folder = await mkdtemp(join(tmpdir(), 'ktg-app-'));
    const app = new ServedApp(folder, await startBrowser());
    app.#environment = environment(folder);
    await fill(app.labFile);
    await app.start();
    return app;
  }

  get labFile(): string {
    return join(this.folder, 'lab.sqlite');
  }

  /** Works once. */
  get url(): string {
    return this.#url;
  }

  get server(): ChildProcess {
    return this.#server!;
  }

  /** @param port 0: any free one */
  async start(port = 0): Promise<void> {
    const args = [
      join(checkout, 'core/cli.ts'),
      'serve',
      '--json',
      '--lab',
      this.labFile,
      '--port',
      `${port}`,
    ];
    const server = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'inherit'],
      cwd: checkout,
      // It may be killed, and leaves nothing elsewhere.
      env: { ...process.env, TMPDIR: this.folder, ...this.#environment },
    });
    this.#server = server;
    this.#url = await new Promise<string>((resolve, reject) => {
      createInterface(server.stdout).on('line', (line) => {
        resolve((JSON.parse(line) as { url: string }).url);
      });
      server.on('exit', (code) => {
        reject(new Error(`ktg serve ended with code ${code}`));
      });
    });
  }

  /** Ends the server, as Ctrl-C does or as a crash would. */
  async stop(signal: 'SIGINT' | 'SIGKILL' = 'SIGINT'): Promise<void> {
    const server = this.server;
    if (server.exitCode !== null || server.signalCode !== null) return;
    const ended = new Promise((resolve) => server.once('close', resolve));
    server.kill(signal);
    await ended;
  }

  /** A browser profile; the first one that visits redeems the address, others are its twins. */
  async context(options: ContextOptions = {}): Promise<BrowserContext> {
    return this.#browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  }

  /**
   * Another profile with the session that the lab gave to the first: another window of the same
   * person.
   */
  async twin(options: ContextOptions = {}): Promise<BrowserContext> {
    const context = await this.context({
      ...options,
      ...(this.#known && { storageState: this.#known }),
    });
    this.#visitors.add(context);
    return context;
  }

  /** A page at an address of the app; whatever it complains of is in `complaints`. */
  async visit(
    context: BrowserContext,
    address = '',
  ): Promise<{ page: Page; complaints: string[] }> {
    const { page, complaints } = await watchedPage(context);
    if (!this.#visitors.has(context)) {
      this.#visitors.add(context);
      await page.goto(this.#url);
      await sessionOn(page);
      this.#known = await context.storageState();
    }
    await page.goto(`${new URL(this.#url).origin}/${address}`);
    return { page, complaints };
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.stop('SIGKILL');
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
