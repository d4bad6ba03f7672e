import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BrowserContext } from 'playwright-core';
import { ServedApp, withoutBrowser } from './app.ts';
import { quickLook } from './quick-look.ts';
import { saved } from './saved.ts';
import { addStudies, tinyPlan } from './tiny-study.ts';

const patient = { timeout: 90_000 };

const pictures = fileURLToPath(new URL('../fixtures/data/cifar-100-part.tar.gz', import.meta.url));

describe(
  'from the first minute to the best graph over five seeds',
  { skip: withoutBrowser },
  () => {
    let app: ServedApp;
    let context: BrowserContext;
    before(async () => {
      app = await ServedApp.open(undefined, (folder) => ({ KTG_DATA: join(folder, 'data') }));
      context = await app.context();
    });
    after(() => app.close());

    test('a quick look, then data and a study; its best graph, and its re-run', async () => {
      const { page, complaints } = await app.visit(context);
      await quickLook(page);
      await page.getByRole('link', { name: 'Data' }).click();
      const card = page.locator('section', {
        has: page.getByRole('heading', { name: /^CIFAR-100/ }),
      });
      await card.locator('input[type=file]').setInputFiles(pictures);
      await page.getByRole('heading', { name: 'CIFAR-100 from cifar-100-part.tar.gz' }).waitFor();

      await page.keyboard.press('n');
      await page.getByLabel('Name', { exact: true }).fill('Tiny');
      await page
        .getByRole('combobox', { name: /^Data/ })
        .selectOption({ label: 'CIFAR-100 from cifar-100-part.tar.gz' });
      for (const [label, value] of [
        [/^Trials/, 3],
        [/^Epochs/, 2],
        [/^Seed/, 5],
      ] as const) {
        await page.getByRole('spinbutton', { name: label }).fill(`${value}`);
        await page.keyboard.press('Tab');
      }
      await page.getByRole('button', { name: 'Start', exact: true }).click();
      await page.waitForURL(/#\/studies\/2$/);
      const other = await app.visit(context, '#/studies');
      await page.getByText('3 / 3').waitFor(patient);
      await other.page.getByText(/3 \/ 3 trials/).waitFor();
      await page.bringToFront(); // a page behind another draws one frame a second
      assert.match(await page.locator('main').innerText(), /Best: trial \d/);

      await page.getByRole('link', { name: /%$/ }).first().click();
      await page.getByRole('heading', { name: /^Trial \d: / }).waitFor();
      await page.getByRole('row', { name: /^1 .*% \d of \d top \d continued/ }).waitFor();
      await page
        .getByRole('button', { name: /^Re-run/ })
        .first()
        .click();
      const dialog = page.getByRole('dialog');
      for (const box of await dialog.getByRole('checkbox').all()) await box.uncheck();
      await dialog.getByRole('button', { name: 'Start' }).click();
      await page.waitForURL(/#\/reruns\/1$/);
      await page
        .getByText(/5 of 5|5 \/ 5/)
        .first()
        .waitFor(patient);
      await page
        .getByText(/\d+\.\d\d ± \d/)
        .first()
        .waitFor();
      assert.deepEqual([complaints, other.complaints], [[], []]);
      await other.page.close();
    });

    test('weights are exported as safetensors, and the study with them as one file, which is imported again', async () => {
      const { page, complaints } = await app.visit(context, '#/studies/2');
      await page.getByRole('heading', { name: 'Tiny' }).waitFor();
      await page.getByRole('button', { name: 'More for this study' }).click();
      const file = await saved(page, () =>
        page.getByRole('button', { name: 'Export with weights' }).click(),
      );
      await page.getByRole('link', { name: /%$/ }).first().click();
      await page.getByRole('heading', { name: /^Trial/ }).waitFor();
      const weights = async (): Promise<Buffer> => {
        await page.getByRole('button', { name: 'Weights' }).click();
        return saved(page, () => page.getByRole('button', { name: 'Node 1', exact: true }).click());
      };
      const safetensors = await weights();
      const { __metadata__: about, ...tensors } = JSON.parse(
        safetensors.toString('utf8', 8, 8 + Number(safetensors.readBigUInt64LE(0))),
      ) as { __metadata__: { made: string } } & Record<string, { dtype: string }>;
      assert.ok(Object.keys(tensors).length > 20);
      for (const { dtype } of Object.values(tensors)) assert.equal(dtype, 'F32');
      const made = JSON.parse(about.made) as { training: object; environment: object };
      for (const fact of ['protocol', 'data']) assert.ok(fact in made.training, fact);
      for (const fact of ['app', 'revision', 'engine', 'device'])
        assert.ok(fact in made.environment, fact);
      assert.ok('seed' in made);

      await page.evaluate(`location.hash = '#/studies'`);
      await page.getByRole('button', { name: 'Import…' }).waitFor();
      await page
        .locator('main input[type=file]')
        .setInputFiles({ name: 'Tiny.ktg-study', mimeType: '', buffer: file });
      await page.waitForURL(/#\/studies\/3$/);
      await page.getByRole('link', { name: /%$/ }).first().click();
      await page.getByRole('heading', { name: /^Trial/ }).waitFor();
      assert.deepEqual(await weights(), safetensors);

      await page.evaluate(`location.hash = '#/data'`);
      await page.getByRole('button', { name: 'Train or import one' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Architecture').selectOption({ label: 'ResNet8' });
      await dialog
        .locator('input[type=file]')
        .setInputFiles({ name: 'best.safetensors', mimeType: '', buffer: safetensors });
      await page.getByText('imported from best.safetensors').waitFor();
      assert.deepEqual(complaints, []);
      await page.close();
    });

    test('imported weights teach in a frozen node of a new graph', async () => {
      const { page, complaints } = await app.visit(context, '#/graph/resnet8%3DTT%2Cresnet8%3DXX');
      await page.locator('[data-part="2"]').focus();
      await page.keyboard.press('Enter');
      await page.getByLabel('Pretrained weights').selectOption({ index: 1 });
      await page
        .getByText(/resnet8=XX:pretrained/)
        .first()
        .waitFor();
      await page.getByRole('button', { name: 'Re-run ×5' }).click();
      const dialog = page.getByRole('dialog');
      for (const box of await dialog.getByRole('checkbox').all()) await box.uncheck();
      await dialog.getByLabel('Seeds').fill('1');
      await dialog
        .getByRole('combobox', { name: /^Data/ })
        .selectOption({ label: 'CIFAR-100 from cifar-100-part.tar.gz' });
      await dialog.getByLabel('Epochs').fill('1');
      await dialog.getByRole('button', { name: 'Start' }).click();
      await page.getByText('1 / 1 runs').waitFor(patient);
      await page.getByText(/^[✓] \d/).waitFor();
      assert.deepEqual(complaints, []);
      await page.close();
    });

    test('a new study explains its settings and, in the details, its computation', async () => {
      const { page, complaints } = await app.visit(context, '#/studies/new');
      await page.getByText('Search space').waitFor();
      await page.getByText('Details', { exact: true }).click();
      const precision = page.getByLabel('Precision of convolutions');
      await precision.selectOption('float32');
      await page.getByLabel('Deterministic').check();
      await page.getByLabel('Name', { exact: true }).fill('Exact');
      await page.getByRole('button', { name: 'Create only' }).click();
      await page.getByRole('heading', { name: 'Exact' }).waitFor();
      await page.getByRole('button', { name: 'More for this study' }).click();
      const file = await saved(page, () =>
        page.getByRole('button', { name: 'Export without weights' }).click(),
      );
      assert.match(
        file.toString('latin1'),
        /"computation":\{(?=[^}]*"precision":"float32")(?=[^}]*"deterministic":true)/,
      );
      assert.deepEqual(complaints, []);
      await page.close();
    });

    test('every trial has an address', async () => {
      const { page, complaints } = await app.visit(context, '#/studies/1/trial/0');
      await page.getByRole('heading', { name: /Trial 0/ }).waitFor();
      assert.deepEqual(complaints, []);
    });

    test('after a restart of the server the page continues when the browser has access', async () => {
      const { page } = await app.visit(context, '#/studies');
      await page.getByRole('link', { name: 'Open Tiny' }).first().waitFor();
      const port = Number(new URL(app.url).port);
      await app.stop();
      await page.getByText('The connection to the lab is lost').waitFor();
      await app.start(port);
      const stranger = page.getByText('this browser needs a new link');
      await stranger.waitFor();
      await (await context.newPage()).goto(app.url);
      await stranger.waitFor({ state: 'detached' });
      await page.getByRole('link', { name: 'Open Tiny' }).first().waitFor();
    });
  },
);

test(
  'after a crash the next start lists the interrupted runs and continues them',
  { skip: withoutBrowser },
  async () => {
    const app = await ServedApp.open((file) => {
      addStudies(file, [
        { name: 'Cut', plan: tinyPlan({ nodes: 2, trials: 2, epochs: 3, images: 300 }) },
      ]);
    });
    try {
      const context = await app.context();
      const { page } = await app.visit(context, '#/studies/1');
      await page.getByRole('button', { name: 'Start' }).click();
      await page
        .getByText(/epoch [12] \/ 3/)
        .first()
        .waitFor(patient);
      await app.stop('SIGKILL');
      await page.getByText('The connection to the lab is lost').waitFor();
      await app.start();
      await page.goto(app.url);
      const note = page.getByText(/ended unexpectedly while \d runs? .*Study "Cut", trial \d/);
      await note.waitFor();
      await page.getByText('They resume from their last checkpoints.').waitFor();
      await page.getByRole('button', { name: 'Dismiss' }).click();
      await note.waitFor({ state: 'detached' });
      await page.getByText('2 / 2 trials').waitFor(patient);
    } finally {
      await app.close();
    }
  },
);
