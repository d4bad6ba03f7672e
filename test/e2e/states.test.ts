import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import type { BrowserContext } from 'playwright-core';
import { ServedApp, withoutBrowser } from './app.ts';
import { addPlayedStudy } from './played-study.ts';

describe('every state of a study has a picture', { skip: withoutBrowser }, () => {
  let app: ServedApp;
  let context: BrowserContext;
  before(async () => {
    app = await ServedApp.open((file) => {
      addPlayedStudy(file, { name: 'One', trials: 1, epochs: 4 });
      addPlayedStudy(file, { name: 'Failed', trials: 5, epochs: 4, ends: 'failed' });
      addPlayedStudy(file, { name: 'NaN', trials: 5, epochs: 4, ends: 'nan' });
      addPlayedStudy(file, { name: 'Large', trials: 1500, epochs: 200 });
    });
    context = await app.context();
  });
  after(() => app.close());

  const states: [study: number, name: string, shown: RegExp][] = [
    [1, 'One', /Best: trial 0/],
    [2, 'Failed', /It fell over|5 failed/],
    [3, 'NaN', /not a number/],
    [4, 'Large', /1500 \/ 1500/],
  ];
  for (const [study, name, shown] of states)
    test(name, async () => {
      const { page, complaints } = await app.visit(context, `#/studies/${study}`);
      await page.getByRole('heading', { name, exact: true }).waitFor();
      await page.getByText(shown).first().waitFor();
      assert.doesNotMatch(await page.locator('main').innerText(), /NaN %|undefined|Infinity|\[object/);
      await page.getByRole('row').nth(1).click();
      assert.deepEqual(complaints, []);
      await page.close();
    });

  test('a wide table holds few rows at a time, and all of them by scrolling', async () => {
    const { page } = await app.visit(context, '#/studies/4');
    await page.getByRole('row').nth(1).waitFor();
    assert.ok((await page.getByRole('row').count()) < 100);
    assert.equal(await page.locator('[aria-rowcount]').getAttribute('aria-rowcount'), '1501');
    await page.close();
  });

  test('addresses of what is not there say so', async () => {
    const { page, complaints } = await app.visit(context, '#/studies/99');
    await page
      .getByText(/no study|not here|unknown|There is no/i)
      .first()
      .waitFor();
    await page.goto(`${new URL(app.url).origin}/#/nowhere/at/all`);
    await page.getByText('nowhere').first().waitFor();
    assert.deepEqual(complaints, []);
    await page.close();
  });
});
