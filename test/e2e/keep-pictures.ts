import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { helpIfAsked } from '../../build/help.js';
import { pictures, picturesFolder } from '../renderer/pictures.ts';
import { startBrowser, withoutBrowser } from './app.ts';
import { rasterise } from './rasterise.ts';
import { fontsHere, screensFolder, takeScreens } from './screens.ts';

helpIfAsked(`npm run pictures

Draws the kept pictures and screenshots anew, after an intended change. Look at them before you
commit them.`);
if (withoutBrowser) throw new Error(withoutBrowser);
const browser = await startBrowser();
try {
  const page = await browser.newPage();
  rmSync(picturesFolder, { recursive: true, force: true });
  mkdirSync(picturesFolder, { recursive: true });
  for (const [name, svg] of pictures()) {
    writeFileSync(join(picturesFolder, `${name}.svg`), `${svg}\n`);
    writeFileSync(join(picturesFolder, `${name}.png`), await rasterise(page, svg));
  }
  console.log(
    `${pictures().size} pictures are in ${picturesFolder}: look at them before you commit them.`,
  );
} finally {
  await browser.close();
}

rmSync(screensFolder, { recursive: true, force: true });
mkdirSync(screensFolder, { recursive: true });
const screens = await takeScreens();
for (const [name, png] of screens) writeFileSync(join(screensFolder, `${name}.png`), png);
writeFileSync(join(screensFolder, 'fonts.txt'), await fontsHere());
console.log(`${screens.size} screenshots are in ${screensFolder}: look at them, too.`);
