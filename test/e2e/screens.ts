/**
 * Screenshots of views from fixed data, without their words. Kept in test/e2e/screens; see
 * keep-pictures.ts.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import type { Lab } from '../../core/lab/lab.ts';
import { openLabFile } from '../../core/store/file/lab-file.ts';
import { scriptedLab } from '../lab/support.ts';
import { LabHere } from './lab-here.ts';
import { addPlayedStudy } from './played-study.ts';

export const screensFolder = join(import.meta.dirname, 'screens');

/** Words take their place and are not seen: dates, seeds and paths differ. */
const WORDLESS = `
  *, *::placeholder { caret-color: transparent !important; color: transparent !important; -webkit-text-fill-color: transparent !important; }
  svg text { fill: transparent !important; }
`;

interface Screen {
  name: string;
  place: string;
  /** In a lab with studies; else in an empty one. */
  filled?: true;
  dark?: true;
  /** Its end, where it is longer than the window. */
  end?: true;
  /** What is done before; only the dialog is then looked at. */
  dialog?: (page: Page) => Promise<void>;
}

const screens: readonly Screen[] = [
  { name: 'first-minute', place: 'studies' },
  { name: 'first-minute-dark', place: 'studies', dark: true },
  { name: 'new-study', place: 'studies/new' },
  { name: 'reruns-empty', place: 'reruns' },
  { name: 'data', place: 'data' },
  { name: 'settings', place: 'settings' },
  { name: 'studies', place: 'studies', filled: true },
  { name: 'studies-dark', place: 'studies', filled: true, dark: true },
  { name: 'study', place: 'studies/1', filled: true },
  { name: 'study-dark', place: 'studies/1', filled: true, dark: true },
  { name: 'study-end', place: 'studies/1', filled: true, end: true },
  { name: 'trial', place: 'studies/1/trial/0', filled: true },
  { name: 'compare', place: 'compare?runs=1.0,1.1,1.2', filled: true },
  {
    name: 'editor',
    place: 'graph/resnet32%3DTLC%2Cresnet110%3DXXX%2Cwrn-28-2%3DTTX?locks=2-1',
    filled: true,
  },
  { name: 'rerun', place: 'reruns/1', filled: true },
  { name: 'log', place: 'log', filled: true },
  {
    name: 'rerun-dialog',
    place: 'studies/1',
    filled: true,
    dialog: async (page) => {
      await page.getByRole('button', { name: 'Re-run', exact: false }).first().click();
    },
  },
  {
    name: 'keys',
    place: 'log',
    dialog: async (page) => {
      await page.keyboard.press('?');
    },
  },
];

/** Name and PNG of each. */
export async function takeScreens(): Promise<Map<string, Buffer>> {
  const taken = new Map<string, Buffer>();
  const folder = mkdtempSync(join(tmpdir(), 'ktg-screens-'));
  process.env.KTG_DATA = join(folder, 'data'); // nothing of this machine
  try {
    for (const filled of [false, true]) {
      const here = await LabHere.open(
        filled ? await filledLab(join(folder, 'lab.sqlite')) : scriptedLab(),
      );
      try {
        const { page } = await here.visit('#/graphs', {
          bypassCSP: true, // for the test's own style
          reducedMotion: 'reduce',
        });
        await page.addStyleTag({ content: WORDLESS });
        for (const screen of screens.filter((each) => (each.filled ?? false) === filled))
          taken.set(screen.name, await take(page, screen));
      } finally {
        await here.close();
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return taken;
}

/**
 * Two studies, a re-run beside two baselines whose accuracies follow from the numbers of their
 * runs, and one that fills the log.
 */
async function filledLab(file: string): Promise<Lab> {
  addPlayedStudy(file, { trials: 30, epochs: 8 });
  addPlayedStudy(file, { name: 'Failed', trials: 5, epochs: 4, ends: 'failed' });
  const accuracy = ({ run }: { run: number }, epoch: number): number =>
    (1 - 0.5 ** epoch) * (0.7 + 0.01 * (run % 4) - 0.05 * Math.floor(run / 5 - 7));
  const mishap = ({ title }: { title: string }) =>
    title.includes('Broken') ? ('nan' as const) : undefined;
  const lab = scriptedLab({ accuracy, mishap }, openLabFile(file));
  await lab.request('reruns.create', {
    name: 'Best',
    from: { run: 1 },
    seeds: 5,
    baselines: ['independent', 'dml'],
    start: true,
  });
  await lab.request('reruns.create', {
    name: 'Broken',
    from: { run: 2 },
    seeds: 12,
    baselines: [],
    start: true,
  });
  while ((await lab.request('reruns.list', {})).some(({ rerun: { state } }) => state === 'running'))
    await new Promise((resolve) => setTimeout(resolve, 20));
  return lab;
}

async function take(page: Page, { place, dark, end, dialog }: Screen): Promise<Buffer> {
  await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light' });
  await page.evaluate(`new Promise((resolve) => {
    if (location.hash === '#/${place}') return resolve();
    addEventListener('hashchange', () => requestAnimationFrame(resolve), { once: true });
    location.hash = '#/${place}';
  })`);
  await page.locator('main h1').first().waitFor();
  await page.evaluate(`document.querySelector('main').scrollTop = ${end ? 1e6 : 0}`);
  if (!dialog) return still(page);
  await dialog(page);
  await page.getByRole('dialog').waitFor();
  const png = await still(page.getByRole('dialog'));
  await page.keyboard.press('Escape');
  return png;
}

/**
 * A picture, once two in a row are the same: what is asked for at once has come, and the charts
 * have been painted.
 */
async function still(place: Page | Locator): Promise<Buffer> {
  const shoot = async (): Promise<Buffer> => place.screenshot({ animations: 'disabled' });
  let before = await shoot();
  for (let tries = 0; tries < 20; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    const now = await shoot();
    if (now.equals(before)) break;
    before = now;
  }
  return before;
}

/**
 * Widths of a few words in the app's font: where they differ, lines break elsewhere and nothing can
 * be compared.
 */
export async function fontsHere(): Promise<string> {
  const here = await LabHere.open(scriptedLab());
  try {
    const { page } = await here.visit('#/studies');
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
    await here.close();
  }
}
