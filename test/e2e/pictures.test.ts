import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { pictures, picturesFolder } from '../renderer/pictures.ts';
import { startBrowser, withoutBrowser } from './app.ts';
import { difference } from './rasterise.ts';

/**
 * Edges of shapes may be smoothed otherwise by another version of the browser: at most this share
 * of the pixels.
 */
const TOLERATED = 0.002;

describe('pictures on the screen equal the reference pictures', { skip: withoutBrowser }, () => {
  let browser: Browser;
  let page: Page;
  before(async () => {
    browser = await startBrowser();
    page = await browser.newPage();
  });
  after(() => browser.close());

  test('pixel by pixel, without text', async () => {
    for (const [name, svg] of pictures()) {
      const png = readFileSync(join(picturesFolder, `${name}.png`));
      const share = await difference(page, svg, png);
      assert.ok(share <= TOLERATED, `${name}: ${(share * 100).toFixed(2)} % of the pixels differ`);
    }
  });

  test('a moved node is detected', async () => {
    const svg = pictures().get('figure-3')!;
    const moved = svg.replace(/(?<=<circle cx=")[\d.-]+(?=" cy="[\d.-]+" r="[2-9]\d)/, (x) =>
      String(Number(x) + 12),
    );
    assert.notEqual(moved, svg);
    const png = readFileSync(join(picturesFolder, 'figure-3.png'));
    assert.ok((await difference(page, moved, png)) > TOLERATED);
  });
});
