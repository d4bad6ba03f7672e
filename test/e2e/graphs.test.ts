/**
 * Graphs by themselves: the editor, comparing, what leads from a trial to others and to its
 * re-runs.
 */
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import type { BrowserContext, Page } from 'playwright-core';
import { ServedApp, withoutBrowser } from './app.ts';
import { addPlayedStudy } from './played-study.ts';

describe('graphs', { skip: withoutBrowser }, () => {
  let app: ServedApp;
  let context: BrowserContext;
  before(async () => {
    app = await ServedApp.open((file) => {
      addPlayedStudy(file, { trials: 9, epochs: 16 });
    });
    context = await app.context();
  });
  after(() => app.close());

  const look = async (address: string, work: (page: Page) => Promise<void>): Promise<void> => {
    const { page, complaints } = await app.visit(context, address);
    await work(page);
    assert.deepEqual(complaints, []);
    await page.close();
  };
  const name = (page: Page) => page.getByLabel('Name of the graph');

  test('a graph has the name of a known method only while it is one, unless the user names it', () =>
    look('#/graph/', async (page) => {
      assert.equal(await name(page).inputValue(), 'DML');
      const edge = page.locator('[data-part="2-1"]');
      await edge.focus();
      await page.keyboard.press('l');
      assert.equal(await name(page).inputValue(), '');
      await page.keyboard.press('t');
      assert.equal(await name(page).inputValue(), 'DML');
      await name(page).fill('Mine');
      await edge.focus();
      await page.keyboard.press('c');
      assert.equal(await name(page).inputValue(), 'Mine');
      await page.getByRole('button', { name: 'Save', exact: true }).click();
      await page.getByText('The graph is saved.').waitFor();
      await page.goto(page.url().replace(/#.*/, '#/graphs'));
      await page.getByRole('link', { name: /Mine/ }).click();
      await name(page).waitFor();
      assert.equal(await name(page).inputValue(), 'Mine', 'a saved one keeps its name');
    }));

  test('the figure shows temperatures, and its legend explains every sign', () =>
    look('#/graph/resnet8%3DTT%402X%2Cresnet8%3DXXX%2Cresnet8%3DTXX?locks=2-1', async (page) => {
      await page.locator('.note', { hasText: 'τ = 2' }).waitFor();
      const legend = page.locator('.legend');
      const line = async (): Promise<number> => (await legend.boundingBox())!.height;
      const reachable = legend.locator('li:not([inert]) button');
      await page.setViewportSize({ width: 990, height: 900 });
      const all = legend.getByRole('button', { name: 'All signs' });
      await all.waitFor({ state: 'hidden' });
      const signs = await reachable.count();
      const oneLine = await line();
      await page.setViewportSize({ width: 1280, height: 800 });
      await all.waitFor();
      assert.equal(await line(), oneLine, 'what does not fit is folded');
      const folded = await reachable.count();
      assert.ok(folded > 0 && folded < signs, `${folded} of ${signs} signs are on the line`);
      await all.click();
      assert.ok((await line()) > oneLine);
      assert.equal(await reachable.count(), signs);
      for (const [sign, meaning] of [
        ['Cutoff', 'G(a) = 0'],
        ['Locked', 'A search keeps this gate'],
        ['Temperature', 'temperature of the softmax'],
        ['Not trained', 'so it is not trained'],
      ] as const) {
        await legend.getByRole('button', { name: sign }).hover();
        await page.locator('.meaning', { hasText: meaning }).waitFor();
      }
    }));

  test('one note covers all unconnected nodes, and no positive note follows an error', async () => {
    await look(
      '#/graph/resnet8%3DTXXX%2Cresnet8%3DTXXX%2Cresnet8%3DTXXX%2Cresnet8%3DTXXX',
      async (page) => {
        await page.getByText(/leads from nodes 2, 3 and 4 to the target/).waitFor();
      },
    );
    await look('#/graph/nonsense', async (page) => {
      await page.getByRole('alert').getByText('nonsense').waitFor();
      assert.equal(await page.getByText('This graph has no problems').count(), 0);
    });
  });

  test('a trial, a saved graph and a known method are compared; a hovered edge is shown in all', () =>
    look('#/compare', async (page) => {
      const add = page.getByRole('button', { name: 'Add', exact: true });
      await add.first().click();
      await page.getByLabel('Number').fill('99');
      await page.locator('form').getByRole('button', { name: 'Add' }).click();
      await page.getByRole('alert').getByText('Played has no trial 99').waitFor();
      await page.getByLabel('Number').fill('3');
      await page.locator('form').getByRole('button', { name: 'Add' }).click();
      await page.getByRole('link', { name: 'Trial 3, Played' }).waitFor();
      for (const graph of ['Mine', 'KD']) {
        if (!(await page.getByText('Known methods').isVisible())) await add.first().click();
        await page.locator('[popover] li').getByText(graph, { exact: true }).click();
        await page.getByRole('link', { name: graph, exact: true }).waitFor();
      }
      assert.match(page.url(), /runs=1\.3&graph=resnet32%3DTC%2Cresnet110%3DTT&graph=/);
      await page.keyboard.press('Escape');
      await page.locator('.graphs li').nth(1).locator('[data-part="2-1"]').focus();
      await page.locator('.pointed-part').nth(2).waitFor();
      const values = await page.locator('.pointed-part').allInnerTexts();
      assert.deepEqual(values.slice(1), ['2 → 1: Correct', '2 → 1: Through, τ = 2']);
      assert.ok((await page.locator('.edge.pointed').count()) > 1);
      await page.getByRole('button', { name: 'Remove Mine from the comparison' }).click();
      await page.getByRole('link', { name: 'Mine', exact: true }).waitFor({ state: 'detached' });
      assert.equal(await page.locator('.graphs li').count(), 2);
    }));

  test('a key undoes a gate that the mouse set', () =>
    look('#/graph/resnet32%3DTC%2Cresnet110%3DTT', async (page) => {
      await page.locator('.figure [data-part="2-1"]').click();
      await page.getByRole('radio', { name: /^L Linear/ }).click();
      await page.getByText('resnet32=TL,resnet110=TT').waitFor();
      await page.keyboard.press('Control+z');
      await page.getByText('resnet32=TC,resnet110=TT').waitFor();
    }));

  test('an ensemble is added from the menu of nodes, and removed where it is changed', () =>
    look('#/graph/resnet8%3DTT%2Cresnet8%3DTT', async (page) => {
      await page.getByRole('button', { name: 'Add node' }).click();
      await page.getByRole('button', { name: 'Ensemble', exact: true }).click();
      await page.getByText('resnet8=TTX,resnet8=TTX,ensemble=logits').first().waitFor();
      await page.locator('.figure [data-part="3"]').focus();
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: 'Remove the ensemble' }).click();
      await page.getByText('resnet8=TT,resnet8=TT', { exact: true }).first().waitFor();
      assert.equal(await page.getByRole('region', { name: 'Ensemble' }).count(), 0);
    }));

  test('removing a saved graph needs a confirmation', () =>
    look('#/graphs', async (page) => {
      const remove = page.getByRole('button', { name: 'Remove Mine' });
      await remove.click();
      await page.getByRole('dialog').getByRole('button', { name: 'Keep it' }).click();
      await remove.click();
      await page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click();
      await remove.waitFor({ state: 'detached' });
    }));

  test('a trial links to the next and previous trials', () =>
    look('#/studies/1/trial/0', async (page) => {
      await page.getByRole('link', { name: 'Next trial' }).click();
      await page.getByRole('heading', { name: /^Trial 1/ }).waitFor();
      await page.getByRole('link', { name: 'Previous trial' }).click();
      await page.getByRole('heading', { name: /^Trial 0/ }).waitFor();
      assert.ok(await page.getByRole('button', { name: 'Previous trial' }).isDisabled());
    }));

  test('a re-run shows its number of runs first; the editor starts one; stopping needs a confirmation', async () => {
    await look('#/studies/1/trial/0', async (page) => {
      await page.getByRole('button', { name: 'Re-run ×5' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByText('25 runs').waitFor();
      await dialog.getByText(/All-Through is DML\), about .* at the pace of this trial/).waitFor();
      await dialog.getByLabel('All-Through').uncheck();
      await dialog.getByLabel('Seeds').fill('1');
      for (const baseline of ['Independent', 'KD', 'DML', 'KD + DML'])
        await dialog.getByLabel(baseline, { exact: true }).uncheck();
      await dialog.getByText('1 run', { exact: true }).waitFor();
      await dialog.getByRole('button', { name: 'Start' }).click();
      await page.waitForURL(/#\/reruns\/1$/);
      await page.getByRole('button', { name: 'Stop' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Now' }).click();
      await page.getByText(/^stopped, /).waitFor();
    });
    await look('#/studies/1/trial/0', async (page) => {
      await page.getByRole('link', { name: 'Re-run, 0 of 1 seed' }).click();
      await page.waitForURL(/#\/reruns\/1$/);
    });
    await look('#/graph/resnet8%3DTT%2Cresnet8%3DTT', async (page) => {
      await page.getByRole('button', { name: 'Re-run ×5' }).click();
      const dialog = page.getByRole('dialog');
      assert.equal(await dialog.getByLabel('Data').inputValue(), 'synthetic');
      await dialog
        .getByText(/DML is this graph, KD \+ DML is KD, All-Through is this graph/)
        .waitFor();
      await dialog.getByLabel('Epochs').fill('1');
      await dialog.getByRole('button', { name: 'Start' }).click();
      await page.waitForURL(/#\/reruns\/2$/);
      await page.getByRole('heading', { name: 'DML', level: 1 }).waitFor();
      await page.getByRole('button', { name: 'Stop' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Now' }).click();
    });
  });

  test('the data of a pretrained network is chosen only when it is trained here', () =>
    look('#/data', async (page) => {
      await page.getByRole('button', { name: 'Train or import one' }).click();
      const dialog = page.getByRole('dialog');
      assert.equal(await dialog.getByLabel('Data').inputValue(), 'synthetic');
      await dialog.getByLabel('Seed').waitFor();
      await dialog.getByRole('button', { name: 'Import its weights' }).click();
      assert.equal(await dialog.getByLabel('Seed').count(), 0);
    }));
});
