/**
 * Every view in every state that a lab can be in, and every dialog: each says something sane, and
 * axe finds nothing wrong.
 */
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { withLock } from '../../core/graph/lock.ts';
import { paperSpace, withListsBetween } from '../../core/graph/space.ts';
import { template } from '../../core/graph/templates.ts';
import { openLabFile } from '../../core/store/file/lab-file.ts';
import { scriptedLab } from '../lab/support.ts';
import { withoutBrowser } from './app.ts';
import { LabHere } from './lab-here.ts';
import { addPlayedStudy } from './played-study.ts';
import { tinyPlan } from './tiny-study.ts';

const axeFile = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const lists = [
  'studies',
  'studies/new',
  'graphs',
  'graph/',
  'compare',
  'reruns',
  'data',
  'settings',
  'log',
];

/** A page of a lab, and everything wrong that was found on it. */
class Looker {
  readonly here: LabHere;
  readonly page: Page;
  readonly #complaints: string[];
  readonly #found: string[] = [];

  private constructor(here: LabHere, page: Page, complaints: string[]) {
    this.here = here;
    this.page = page;
    this.#complaints = complaints;
  }

  static async at(here: LabHere): Promise<Looker> {
    // axe is injected by the test, which the page's policy would rightly refuse; see the story for
    // the policy at work
    const { page, complaints } = await here.visit('#/log', {
      bypassCSP: true,
      reducedMotion: 'reduce',
    });
    await page.addScriptTag({ path: axeFile });
    return new Looker(here, page, complaints);
  }

  /**
   * Goes to a place, where something is then done, and judges what is on the screen, light and
   * dark.
   */
  async look(place: string, shown?: RegExp, act?: (page: Page) => Promise<void>): Promise<void> {
    const page = this.page;
    await page.evaluate(`new Promise((resolve) => {
      if (location.hash === ${JSON.stringify(`#/${place}`)}) return resolve();
      addEventListener('hashchange', () => requestAnimationFrame(resolve), { once: true });
      location.hash = ${JSON.stringify(`#/${place}`)};
    })`);
    await page.locator('main h1').waitFor(); // and there is only one
    if (shown) await page.locator('main').getByText(shown).first().waitFor();
    await act?.(page);
    const text = await page.locator('body').innerText();
    const odd = /NaN %|undefined|Infinity|\[object|NaN ±/.exec(text);
    if (odd)
      this.#found.push(`${place}: ${text.slice(Math.max(0, odd.index - 60), odd.index + 40)}`);
    await this.#axe(place, {});
    await page.emulateMedia({ colorScheme: 'dark' });
    await this.#axe(`${place}, dark`, { runOnly: ['color-contrast'] });
    await page.emulateMedia({ colorScheme: 'light' });
    await this.#fits(place);
  }

  /** Only the content of a view scrolls, never the window, however narrow that is. */
  async #fits(place: string): Promise<void> {
    const usual = this.page.viewportSize()!;
    for (const size of [
      { width: 1024, height: 768 },
      { width: 700, height: 900 },
    ]) {
      await this.page.setViewportSize(size);
      const [width, height] = await this.page.evaluate<[number, number]>(
        `new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve([document.documentElement.scrollWidth, document.documentElement.scrollHeight]))))`,
      );
      if (width > size.width || height > size.height)
        this.#found.push(
          `${place} is ${width} x ${height} in a window of ${size.width} x ${size.height}`,
        );
    }
    await this.page.setViewportSize(usual);
  }

  async #axe(place: string, options: object): Promise<void> {
    const { violations } = await this.page.evaluate<AxeResults>(
      `axe.run(document, ${JSON.stringify({ resultTypes: ['violations'], ...options })})`,
    );
    for (const { id, nodes } of violations)
      this.#found.push(
        `${place} ${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`,
      );
  }

  /** What was found since the last time. */
  findings(): string[] {
    return [...this.#found.splice(0), ...this.#complaints.splice(0)];
  }
}

describe('an empty lab', { skip: withoutBrowser }, () => {
  let looker: Looker;
  before(async () => {
    looker = await Looker.at(await LabHere.open(scriptedLab()));
  });
  after(() => looker.here.close());

  test('shows every view', async () => {
    for (const place of lists) await looker.look(place);
    assert.deepEqual(looker.findings(), []);
  });

  test('reports an unknown address', async () => {
    for (const place of ['studies/99', 'studies/99/trials/9', 'runs/99', 'reruns/99'])
      await looker.look(place, /There is no (study|run|re-run) \d+/);
    await looker.look('compare?runs=98,99', /There is no run 9\d/);
    await looker.look('log?run=99');
    await looker.look('nowhere/at/all', /nowhere/);
    await looker.look('graph/resnet8%3DXX%2Cresnet14%3DTT', /The target is frozen/);
    await looker.look('graph/nonsense', /nonsense/);
    assert.deepEqual(looker.findings(), []);
  });
});

const pair = paperSpace(2, 'resnet8', ['resnet8']);
const oneGraph = ['0-1=T', '0-2=T', '1-2=X', '2-1=X'].reduce(withLock, pair);
const kinds = {
  ...withListsBetween(pair, {
    ...{ kinds: ['kl', 'repel', 'attention'], weights: [0.1, 1], temperatures: [1, 4] },
  }),
  frozen: false,
};

describe('a lab at work', { skip: withoutBrowser }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'ktg-states-'));
  let looker: Looker;
  let running: number;
  before(async () => {
    const file = join(folder, 'lab.sqlite');
    addPlayedStudy(file, { name: 'One', trials: 1, epochs: 4 });
    addPlayedStudy(file, { name: 'Failed', trials: 5, epochs: 4, ends: 'failed' });
    addPlayedStudy(file, { name: 'NaN', trials: 5, epochs: 4, ends: 'nan' });
    addPlayedStudy(file, { name: 'Large', trials: 1500, epochs: 200 });
    addPlayedStudy(file, { name: 'Constant', trials: 12, epochs: 4, ends: 'constant' });
    addPlayedStudy(file, { name: 'One graph', trials: 3, epochs: 4, space: oneGraph });
    addPlayedStudy(file, { name: 'Kinds', trials: 60, epochs: 4, space: kinds });
    // A network alone fails.
    const lab = scriptedLab(
      { slots: 4, pace: 10, mishap: ({ graph }) => (graph.nodes.length === 1 ? 'nan' : undefined) },
      openLabFile(file),
    );
    looker = await Looker.at(await LabHere.open(lab));
    const { training } = tinyPlan({ nodes: 2, trials: 1, epochs: 2, images: 100 });
    const best = { graph: template('dml', ['resnet8', 'resnet8']) };
    const rerun = { seeds: 5, training, baselines: [], start: true };
    await lab.request('reruns.create', { ...rerun, name: 'Whole', from: best });
    await lab.request('reruns.create', {
      ...rerun,
      name: 'Failed',
      from: { graph: template('independent', ['resnet8']) },
    });
    while (
      (await lab.request('reruns.list', {})).some(({ rerun: { state } }) => state === 'running')
    )
      await new Promise((resolve) => setTimeout(resolve, 20));
    const long = tinyPlan({ nodes: 2, trials: 50, epochs: 100_000, images: 100 });
    await lab.request('ablations.create', {
      ...{ name: 'Ablation', from: best, kind: 'edges', seeds: 2, training, start: true },
    });
    await lab.request('reruns.create', {
      ...rerun,
      name: 'Going on',
      from: best,
      training: long.training,
    });
    ({
      study: { id: running },
    } = await lab.request('studies.create', { name: 'Running', plan: long, start: true }));
    await lab.request('studies.create', { name: 'Ready', plan: long, start: false });
    await lab.request('graphs.save', { name: 'Kept', graph: best.graph });
  });
  after(async () => {
    await looker.here.close();
    rmSync(folder, { recursive: true });
  });
  const runsOf = async (study: number): Promise<number[]> =>
    (await looker.here.lab.request('studies.open', { study })).trials.map(({ run }) => run);

  for (const [study, name, shown, trial] of [
    [1, 'one trial', /Best: trial 0/, /^Trial 0: /],
    [2, 'only failed trials', /5 failed/, /It fell over/],
    [3, 'trials that are no number', /not a number/, /not a number/],
    [4, '1,500 trials', /1500 \/ 1500/, /^Trial 0/],
    [5, 'constant accuracies', /No choice has a clear effect at epoch 4/, /^Trial 0/],
    [6, 'a space of one graph', /too few to tell the choices apart/, /^Trial 0/],
    [7, 'kinds, weights and temperatures', /60 \/ 60/, /^Trial 0/],
  ] as const)
    test(`of a study with ${name}: the study, a trial, a comparison`, async () => {
      const runs = await runsOf(study);
      await looker.look(`studies/${study}`, shown);
      await looker.look(`studies/${study}/trials/${runs[0]}`, trial);
      await looker.look(`compare?runs=${runs.slice(0, 6).join(',')}`);
      await looker.look(`log?study=${study}`);
      assert.deepEqual(looker.findings(), []);
    });

  test('while a study runs: the study, a trial, a comparison', async () => {
    const runs = await runsOf(running);
    await looker.look(`studies/${running}`, /epoch \d+ \/ 100/);
    await looker.look(`studies/${running}/trials/${runs[0]}`, /So far/);
    await looker.look(`compare?runs=${runs.slice(0, 2).join(',')}`);
    await looker.look(`studies/${running + 1}`, /No trial has been drawn yet/);
    assert.deepEqual(looker.findings(), []);
  });

  test('of re-runs: completed, failed and running ones, and their runs', async () => {
    for (const [rerun, shown] of [
      [1, /5 of 5|5 \/ 5/],
      [2, /failed/],
      [3, /What each edge is worth/],
      [4, /running/],
    ] as const) {
      await looker.look(`reruns/${rerun}`, shown);
      const { variants } = await looker.here.lab.request('reruns.open', { rerun });
      await looker.look(`runs/${variants[0]!.runs[0]!.run}`);
    }
    assert.deepEqual(looker.findings(), []);
  });

  test('in every list', async () => {
    for (const place of lists) await looker.look(place);
    assert.deepEqual(looker.findings(), []);
  });

  test('in every dialog', async () => {
    const click =
      (...names: (string | RegExp)[]) =>
      async (page: Page) => {
        for (const name of names) await page.getByRole('button', { name }).first().click();
      };
    const closed = async (page: Page): Promise<void> => {
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'hidden' });
    };
    for (const [place, act] of [
      ['studies/1', click(/^Re-run/)],
      ['studies/1', click('More for this study', 'Name, notes')],
      ['studies/1', click('More for this study', 'Remove…')],
      ['studies/1', async (page: Page) => page.keyboard.press('?')],
      ['data', click('Train or import one')],
      ['graph/resnet8%3DTX%2Cresnet8%3DTC', click('Ablate')],
    ] as const) {
      await looker.look(place, undefined, async (page) => {
        await act(page);
        await page.getByRole('dialog').waitFor();
      });
      await closed(looker.page);
    }
    for (const menu of ['Add filter', 'Columns', 'More for this study'])
      await looker.look('studies/1', undefined, click(menu));
    assert.deepEqual(looker.findings(), []);
  });

  test('a wide table holds few rows at a time, and all of them by scrolling', async () => {
    await looker.look('studies/4');
    const { page } = looker;
    assert.ok((await page.getByRole('row').count()) < 100);
    assert.equal(await page.locator('[aria-rowcount]').getAttribute('aria-rowcount'), '1501');
  });
});
