/** Everything by the keyboard alone; what axe says of every view is in states.test.ts. */
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { ServedApp, withoutBrowser } from './app.ts';
import { addPlayedStudy } from './played-study.ts';

describe('by the keyboard alone', { skip: withoutBrowser }, () => {
  let app: ServedApp;
  let page: Page;
  let complaints: string[];
  before(async () => {
    app = await ServedApp.open((file) => {
      addPlayedStudy(file, { trials: 30, epochs: 16 });
    });
    ({ page, complaints } = await app.visit(await app.context(), '#/data'));
  });
  after(() => app.close());

  test('the user opens views, a study and a trial, and returns', async () => {
    await page.getByRole('heading', { name: 'Data' }).first().waitFor();
    await press('g', '3');
    await page.waitForURL(/#\/compare$/);
    await press('g', '1');
    await page.getByRole('link', { name: 'Open Played' }).waitFor();
    await tabTo('Open Played');
    await press('Enter');
    await page.waitForURL(/#\/studies\/1$/);

    await page.getByRole('grid', { name: 'Trials' }).waitFor();
    await tabTo('Trials');
    await press('ArrowDown', 'ArrowDown', ' ');
    const bar = page.getByRole('region', { name: 'Selected for comparison' });
    await bar.waitFor();
    await press('Enter');
    await page.waitForURL(/#\/studies\/1\/trial\/\d+$/);
    const trial = Number(/\d+$/.exec(page.url())![0]);
    await page.getByRole('heading', { name: /^Trial \d+: / }).waitFor();
    await tabTo('Played');
    await press('Enter');
    await page.waitForURL(new RegExp(`#/studies/1\\?trial=${trial}$`));
    await bar.waitFor(); // still chosen
    const grid = page.getByRole('grid', { name: 'Trials' });
    assert.equal(await grid.getAttribute('aria-activedescendant'), `trial-${trial + 1}`);
    assert.deepEqual(complaints, []);
  });

  test('a dialog takes the focus, keeps it, and gives it back', async () => {
    await tabTo('Re-run ×5');
    await press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.waitFor();
    for (let presses = 0; presses < 40; presses++) {
      await press('Tab');
      assert.ok(
        await page.evaluate(
          `document.activeElement === document.body || document.activeElement.closest('dialog') !== null`,
        ),
      );
    }
    await press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    assert.equal(await focused(), 'Re-run ×5');
    await press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await press('Escape');
    assert.deepEqual(complaints, []);
  });

  const press = async (...keys: string[]): Promise<void> => {
    for (const key of keys) await page.keyboard.press(key);
  };

  /** The name of what has the focus. */
  const focused = (): Promise<string> =>
    page.evaluate<string>(
      `document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent.trim() ?? ''`,
    );

  /** Presses Tab until what has the focus bears this name. */
  async function tabTo(name: string): Promise<void> {
    const seen: string[] = [];
    for (let presses = 0; presses < 200; presses++) {
      await press('Tab');
      const at = await focused();
      if (at === name) return;
      seen.push(at.slice(0, 30));
    }
    assert.fail(`"${name}" was not reached by Tab: ${seen.join(', ')}`);
  }
});
