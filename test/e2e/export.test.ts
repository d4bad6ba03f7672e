/** What leaves the app, and what comes back in. */
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { BrowserContext, Page } from 'playwright-core';
import { ServedApp, withoutBrowser } from './app.ts';
import { saved, savedTo } from './saved.ts';
import { addPlayedStudy } from './played-study.ts';

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47]);

describe('export and import', { skip: withoutBrowser }, () => {
  let app: ServedApp;
  let context: BrowserContext;
  let page: Page;
  let complaints: string[];
  before(async () => {
    app = await ServedApp.open((file) => {
      addPlayedStudy(file, { trials: 12, epochs: 8 });
    });
    context = await app.context();
    ({ page, complaints } = await app.visit(context, '#/studies/1/trial/0'));
  });
  after(async () => {
    assert.deepEqual(complaints, []);
    await app.close();
  });
  const go = (hash: string): Promise<unknown> =>
    page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
  const fromMenu = (menu: string, item: string): Promise<Buffer> =>
    saved(page, async () => {
      await page.getByRole('button', { name: menu, exact: true }).click();
      await page.getByRole('button', { name: item, exact: true }).click();
    });

  test('a graph is saved as SVG, PNG, DOT and JSON with its origin, and JSON is imported as the same graph', async () => {
    await page.getByRole('heading', { name: /^Trial 0/ }).waitFor();
    const svg = (await fromMenu('Save the graph', 'Figure as SVG')).toString();
    assert.match(svg, /^<svg[^>]*xmlns/);
    assert.match(svg, /<title>.*ResNet/);
    for (const word of ['"seed"', '"protocol"', '"graph"', '"version"'])
      assert.ok(svg.replaceAll('&quot;', '"').includes(word), `${word} in the figure's metadata`);
    const png = await fromMenu('Save the graph', 'Figure as PNG');
    assert.deepEqual(png.subarray(0, 4), PNG);
    assert.ok(png.readUInt32BE(16) > 800, 'wide enough for print');
    assert.match(png.toString('latin1', 0, 2000), /Description.*"seed".*"protocol"/s);
    const dot = (await fromMenu('Save the graph', 'Graph as DOT')).toString();
    assert.match(dot, /^digraph/);
    const shown = /\((\d\d\.\d\d)\)/.exec(svg)![1]!;
    assert.ok(dot.includes(`(${shown})`), `accuracies in %, as in the figure: ${shown}`);
    const json = await fromMenu('Save the graph', 'Graph as JSON');
    const made = (file: Buffer): Record<string, unknown> =>
      (JSON.parse(file.toString()) as { made: Record<string, unknown> }).made;
    const facts = ['study', 'trial', 'seed', 'protocol', 'data', 'environment', 'savedWith'];
    for (const fact of facts) {
      assert.ok(fact in made(json), `${fact} in the JSON file`);
      assert.ok(dot.includes(`\\"${fact}\\"`), `${fact} in the DOT file`);
    }
    const { made: _, ...graph } = JSON.parse(json.toString()) as Record<string, unknown>;
    for (const [name, buffer] of [
      ['a.svg', Buffer.from(svg)],
      ['a.png', png],
      ['a.dot', Buffer.from(dot)],
      ['a.json', json],
    ] as const) {
      await go('#/graphs');
      await page.getByRole('button', { name: 'Import…' }).waitFor();
      await page.locator('main input[type=file]').setInputFiles({ name, mimeType: '', buffer });
      await page.getByRole('heading', { name: 'Graph editor' }).waitFor();
      const { made: __, ...again } = JSON.parse(
        (await fromMenu('Save the graph', 'Graph as JSON')).toString(),
      ) as Record<string, unknown>;
      assert.deepEqual(again, graph, name);
    }
  });

  test('files are named after their content', async () => {
    await go('#/studies/1/trial/0');
    await page.getByRole('heading', { name: /^Trial 0/ }).waitFor();
    const named = async (menu: string, item: string): Promise<string> => {
      await page.getByRole('button', { name: menu, exact: true }).click();
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: item, exact: true }).click(),
      ]);
      return download.suggestedFilename();
    };
    assert.equal(await named('Save the graph', 'Graph as JSON'), 'Played-trial-0-graph.json');
    assert.equal(
      await named('More for this run', 'Save all epochs (JSON)'),
      'Played-trial-0-epochs.json',
    );
    assert.equal(await named('Save Accuracy', 'Save as CSV'), 'Played-trial-0-Accuracy.csv');
    await go('#/studies/1');
    await page.getByRole('tab', { name: 'Best so far' }).click();
    assert.equal(await named('Save Best so far', 'Save as SVG'), 'Played-Best-so-far.svg');
    assert.equal(await named('Save the table', 'Save as CSV'), 'Played-trials.csv');
  });

  test('charts and tables are saved as SVG, PNG, CSV and JSON', async () => {
    await go('#/studies/1');
    for (const [tab, chart] of [
      ['Tournament', 'Tournament'],
      ['Curves', 'Learning curves'],
      ['Map', 'Map of all trials'],
      ['Parallel', 'Parallel coordinates'],
      ['Timeline', 'Timeline'],
      ['Best so far', 'Best so far'],
    ] as const) {
      await page.getByRole('tab', { name: tab }).click();
      const svg = (await fromMenu(`Save ${chart}`, 'Save as SVG')).toString();
      assert.match(svg, /^<svg[^>]*xmlns/, chart);
      assert.doesNotMatch(svg, /NaN|undefined|var\(/, chart);
      assert.match(svg, /protocol/, chart);
    }
    assert.deepEqual((await fromMenu('Save Best so far', 'Save as PNG')).subarray(0, 4), PNG);
    const pdf = (await fromMenu('Save Best so far', 'Save as PDF')).toString('latin1');
    assert.match(pdf, /^%PDF-1\.7[^]*%%EOF\n$/);
    const csv = (await fromMenu('Save the table', 'Save as CSV')).toString().trim().split(/\r?\n/);
    assert.equal(csv.length, 13);
    assert.equal(new Set(csv.map((line) => line.split(',').length > 5)).size, 1);
    assert.match(csv[0]!, /,made\.seed,made\.protocol,made\.data,made\.version/);
    assert.match(csv[1]!, /,completed,.*,2026-03-03T\d\d:\d\d:00\.000Z,.*,held-out,synthetic,/);
    const table = JSON.parse((await fromMenu('Save the table', 'Save as JSON')).toString()) as {
      trials: unknown[];
      protocol: string;
    };
    assert.equal(table.trials.length, 12);
    assert.equal(table.protocol, 'held-out');
  });

  test('the paper kit has the figure as PDF and TikZ, tables, and how it was done', async () => {
    await page.getByRole('button', { name: 'More for this study' }).click();
    await page.getByRole('button', { name: 'Paper kit…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Paper kit' });
    const kept = async (name: string): Promise<string> =>
      (await saved(page, () => dialog.getByRole('button', { name, exact: true }).click())).toString(
        'latin1',
      );
    assert.match(await kept('PDF'), /^%PDF-/);
    assert.match(await kept('TikZ'), /\\begin\{tikzpicture\}/);
    const decisions = (await kept('Decisions (CSV)')).split('\r\n');
    assert.match(decisions[0]!, /^trial,epoch,accuracy,rank,of,top,continued,machines,made\.study/);
    assert.ok(decisions.length > 12);
    const methods = await dialog.getByLabel('Methods paragraph').inputValue();
    assert.match(methods, /^We searched knowledge transfer graphs of 3 nodes on /);
    await page.keyboard.press('Escape');
  });

  test('the report is one file that opens without a network', async () => {
    const path = await savedTo(app.folder, page, async () => {
      await page.getByRole('button', { name: 'More for this study' }).click();
      await page.getByRole('button', { name: 'Save report (HTML)' }).click();
    });
    const offline = await app.context({ offline: true });
    const report = await offline.newPage();
    const asked: string[] = [];
    report.on('request', (request) => asked.push(request.url()));
    const wrong: string[] = [];
    report.on('console', (message) => wrong.push(message.text()));
    await report.goto(pathToFileURL(path).href);
    await report.getByRole('heading', { name: 'Played' }).waitFor();
    assert.ok((await report.locator('svg').count()) > 10);
    assert.deepEqual(asked, [pathToFileURL(path).href]);
    assert.deepEqual(wrong, []);
    const overlap = await report.evaluate<boolean>(
      'document.documentElement.scrollWidth > document.documentElement.clientWidth',
    );
    assert.equal(overlap, false, 'nothing is wider than the page');
    await offline.close();
  });

  test('an exported study is imported as the same study', async () => {
    const file = await fromMenu('More for this study', 'Export without weights');
    await go('#/studies');
    await page.getByRole('button', { name: 'Import…' }).waitFor();
    await page
      .locator('main input[type=file]')
      .setInputFiles({ name: 'Played.ktg-study', mimeType: '', buffer: file });
    await page.waitForURL(/#\/studies\/2$/);
    await page.getByText('12 / 12').waitFor();
    assert.deepEqual(await fromMenu('More for this study', 'Export without weights'), file);
  });

  test('a study of the authors’ code is imported from its Optuna file', async () => {
    await go('#/studies');
    await page.getByRole('button', { name: 'Import…' }).waitFor();
    const file = fileURLToPath(new URL('../fixtures/optuna/experiment01.db', import.meta.url));
    await page.locator('main input[type=file]').setInputFiles(file);
    await page.waitForURL(/#\/studies\/3$/);
    await page.getByText(/Best: trial \d/).waitFor();
  });

  test('the editor undoes and redoes every step; its address is the graph', async () => {
    await go('#/graph/resnet8%3DTT%2Cresnet14%3DTT');
    const text = page.locator('.key').first();
    const start = 'resnet8=TT,resnet14=TT';
    await page.getByText(start, { exact: true }).first().waitFor();
    await page.locator('[data-part="2-1"]').focus();
    await page.keyboard.press('Enter');
    await page.getByRole('radio', { name: /^L Linear/ }).check();
    const linear = 'resnet8=TL,resnet14=TT';
    assert.equal(await text.innerText(), linear);
    await page.getByRole('button', { name: 'Template' }).click();
    await page.getByRole('button', { name: 'Independent' }).click();
    const independent = await text.innerText();
    assert.notEqual(independent, linear);
    await page.locator('main').focus();
    for (const expected of [linear, start]) {
      await page.keyboard.press('Control+z');
      assert.equal(await text.innerText(), expected);
    }
    assert.ok(await page.getByRole('button', { name: 'Undo' }).isDisabled());
    for (const expected of [linear, independent]) {
      await page.keyboard.press('Control+Shift+z');
      assert.equal(await text.innerText(), expected);
    }
    assert.ok(await page.getByRole('button', { name: 'Redo' }).isDisabled());
  });

  test('every address opens in a new window', async () => {
    const addresses: [string, RegExp][] = [
      ['#/studies/1?trial=2', /trial 2/i],
      ['#/studies/1?run=3', /trial 2/i], // of an earlier version, as the next one
      ['#/studies/1/trials/2', /Trial 1:/],
      ['#/studies/1/trial/1', /Trial 1:/],
      ['#/compare?runs=1,2,3', /Compare/],
      ['#/compare?runs=1.0,1.1,1.2', /Compare/],
      ['#/graph/resnet32%3DTC%2Cresnet110%3DXX', /resnet110=XX/],
      ['#/log?study=1', /Log of study 1/],
      ['#/studies/new?from=resnet8%3DTT%2Cresnet8%3DTT&locks=2-1', /New study/],
    ];
    for (const [address, shown] of addresses) {
      const fresh = await app.visit(context, address);
      await fresh.page.locator('main').getByText(shown).first().waitFor();
      assert.deepEqual(fresh.complaints, [], address);
      if (address.includes('/trials/')) await fresh.page.waitForURL(/#\/studies\/1\/trial\/1$/);
      await fresh.page.close();
    }
  });
});
