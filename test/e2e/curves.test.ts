/** Curves of one run: values under the pointer, zoom, and a layout that stays. */
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import type { BrowserContext, Locator, Page } from 'playwright-core';
import { ServedApp, withoutBrowser } from './app.ts';
import { addPlayedStudy } from './played-study.ts';

const EPOCHS = 16;

describe('curves of a run', { skip: withoutBrowser }, () => {
  let app: ServedApp;
  let context: BrowserContext;
  before(async () => {
    app = await ServedApp.open((file) => {
      addPlayedStudy(file, { trials: 3, epochs: EPOCHS });
      addPlayedStudy(file, { trials: 1, epochs: EPOCHS, name: 'Broken', ends: 'failed' });
    });
    context = await app.context();
  });
  after(() => app.close());

  const chartOf = (page: Page): { stage: Locator; panel: Locator; values: Locator } => {
    const stage = page.getByRole('img', { name: /^Accuracy\. / });
    const panel = page.locator('section.panel').filter({ has: stage });
    return { stage, panel, values: panel.locator('ul') };
  };

  test('the pointer shows the values of its epoch, and leaving shows the last ones', async () => {
    const { page, complaints } = await app.visit(context, '#/studies/1/trial/0');
    const { stage, values } = chartOf(page);
    await values.getByText(`epoch ${EPOCHS}`, { exact: true }).waitFor();
    const last = await values.locator('strong').first().innerText();
    await stage.hover({ position: { x: 46, y: 60 } });
    await values.getByText('epoch 1', { exact: true }).waitFor();
    assert.notEqual(await values.locator('strong').first().innerText(), last);
    await page.mouse.move(0, 0);
    await values.getByText(`epoch ${EPOCHS}`, { exact: true }).waitFor();
    assert.deepEqual(complaints, []);
    await page.close();
  });

  test('a drag zooms without moving anything, and a double click leads back', async () => {
    const { page, complaints } = await app.visit(context, '#/studies/1/trial/0');
    const { stage, panel } = chartOf(page);
    const { x, y } = (await stage.boundingBox())!;
    const before = await panel.boundingBox();
    await page.mouse.move(x + 150, y + 40);
    await page.mouse.down();
    await page.mouse.move(x + 220, y + 42, { steps: 3 });
    await page.mouse.up();
    const out = panel.getByRole('button', { name: 'Zoom out' });
    await out.waitFor();
    assert.deepEqual(await panel.boundingBox(), before);
    await stage.dblclick({ position: { x: 180, y: 60 } });
    await out.waitFor({ state: 'detached' });
    assert.deepEqual(complaints, []);
    await page.close();
  });

  test('a chart without an epoch is as high as one with epochs', async () => {
    const heights: number[] = [];
    for (const study of [1, 2]) {
      const { page } = await app.visit(context, `#/studies/${study}/trial/0`);
      heights.push((await chartOf(page).stage.boundingBox())!.height);
      if (study === 2) await page.getByText('No epoch has ended.').first().waitFor();
      await page.close();
    }
    assert.equal(heights[0], heights[1]);
  });
});
