/**
 * A lab in this process, served to a real browser: for what a test must do to the lab itself while
 * one looks at it.
 */
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { ensureWindow } from '../../build/window.js';
import { serve, type Served } from '../../core/connection/http-server.ts';
import type { Lab } from '../../core/lab/lab.ts';
import { type ContextOptions, startBrowser, watchedPage } from './app.ts';

const folder = fileURLToPath(new URL('../../dist/renderer', import.meta.url));

/** A lab that is looked at, until `close`, which ends it. */
export class LabHere {
  readonly lab: Lab;
  readonly #served: Served;
  readonly #browser: Browser;

  private constructor(lab: Lab, served: Served, browser: Browser) {
    this.lab = lab;
    this.#served = served;
    this.#browser = browser;
  }

  static async open(lab: Lab): Promise<LabHere> {
    await ensureWindow();
    return new LabHere(lab, await serve(lab, { folder }), await startBrowser());
  }

  /** The first page; whatever it complains of is in `complaints`. Works once. */
  async visit(
    address: string,
    options: ContextOptions = {},
  ): Promise<{ page: Page; complaints: string[] }> {
    const context = await this.#browser.newContext({
      viewport: { width: 1280, height: 800 },
      ...options,
    });
    const visited = await watchedPage(context);
    await visited.page.goto(this.#served.url);
    await visited.page.goto(`${new URL(this.#served.url).origin}/${address}`);
    return visited;
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.#served.close();
    await this.lab.close('at-once');
  }
}
