/** Screenshots of views from fixed data, without their words. Kept in test/e2e/screens; see keep-pictures.ts. */
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { ServedApp } from './app.ts';
import { addPlayedStudy } from './played-study.ts';

export const screensFolder = join(import.meta.dirname, 'screens');

/** Words take their place and are not seen: dates, seeds and devices differ. */
const WORDLESS = `
  *, *::placeholder { caret-color: transparent !important; color: transparent !important; -webkit-text-fill-color: transparent !important; }
  svg text { fill: transparent !important; }
`;

interface Screen {
  name: string;
  address: string;
  /** In a lab with studies; else in an empty one. */
  studies?: true;
  dark?: true;
  /** What is done before; only the dialog is then looked at. */
  dialog?: (page: Page) => Promise<void>;
}

const screens: readonly Screen[] = [
  { name: 'first-minute', address: '#/studies' },
  { name: 'first-minute-dark', address: '#/studies', dark: true },
  { name: 'new-study', address: '#/studies/new' },
  { name: 'reruns-empty', address: '#/reruns' },
  { name: 'data', address: '#/data' },
  { name: 'studies', address: '#/studies', studies: true },
  { name: 'studies-dark', address: '#/studies', studies: true, dark: true },
  {
    name: 'rerun-dialog',
    address: '#/studies/1',
    studies: true,
    dialog: async (page) => {
      await page.getByRole('button', { name: 'Re-run', exact: false }).first().click();
    },
  },
  {
    name: 'keys',
    address: '#/log',
    dialog: async (page) => {
      await page.keyboard.press('?');
    },
  },
];

/** Name and PNG of each. */
export async function takeScreens(): Promise<Map<string, Buffer>> {
  const taken = new Map<string, Buffer>();
  for (const filled of [false, true]) {
    const app = await ServedApp.open(
      (file) => {
        if (!filled) return;
        addPlayedStudy(file, { trials: 30, epochs: 8 });
        addPlayedStudy(file, { name: 'Failed', trials: 5, epochs: 4, ends: 'failed' });
      },
      (folder) => ({ KTG_HOME: folder, KTG_DATA: join(folder, 'data') }), // nothing of this machine
    );
    try {
      await app.visit(await app.context()); // redeems the address
      for (const screen of screens.filter(({ studies = false }) => studies === filled))
        taken.set(screen.name, await take(app, screen));
    } finally {
      await app.close();
    }
  }
  return taken;
}

async function take(app: ServedApp, { address, dark, dialog }: Screen): Promise<Buffer> {
  const context = await app.twin({
    bypassCSP: true, // for the test's own style
    colorScheme: dark ? 'dark' : 'light',
    reducedMotion: 'reduce',
  });
  const { page } = await app.visit(context, address);
  await page.locator('main h1').first().waitFor();
  await page.addStyleTag({ content: WORDLESS });
  await dialog?.(page);
  const place = dialog ? page.getByRole('dialog') : page;
  if (dialog) await page.getByRole('dialog').waitFor();
  await page.waitForTimeout(700); // what is asked for at once has come
  const png = await place.screenshot({ animations: 'disabled' });
  await context.close();
  return png;
}

/** Widths of a few words in the app's font: where they differ, lines break elsewhere and nothing can be compared. */
export async function fontsHere(): Promise<string> {
  const app = await ServedApp.open();
  try {
    const { page } = await app.visit(await app.context());
    await page.locator('main h1').first().waitFor();
    return await page.evaluate<string>(`(() => {
      const pen = document.createElement('canvas').getContext('2d');
      const { fontFamily } = getComputedStyle(document.body);
      return ['13.5px', '650 21px'].map((size) => {
        pen.font = size + ' ' + fontFamily;
        return pen.measureText('Who should teach whom? 0123456789').width.toFixed(1);
      }).join(' ');
    })()`);
  } finally {
    await app.close();
  }
}
