/** A trained network leaves by a click, and PyTorch and onnxruntime read it. */
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Download, Page } from 'playwright-core';
import { openEngine } from '../../core/engine/open.ts';
import { architecture } from '../../core/models/architecture.ts';
import { readTorchNetwork } from '../../core/train/torch/read-network.ts';
import {
  assertClose,
  imagesInRange,
  logitsOf,
  npyIn,
  npyOf,
  runExample,
  withoutPackage,
} from '../examples/leaving.ts';
import { ServedApp, withoutBrowser } from './app.ts';
import { addStudies, tinyPlan } from './tiny-study.ts';

const CLASSES = 10;
const patient = { timeout: 90_000 };

describe('a network exported from its trial', { skip: withoutBrowser }, () => {
  let app: ServedApp;
  let page: Page;
  let complaints: string[];
  const downloads: Download[] = [];
  const at = (name: string): string => join(app.folder, name);
  const files = new Map<string, string>();
  let expected: Float32Array;
  before(async () => {
    const plan = tinyPlan({ nodes: 2, trials: 1, epochs: 1, images: 100 });
    app = await ServedApp.open((file) => {
      addStudies(file, [{ name: 'Tiny', plan }]);
    });
    ({ page, complaints } = await app.visit(await app.context(), '#/studies/1'));
    page.on('download', (download) => downloads.push(download));
    await page.getByRole('button', { name: 'Start' }).click();
    await page.getByRole('strong').filter({ hasText: '1 / 1' }).waitFor(patient);
    await page.evaluate(`location.hash = '#/studies/1/trial/0'`);
    await page.getByRole('heading', { name: /^Trial 0/ }).waitFor();
  });
  after(async () => {
    assert.deepEqual(complaints, []);
    await app.close();
  });

  /** Exports node 2 and saves what the page downloads. */
  async function exported(form: 'PyTorch' | 'ONNX', ends: readonly string[]): Promise<void> {
    await page.getByRole('button', { name: 'Weights' }).click();
    await page.getByRole('button', { name: 'Export for PyTorch or ONNX…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Export a network' });
    await dialog.getByRole('combobox', { name: /^Network/ }).selectOption({ index: 1 });
    await dialog.getByRole('radio', { name: form }).check();
    const command = `ktg export 1 --as ${form.toLowerCase()} --trial 0 --node 2`;
    await dialog.getByText(command, { exact: true }).waitFor();
    downloads.length = 0;
    await dialog.getByRole('button', { name: 'Export', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    for (let tries = 0; downloads.length < ends.length && tries < 100; tries++)
      await page.waitForTimeout(100);
    const names = downloads.map((download) => download.suggestedFilename());
    const name = 'Study-Tiny-trial-0-epoch-1-node-2';
    assert.deepEqual(
      names,
      ends.map((end) => `${name}${end}`),
    );
    for (const [i, end] of ends.entries()) {
      await downloads[i]!.saveAs(at(names[i]!));
      files.set(end, at(names[i]!));
    }
  }

  test('leaves as a module with its weights, and as ONNX', async () => {
    await exported('PyTorch', ['.py', '-pytorch.safetensors']);
    await exported('ONNX', ['.onnx']);
    const module = readFileSync(files.get('.py')!, 'utf8');
    assert.match(module, /^"""ResNet8 for 10 classes and images of 32 x 32 pixels/);
    assert.match(module, /CLASS_NAMES = \["striped /);
    const model = architecture('resnet8');
    const weights = files.get('-pytorch.safetensors')!;
    const state = await readTorchNetwork(weights, model, CLASSES, { source: weights });
    const images = imagesInRange(3, 32);
    writeFileSync(at('images.npy'), npyOf(images, 32));
    const engine = await openEngine({ engine: 'auto' });
    expected = await logitsOf(engine, model, CLASSES, state, images);
    engine.dispose();
  });

  test('gives our logits in PyTorch', { skip: withoutPackage('torch') }, () => {
    const [module, weights] = [files.get('.py')!, files.get('-pytorch.safetensors')!];
    runExample('pytorch_network', [[module, weights, at('images.npy'), at('torch.npy')]]);
    assertClose(npyIn(at('torch.npy')), expected, 'PyTorch');
  });

  test('gives our logits in onnxruntime', { skip: withoutPackage('onnxruntime') }, () => {
    runExample('onnx_network', [[files.get('.onnx')!, at('images.npy'), at('onnx.npy')]]);
    assertClose(npyIn(at('onnx.npy')), expected, 'onnxruntime');
  });
});
