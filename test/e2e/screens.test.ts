import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { startBrowser, withoutBrowser } from './app.ts';
import { pngDifference } from './rasterise.ts';
import { fontsHere, screensFolder, takeScreens } from './screens.ts';

/** Another version of the browser may smooth edges otherwise. */
const TOLERATED = 0.003;
const kept = (name: string): Buffer => readFileSync(join(screensFolder, name));

describe('views equal the reference pictures', { skip: withoutBrowser }, () => {
  let browser: Browser;
  let page: Page;
  before(async () => {
    browser = await startBrowser();
    page = await browser.newPage();
  });
  after(() => browser.close());

  test('pixel by pixel, without text', async (t) => {
    const fonts = await fontsHere();
    if (fonts !== kept('fonts.txt').toString()) {
      t.skip(
        `NOT COMPARED: other fonts here (${fonts}); lines break elsewhere. npm run pictures keeps new ones.`,
      );
      return;
    }
    const taken = await takeScreens();
    assert.deepEqual(
      [...taken.keys()].map((name) => `${name}.png`).sort(),
      readdirSync(screensFolder)
        .filter((name) => name.endsWith('.png'))
        .sort(),
    );
    const differing: string[] = [];
    for (const [name, png] of taken) {
      const share = await pngDifference(page, png, kept(`${name}.png`));
      if (share > TOLERATED)
        differing.push(`${name}: ${(share * 100).toFixed(2)} % of the pixels differ`);
    }
    assert.deepEqual(differing, [], 'after a change that is meant: npm run pictures, look, commit');
  });

  test('a button moved by its own height is detected', async () => {
    const png = kept('new-study.png');
    const moved = await shifted(page, png, 30);
    assert.ok((await pngDifference(page, moved, png)) > TOLERATED);
  });
});

/** The picture with its right half some pixels lower. */
async function shifted(page: Page, png: Buffer, by: number): Promise<Buffer> {
  const base64 = await page.evaluate<string>(`(async () => {
    const image = new Image();
    image.src = 'data:image/png;base64,${png.toString('base64')}';
    await image.decode();
    const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
    const pen = canvas.getContext('2d');
    pen.drawImage(image, 0, 0);
    const half = canvas.width / 2;
    pen.drawImage(image, half, 0, half, canvas.height, half, ${by}, half, canvas.height);
    const bytes = new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer());
    return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  })()`);
  return Buffer.from(base64, 'base64');
}
