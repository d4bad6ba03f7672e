/** How many clicks the usual questions of a researcher take; searches by key count none. */
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import type { BrowserContext, Locator, Page } from 'playwright-core';
import { ServedApp, withoutBrowser } from './app.ts';
import { addPlayedStudy } from './played-study.ts';

describe('clicks of usual tasks', { skip: withoutBrowser }, () => {
  let app: ServedApp;
  let context: BrowserContext;
  before(async () => {
    app = await ServedApp.open((file) => {
      addPlayedStudy(file, { trials: 60, epochs: 16 });
      addPlayedStudy(file, { trials: 4, epochs: 8, name: 'Paused', ends: 'halfway' });
    });
    context = await app.context();
  });
  after(() => app.close());

  /** Opens an address and works there; returns the clicks. */
  async function clicksOf(
    address: string,
    work: (page: Page, click: (target: Locator) => Promise<void>) => Promise<void>,
  ): Promise<number> {
    const { page, complaints } = await app.visit(context, address);
    let clicks = 0;
    await work(page, async (target) => {
      clicks++;
      await target.click();
    });
    assert.deepEqual(complaints, []);
    await page.close();
    return clicks;
  }

  test('two edges are locked with four clicks', async () => {
    const clicks = await clicksOf('#/studies/new', async (page, click) => {
      for (const edge of ['0-1', '2-1']) {
        await click(page.locator(`[data-part="${edge}"] .letter`));
        await click(page.getByRole('button', { name: 'Only Through', exact: true }));
        await page.getByText('Locked to this gate.').waitFor();
      }
    });
    assert.equal(clicks, 4);
  });

  test('all label edges are locked with one choice and one click', async () => {
    const clicks = await clicksOf('#/studies/new', async (page, click) => {
      await page.getByLabel('Which edges').selectOption({ label: 'All Label edges' });
      await click(page.getByRole('button', { name: 'All Label edges: only Correct', exact: true }));
      await page.locator('[data-part="0-2"] .letter.locked').waitFor();
      await page.locator('[data-part="0-1"] .letter.locked').waitFor();
    });
    assert.equal(clicks, 1);
  });

  test('why a trial stopped is one search, without a click', async () => {
    const clicks = await clicksOf('#/studies/1', async (page) => {
      await page.getByRole('grid', { name: 'Trials' }).waitFor();
      await page.keyboard.press('/');
      await page.keyboard.type('#1');
      await page.keyboard.press('Enter');
      const trial = page.getByRole('complementary', { name: 'Selected trial' });
      await trial.getByText(/^stopped at epoch \d+: .* %, ranked \d+\w\w of \d+, /).waitFor();
    });
    assert.equal(clicks, 0);
  });

  test('which gates matter is on the page, and in its head', async () => {
    const clicks = await clicksOf('#/studies/1', async (page) => {
      await page.locator('.effect', { hasText: /Matters most.*points/s }).waitFor();
      await page
        .getByRole('region', { name: 'Which gates matter' })
        .getByText(/points$/)
        .first()
        .waitFor();
    });
    assert.equal(clicks, 0);
  });

  test('the best trials are a LaTeX table after two clicks', async () => {
    const clicks = await clicksOf('#/studies/1', async (page, click) => {
      await click(page.getByRole('button', { name: 'More for this study' }));
      const [file] = await Promise.all([
        page.waitForEvent('download'),
        click(page.getByRole('button', { name: 'Save the best trials as LaTeX' })),
      ]);
      assert.match(file.suggestedFilename(), /\.tex$/);
    });
    assert.equal(clicks, 2);
  });

  test('slots are changed with two clicks, without leaving the study', async () => {
    const clicks = await clicksOf('#/studies/2', async (page, click) => {
      const slots = page.getByRole('button', { name: /^Slots: [1-9]/ });
      await slots.waitFor();
      const before = Number(/\d+/.exec(await slots.innerText()));
      await click(slots);
      await click(page.getByRole('button', { name: /^One slot fewer on / }).first());
      await page.getByRole('button', { name: `Slots: ${before - 1}`, exact: true }).waitFor();
      assert.match(page.url(), /#\/studies\/2(\?|$)/);
    });
    assert.equal(clicks, 2);
  });

  test('an edge of a trial is followed over time with one click', async () => {
    const clicks = await clicksOf('#/studies/1/trial/0', async (page, click) => {
      await page.getByRole('heading', { name: /^Trial 0/ }).waitFor();
      await click(page.locator('main [data-part^="0-"] .letter').first());
      await page.getByRole('img', { name: /^Agreement on Label→\d/ }).waitFor();
      await page.getByRole('img', { name: /^Loss on Label→\d/ }).waitFor();
    });
    assert.equal(clicks, 1);
  });
});
