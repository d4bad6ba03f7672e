/** Times that are measured before a study is promised. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { scriptedLab } from '../lab/support.ts';
import { withoutBrowser } from './app.ts';
import { LabHere } from './lab-here.ts';

describe('measured times', { skip: withoutBrowser }, () => {
  let here: LabHere;
  let page: Page;
  let complaints: string[];

  before(async () => {
    here = await LabHere.open(scriptedLab({ slots: 1, seconds: () => 60, pace: 20 }));
    ({ page, complaints } = await here.visit('#/studies/new'));
  });
  after(async () => {
    await here.close();
  });

  test('the form of a new study measures its networks on a click', async () => {
    const preview = page.getByRole('complementary').filter({ hasText: 'Expected time' });
    await preview.getByText('not measured yet').waitFor();
    await preview.getByRole('button', { name: 'Measure', exact: true }).click();
    await preview
      .getByTitle(/^Measured on this machine/)
      .getByText(/^about \d/)
      .waitFor();
    assert.equal(await preview.getByRole('button', { name: /[Mm]easur/ }).count(), 0);
  });

  test('a slow machine is offered a smaller quick look', async () => {
    await page.evaluate(`location.hash = '#/studies'`);
    await page.getByRole('button', { name: 'Quick look' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(/^16 trials of at most 8 epochs take about \d/).waitFor();
    await dialog.getByRole('button', { name: /^Start 6 trials, about \d/ }).click();
    await page.waitForURL(/#\/studies\/1$/);
    const [card] = await here.lab.request('studies.list', {});
    assert.deepEqual([card!.study.plan.trials, card!.study.plan.training.epochs], [6, 4]);
    assert.deepEqual(complaints, []);
  });
});
