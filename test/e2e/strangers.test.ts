import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { BrowserContext, Page } from 'playwright-core';
import { openSqlite } from '../../core/store/sqlite.ts';
import { ServedApp, withoutBrowser } from './app.ts';
import { ktg } from './ktg.ts';
import { addPlayedStudy } from './played-study.ts';

const fixture = (path: string): Buffer =>
  readFileSync(fileURLToPath(new URL(`../fixtures/${path}`, import.meta.url)));
const archive = fixture('data/cifar-100-part.tar.gz');

/** Weights whose header is right and whose numbers end too early. */
function cutWeights(): Buffer {
  const header = JSON.stringify({
    __metadata__: { ktg: JSON.stringify({ nodes: { 1: 'resnet110' } }) },
    'node1/parameters/stem/kernel': { dtype: 'F32', shape: [3, 3, 3, 16], data_offsets: [0, 1728] },
  });
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, Buffer.from(header), Buffer.alloc(100)]);
}

const graph = (change: object): Buffer =>
  Buffer.from(
    JSON.stringify({
      format: 'ktg-graph',
      version: 1,
      nodes: [{ model: 'resnet8' }],
      edges: [],
      ...change,
    }),
  );
const markup = '<img src=x onerror="document.title=1"><b>bold</b>';

/** Where a file is taken, what it is called, what it really is, and what is said about it. */
const files: [view: string, name: string, content: Buffer, said: RegExp][] = [
  [
    'graphs',
    'picture.json',
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]),
    /not a graph file.*PNG/,
  ],
  ['graphs', 'half.json', Buffer.from('{"format":"ktg-graph","nodes":['), /JSON/],
  ['graphs', 'deep.json', Buffer.from('{"a":'.repeat(50_000)), /JSON/],
  ['graphs', 'other.json', Buffer.from('{"name":"package"}'), /not a graph file.*format/],
  ['studies', 'optuna.log', fixture('optuna/journal.jsonl'), /a journal log of Optuna/],
  ['graphs', 'future.json', graph({ version: 99 }), /version/],
  ['graphs', 'markup.json', graph({ nodes: [{ model: markup }] }), /<img src=x/],
  [
    'graphs',
    'prototype.json',
    graph({ edges: [{ source: 0, destination: 1, gate: '__proto__' }] }),
    /__proto__/,
  ],
  ['graphs', 'large.txt', Buffer.alloc(3 << 20, 'resnet8=T,'), /too many/],
  ['studies', 'words.ktg-study', Buffer.from('not a study\n'), /not a study file/],
  ['studies', 'other.db', fixture('store/schema-1.ktg'), /a lab file, expected one study/],
  ['studies', 'empty.ktg-study', Buffer.alloc(0), /study/],
  [
    'data',
    'cifar-100-binary.tar.gz',
    archive.subarray(0, archive.length / 2),
    /archive|damaged|cut|end/i,
  ],
  ['data', 'words.tar.gz', Buffer.from('no archive'), /archive|gzip|tar/i],
];

/** Removes the study that a page shows. */
async function removeStudy(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'More for this study' }).click();
  await page.getByRole('button', { name: 'Remove…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Remove', exact: true }).click();
  await dialog.waitFor({ state: 'hidden' });
}

describe('untrusted input', { skip: withoutBrowser }, () => {
  let app: ServedApp;
  let context: BrowserContext;
  before(async () => {
    app = await ServedApp.open((file) => {
      addPlayedStudy(file, { trials: 4, epochs: 2, name: markup });
    });
    context = await app.context();
  });
  after(() => app.close());

  test('disguised files are refused with a message, and nothing is lost', async () => {
    const { page, complaints } = await app.visit(context, '#/studies');
    const said: string[] = [];
    for (const [view, name, buffer, words] of files) {
      await page.evaluate(`location.hash = '#/${view}'`);
      await page.locator('main h1').first().waitFor();
      await page
        .locator('main input[type=file]:not([webkitdirectory])')
        .first()
        .setInputFiles({ name, mimeType: 'application/octet-stream', buffer });
      said.push(`${name}: ${await alertOf(page)}`);
      assert.match(said.at(-1)!, words);
    }
    await page.getByRole('button', { name: 'Train or import one' }).click();
    await page
      .getByRole('dialog')
      .locator('input[type=file]')
      .setInputFiles({ name: 'cut.safetensors', mimeType: '', buffer: cutWeights() });
    said.push(`cut.safetensors: ${await alertOf(page)}`);
    assert.match(said.at(-1)!, /cut off or damaged/);
    for (const words of said)
      assert.doesNotMatch(
        words,
        /Something unexpected|\/tmp|undefined|\[object|ENOENT|Error:/,
        words,
      );
    assert.deepEqual(complaints, []);
    await page.close();
  });

  test('the user chooses one of several Optuna studies in a file', async () => {
    const { page, complaints } = await app.visit(context, '#/studies');
    await page.locator('main h1').first().waitFor();
    const buffer = fixture('optuna/several.db');
    const input = page.locator('main input[type=file]:not([webkitdirectory])').first();
    await input.setInputFiles({ name: 'optuna.db', mimeType: '', buffer });
    const dialog = page.getByRole('dialog', { name: 'Choose a study' });
    await dialog.getByLabel('optuna.db contains 2 Optuna studies').selectOption('accuracies');
    await dialog.getByRole('button', { name: 'Import' }).click();
    await page.getByRole('heading', { name: 'accuracies' }).waitFor();
    assert.equal(await dialog.count(), 0);
    await removeStudy(page);
    assert.deepEqual(complaints, []);
    await page.close();
  });

  test('a dropped file is treated the same', async () => {
    const { page } = await app.visit(context, '#/graphs');
    await page.getByRole('heading', { name: 'Graphs' }).waitFor();
    await page.evaluate(`{
      const data = new DataTransfer();
      data.items.add(new File(['{"version": 1}'], 'dropped.json'));
      const place = document.querySelector('main [role=group]');
      for (const type of ['dragover', 'drop'])
        place.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
    }`);
    assert.match(await alertOf(page), /format/);
    await page.close();
  });

  test('a file dropped elsewhere does not leave the app', async () => {
    const { page } = await app.visit(context, '#/settings');
    await page.getByRole('heading', { name: 'Settings' }).waitFor();
    const stopped = await page.evaluate<boolean[]>(`(() => {
      const dropped = (fill) => {
        const data = new DataTransfer();
        fill(data);
        return ['dragover', 'drop'].map((type) => {
          const event = new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true });
          document.querySelector('nav').dispatchEvent(event);
          return event.defaultPrevented;
        });
      };
      return [
        ...dropped((data) => data.items.add(new File(['{}'], 'dropped.json'))),
        ...dropped((data) => data.setData('text/plain', 'words')),
      ];
    })()`);
    assert.deepEqual(stopped, [true, true, false, false]);
    assert.match(await alertOf(page), /This page takes no files.*Drop a study on Studies/s);
    await page.close();
  });

  test('a name is never markup in any view', async () => {
    const { page, complaints } = await app.visit(context, '#/studies/1');
    await page.getByRole('heading', { name: markup }).waitFor();
    await page.getByRole('button', { name: 'More for this study' }).click();
    await page.getByRole('button', { name: 'Name, notes' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Notes').fill(markup);
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await page.evaluate(`location.hash = '#/graph/' + encodeURIComponent('resnet8=T')`);
    await page.getByLabel('Name of the graph').fill(markup);
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    for (const view of [
      'studies',
      'studies/1',
      'studies/1/trial/0',
      'graphs',
      'compare?runs=1.0,1.1',
    ]) {
      await page.evaluate(`location.hash = ${JSON.stringify(`#/${view}`)}`);
      await page.locator('main h1').first().waitFor();
      await page.getByText('<b>bold</b>').filter({ visible: true }).first().waitFor();
      assert.equal(await page.locator('b:text-is("bold"), img[src="x"]').count(), 0, view);
    }
    await page.evaluate(
      `location.hash = '#/graph/' + encodeURIComponent(${JSON.stringify(`${markup}=T`)})`,
    );
    await page.getByRole('alert').getByText('<img').first().waitFor();
    await page.evaluate(`location.hash = '#/studies/1'`);
    await removeStudy(page);
    await page.getByRole('heading', { name: 'Who should teach whom?' }).waitFor();
    await page.evaluate(`location.hash = '#/log'`);
    await page.getByText('<b>bold</b>').first().waitFor();
    assert.equal(await page.locator('b:text-is("bold"), img[src="x"]').count(), 0);
    assert.equal(await page.title(), 'Log - KTG lab');
    assert.deepEqual(complaints, []);
    await page.close();
  });
});

test(
  'a lab file of a newer version is refused and unchanged',
  { skip: withoutBrowser },
  async () => {
    const app = await ServedApp.open();
    try {
      await app.stop();
      const database = openSqlite(app.labFile);
      database.execute('PRAGMA user_version = 99');
      database.close();
      const before = readFileSync(app.labFile);
      const { code, err } = await ktg(app.labFile, 'serve');
      assert.equal(code, 1);
      assert.match(err, /schema 99, this program knows schemas up to \d+/);
      assert.match(err, /Install the newer version .* the file was not changed/);
      assert.deepEqual(readFileSync(app.labFile), before);
    } finally {
      await app.close();
    }
  },
);

/** What the page says is wrong; the message is then closed. */
async function alertOf(page: Page): Promise<string> {
  const alert = page.locator('.toasts [role=alert]:visible').first();
  const words = await alert.innerText();
  // This message alone: another one would be what the next file is told of.
  const shown = await alert.elementHandle();
  await alert.getByRole('button', { name: 'Close the message' }).click();
  await shown.waitForElementState('hidden');
  return words;
}
