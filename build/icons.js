// node build/icons.js: draws the app's icons from renderer/public/icon.svg with an installed
// Chromium. Run it after a change of the drawing; the icons are in the repository, so packing needs
// no browser.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { checkout } from './runtime.js';

/** Sizes in pixels for Linux desktops, Windows and macOS. */
const sizes = [16, 32, 48, 64, 128, 256, 512, 1024];

const drawing = readFileSync(join(checkout, 'renderer/public/icon.svg'), 'utf8');
const browser = await chromium.launch({
  executablePath: process.env.KTG_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
try {
  const page = await browser.newPage();
  for (const size of sizes) {
    await page.setViewportSize({ width: size, height: size });
    const style = `<style>body{margin:0}svg{display:block;width:${size}px;height:${size}px}</style>`;
    await page.setContent(style + drawing);
    const image = await page.screenshot({ omitBackground: true });
    writeFileSync(join(checkout, 'build/icons', `${size}x${size}.png`), image);
  }
} finally {
  await browser.close();
}
