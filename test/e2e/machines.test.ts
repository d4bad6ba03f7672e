/** The panel of other machines with none, one and many of them, in every state. */
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { withoutBrowser } from './app.ts';
import { LabHere } from './lab-here.ts';
import { labWithMachines } from './machines-shown.ts';

const axeFile = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
/** A folder that gets a picture of every look; undefined: none are taken. */
const pictures = process.env.KTG_PICTURES;

describe('other machines on the screen', { skip: withoutBrowser }, () => {
  const { lab, machines } = labWithMachines(0);
  let here: LabHere;
  let page: Page;
  let complaints: string[];
  before(async () => {
    here = await LabHere.open(lab);
    ({ page, complaints } = await here.visit('#/settings', {
      bypassCSP: true,
      reducedMotion: 'reduce',
    }));
    await page.addScriptTag({ path: axeFile });
  });
  after(() => here.close());

  const panel = () => page.locator('section', { has: page.getByText('Other machines') });

  /** What axe finds, and whether the page is wider than the window; takes a picture. */
  async function look(
    name: string,
    width: number,
    colorScheme: 'light' | 'dark',
  ): Promise<string[]> {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme });
    const { violations } = await page.evaluate<AxeResults>(
      `axe.run(document, { resultTypes: ['violations'] })`,
    );
    const isWide = await page.evaluate<boolean>(
      'document.documentElement.scrollWidth > innerWidth',
    );
    if (pictures !== undefined) {
      const path = join(pictures, `${name}-${width}-${colorScheme}.png`);
      await (['none', 'one', 'twelve'].includes(name) ? panel() : page).screenshot({ path });
    }
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`);
    return [...found, ...(isWide ? ['wider than the window'] : [])].map(
      (what) => `${name} ${width} ${colorScheme}: ${what}`,
    );
  }

  async function lookAtAll(name: string): Promise<void> {
    const found: string[] = [];
    for (const width of [800, 1280])
      for (const light of ['light', 'dark'] as const)
        found.push(...(await look(name, width, light)));
    assert.deepEqual(found, []);
    assert.deepEqual(complaints, []);
  }

  test('no machine: a sentence and a button', async () => {
    await page.getByText('None. Studies can also train on servers').waitFor();
    await lookAtAll('none');
  });

  test('one machine', async () => {
    machines.show(1);
    await page.getByRole('listitem', { name: 'Machine lena' }).waitFor();
    await lookAtAll('one');
  });

  test('twelve machines: every state has words, and problems their next steps', async () => {
    machines.show(12);
    for (const text of [
      'waits in the queue of its cluster (Priority)',
      'takes no more runs',
      'not reachable',
      'needs an update',
      'waits for its agent',
      'has no job; one starts when there is work',
      'reachable; a job ends in 23 min',
    ])
      await page.getByText(text).first().waitFor();
    await page.getByText('Look whether it runs and whether its network works.').first().waitFor();
    await lookAtAll('twelve');
  });

  test('the form for a new machine', async () => {
    await page.getByRole('button', { name: 'Add a machine' }).click();
    for (const way of ['A server, with ssh', 'A cluster, with Slurm', 'I start its agent myself']) {
      await page.getByLabel(way).check();
      await lookAtAll(`add-${way.replaceAll(/\W+/g, '-')}`);
    }
    await page.keyboard.press('Escape');
  });

  test('a new study can be bound to one kind of device', async () => {
    await page.goto(`${new URL(page.url()).origin}/#/studies/new`);
    await page.getByText('Details', { exact: true }).click();
    const place = page.getByLabel('Only on');
    const kind = 'NVIDIA H100 with TensorFlow 2.21.0';
    const titles = await place.locator('option').allInnerTexts();
    const choice = titles.find((title) => title.startsWith(kind))!;
    await place.selectOption({ label: choice });
    await page.getByText('which give slightly different numbers').waitFor({ state: 'detached' });
    await page.addScriptTag({ path: axeFile });
    await lookAtAll('new-study');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByText(`only on ${kind}`).waitFor();
  });

  test('the winner of a study is repeated on another machine', async () => {
    await page.goto(`${new URL(page.url()).origin}/#/studies/1`);
    await page.getByLabel('More for this study').click();
    await page.getByText('Repeat the best on another machine…').click();
    const dialog = page.getByRole('dialog');
    const place = dialog.getByLabel('Trained on');
    assert.match((await place.locator('option:checked').innerText()).trim(), /^lena/);
    await lookAtAll('repeat');
    const field = (await place.boundingBox())!;
    const form = await dialog.locator('form').boundingBox();
    assert.ok(field.x + field.width <= form!.x + form!.width + 1, 'the choice fits the form');
    await dialog.getByRole('button', { name: 'Start' }).click();
    await page.getByText('only on lena').waitFor();
    const [{ rerun } = { rerun: null }] = await lab.request('reruns.list', {});
    assert.deepEqual(rerun?.training.place, { machine: 'lena' });
    assert.deepEqual(complaints, []);
  });
});
