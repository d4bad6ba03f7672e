/**
 * Data as a stranger meets them: a download that stutters, a wrong file, a folder, an engine that
 * cannot be fetched.
 */
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { halves, put } from '../data/photographs.ts';
import { ServedApp, withoutBrowser } from './app.ts';

/** A few real images; the official name belongs to the whole. */
const part = readFileSync(
  fileURLToPath(new URL('../fixtures/data/cifar-100-part.tar.gz', import.meta.url)),
);

/** Sends an archive that is none: drop by drop, or whole. */
class Mirror {
  readonly #server: Server;
  manner: 'drops' | 'whole' = 'drops';

  constructor() {
    this.#server = createServer((_request, response) => {
      response.writeHead(200, { 'content-length': 2_000_000 });
      let rest = 2_000_000;
      const drops = setInterval(() => {
        const drop = this.manner === 'whole' ? rest : Math.min(50_000, rest / 2);
        rest -= drop;
        response.write(Buffer.alloc(drop));
        if (rest > 0) return;
        clearInterval(drops);
        response.end();
      }, 120);
      response.on('close', () => {
        clearInterval(drops);
      });
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

describe('data and engine', { skip: withoutBrowser }, () => {
  const mirror = new Mirror();
  let app: ServedApp;
  let page: Page;
  let complaints: string[];
  before(async () => {
    const address = await mirror.listen();
    app = await ServedApp.open(undefined, (folder) => ({
      KTG_HOME: folder,
      KTG_DATA: join(folder, 'data'),
      KTG_DATA_MIRROR: address,
      KTG_TENSORFLOW_WHEEL: join(folder, 'missing.whl'),
    }));
    ({ page, complaints } = await app.visit(await app.context()));
  });
  after(async () => {
    mirror.close();
    await app.close();
  });
  const card = (title: string) =>
    page
      .locator('section')
      .filter({ has: page.getByRole('heading', { name: title, exact: true }) });

  test('the first page names the engine and offers the faster one, with its failure', async () => {
    await page
      .getByRole('region', { name: 'Training engine' })
      .getByText('Trains on the portable engine')
      .waitFor();
    await page.getByText(/TensorFlow makes training much faster/).waitFor(); // once
    await page.getByRole('button', { name: 'Install it' }).click();
    const first = page.getByRole('main');
    await first.getByText(/There is no file .*missing\.whl.*KTG_TENSORFLOW_WHEEL/).waitFor();
    assert.doesNotMatch(await first.innerText(), /--wheel|ktg /);
  });

  test('a download shows progress, can be stopped, and is checked', async () => {
    const cifar = card('CIFAR-100');
    await cifar.getByRole('button', { name: 'Download' }).click();
    await cifar.getByText(/[KM]iB of 1\.9 MiB/).waitFor();
    await cifar.getByRole('button', { name: 'Stop' }).click();
    mirror.manner = 'whole';
    await cifar.getByRole('button', { name: 'Download' }).click();
    await cifar.getByText(/MD5 \w+, expected \w+/).waitFor();
    await cifar.getByText(/choose it here, or put it into/).waitFor();
    assert.doesNotMatch(await cifar.innerText(), /--data/);
  });

  test('an unreachable server is reported with a next step', async () => {
    mirror.close();
    const cifar = card('CIFAR-100');
    await cifar.getByRole('button', { name: 'Download' }).click();
    await cifar.getByText(/cannot be reached.*choose it here/).waitFor();
  });

  test('a part of an archive is recognised by its content and can be removed from the list', async () => {
    await page.evaluate(`location.hash = '#/data'`);
    await card('CIFAR-100')
      .locator('input[type=file]')
      .setInputFiles({ name: 'cifar-100-binary.tar.gz', mimeType: '', buffer: part });
    const added = card('CIFAR-100 from part-cifar-100-binary.tar.gz');
    await added.getByText('ready').waitFor();
    await added.getByRole('button', { name: 'Show some images' }).click();
    await added.getByRole('img').first().waitFor();
    await card('CIFAR-100').getByRole('button', { name: 'Download' }).waitFor();
    await added.getByRole('button', { name: /^More for/ }).click();
    await added.getByRole('button', { name: 'Remove from this list' }).click();
    await added.waitFor({ state: 'detached' });
    assert.ok(
      existsSync(join(app.folder, 'data', 'part-cifar-100-binary.tar.gz')),
      'only forgotten',
    );
  });

  test('a folder of images shows classes, counts, samples and problems, and leaves with its copy', async () => {
    const photos = join(app.folder, 'Photos 🐾 «odd»');
    const [first, long] = ['קטנים', 'x'.repeat(150)];
    for (const [group, colour] of [
      [first, [200, 30, 30]],
      [long, [30, 30, 200]],
    ] as const)
      for (let i = 0; i < 10; i++)
        put(photos, `train/${group}/${i}.jpg`, await halves(40 + i, 36, [[...colour], [9, 9, 9]]));
    put(photos, `train/${first}/"broken" -- é.jpg`, 'no image');
    await page.evaluate(`location.hash = '#/data'`);
    await page.getByLabel('Folder of images', { exact: true }).setInputFiles(photos);
    const added = card('Photos 🐾 «odd», 64 px');
    await added.getByText('16 training and 4 test images').waitFor();
    assert.ok(await added.getByText('"broken" -- é.jpg').isVisible(), 'problems by file name');
    const counts = await added.getByRole('listitem').allInnerTexts();
    for (const group of [first, long])
      assert.ok(
        counts.some((text) => text.startsWith(group) && text.endsWith('10')),
        group,
      );
    await added.getByRole('img', { name: first }).first().waitFor();
    await added.getByRole('button', { name: /^More for/ }).click();
    await added.getByRole('button', { name: 'Remove, and delete its copy…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Delete the copy too?' });
    await dialog.getByRole('button', { name: 'Remove' }).click();
    await added.waitFor({ state: 'detached' });
    assert.ok(existsSync(photos), 'the original stays');
    assert.ok(!existsSync(join(app.folder, 'data', 'Photos 🐾 «odd»')));
    assert.deepEqual(readdirSync(join(app.folder, 'data', 'decoded')), []);
  });

  test('several dropped files are refused with a message', async () => {
    await page.evaluate(`{
      const data = new DataTransfer();
      for (const name of ['a.tar', 'b.tar']) data.items.add(new File([name], name));
      document.querySelector('main [role=group]').dispatchEvent(
        new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
    }`);
    await page.getByText('2 files were dropped.').waitFor();
    await page.evaluate(`location.hash = '#/settings'`);
    await page.getByText('2 files were dropped.').waitFor({ state: 'detached' });
  });

  test('an upload is shown and can be stopped', async () => {
    await page.evaluate(`location.hash = '#/studies'`);
    await page.getByRole('heading', { name: 'Who should teach whom?' }).waitFor();
    await page
      .locator('main input[type=file]')
      .first()
      .setInputFiles({ name: 'holiday.mov', mimeType: '', buffer: Buffer.alloc(24 << 20) });
    await page.getByText('Sending holiday.mov').waitFor();
    await page.locator('.toasts').getByRole('button', { name: 'Stop' }).click();
    await page.getByText('Sending holiday.mov').waitFor({ state: 'detached' });
    assert.equal(await page.locator('.toasts [role=alert]').count(), 0);
    assert.deepEqual(complaints, []);
  });
});
