/** Fields, questions and what was removed: nothing is lost, sent or deleted that was not meant. */
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { template } from '../../core/graph/templates.ts';
import { Lab } from '../../core/lab/lab.ts';
import { openLabFile } from '../../core/store/file/lab-file.ts';
import { noEngine, studyIs } from '../lab/support.ts';
import { ScriptedRunner } from '../search/scripted-runner.ts';
import { withoutBrowser } from './app.ts';
import { LabHere } from './lab-here.ts';
import { addPlayedStudy } from './played-study.ts';
import { tinyPlan } from './tiny-study.ts';

const long = tinyPlan({ nodes: 2, trials: 50, epochs: 100_000, images: 100 });

describe('fields and confirmations', { skip: withoutBrowser }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'ktg-forms-'));
  let here: LabHere;
  let page: Page;
  let complaints: string[];
  let removed = 0;
  before(async () => {
    const file = join(folder, 'lab.sqlite');
    addPlayedStudy(file, { trials: 9, epochs: 8, name: 'L'.repeat(200) });
    addPlayedStudy(file, { trials: 3, epochs: 4, name: 'Leaves' });
    const installed = [{ kind: 'cpu' as const, version: '2.21.0', bytes: 814 * 2 ** 20 }];
    const lab = new Lab({
      store: openLabFile(file),
      runner: new ScriptedRunner({ slots: 2, pace: 10 }),
      version: '0.0.0',
      revision: null,
      scheduler: { delayDivisor: 1000 },
      engine: {
        ...noEngine,
        facts: (...asked) => ({
          ...noEngine.facts(...asked),
          installed: removed === 0 ? installed : [],
        }),
        remove: () => Promise.resolve(void removed++),
      },
    });
    here = await LabHere.open(lab);
    ({ page, complaints } = await here.visit('#/studies'));
  });
  after(async () => {
    await here.close();
    rmSync(folder, { recursive: true });
  });

  const go = async (place: string): Promise<void> => {
    await page.evaluate(`location.hash = '#/${place}'`);
    await page.locator('main h1').waitFor();
  };

  test('a stopped re-run is not completed and shows no negative numbers', async () => {
    const { rerun } = await here.lab.request('reruns.create', {
      name: 'Stopped',
      from: { graph: template('dml', ['resnet8', 'resnet8']) },
      training: long.training,
      seeds: 2,
      baselines: [],
      start: true,
    });
    await go(`reruns/${rerun.id}`);
    await page
      .getByText(/%, epoch \d+ \//)
      .nth(1)
      .waitFor();
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Now' }).click();
    await page.getByText('stopped, 0 / 2 runs').waitFor();
    await page
      .getByRole('link', { name: /^cancelled at \d+\.\d %$/ })
      .nth(1)
      .waitFor();
    assert.deepEqual(complaints, []);
  });

  test('an emptied field returns to its value', async () => {
    await go('settings');
    for (const [label, odd] of [
      [/^Slots of/, '999'],
      [/^Seconds between/, '-1'],
    ] as const) {
      const field = page.getByLabel(label).first();
      const was = await field.inputValue();
      for (const value of ['', odd]) {
        await field.fill(value);
        await field.blur();
        assert.equal(await field.inputValue(), was);
      }
    }
    assert.equal((await here.lab.request('slots.list', {})).length, 2);
    await page.getByLabel(/^Seconds between/).fill('90');
    await page.getByLabel(/^Seconds between/).blur();
    while ((await here.lab.request('settings.get', {})).checkpointEvery !== 90)
      await page.waitForTimeout(20);
    assert.deepEqual(complaints, []);
  });

  test('a half-filled new study is kept while the user visits other pages', async () => {
    await go('studies/new');
    await page.getByLabel('Name').fill('Half');
    await page.getByRole('spinbutton', { name: /^Trials/ }).fill('77');
    await page.getByLabel('Data').selectOption('cifar100');
    await page.getByText(/at the start of epochs [\d, ]+/).waitFor();
    await page.getByRole('link', { name: 'Get the data' }).click();
    await page.waitForURL(/#\/data$/);
    await page.goBack();
    assert.equal(await page.getByLabel('Name').inputValue(), 'Half');
    assert.equal(await page.getByRole('spinbutton', { name: /^Trials/ }).inputValue(), '77');
    assert.equal(await page.getByLabel('Data').inputValue(), 'cifar100');
    const size = await page.locator('dt', { hasText: 'Search space' }).locator('+ dd').innerText();
    await page.getByRole('button', { name: 'Create only' }).click();
    await page.getByRole('heading', { name: 'Half' }).waitFor();
    const shown = page.locator('dt', { hasText: 'Search space' }).locator('+ dd');
    assert.equal(await shown.innerText(), size);
    assert.match(size, /^[\d,]+ graphs; [\d,]+ combinations, [\d,]+ excluded$/);
    await go('studies/new');
    assert.equal(
      await page.getByLabel('Name').inputValue(),
      '',
      'created, it is a draft no longer',
    );
    assert.deepEqual(complaints, []);
  });

  test('choices of a new study have weights, which the study keeps', async () => {
    await go('studies/new');
    await page.getByRole('button', { name: 'Paper, M = 2' }).click();
    await page.getByLabel('Name').fill('Weighed');
    await page.getByText('How often choices are drawn').click();
    const weigh = async (choice: string, weight: string): Promise<void> => {
      await page.getByRole('spinbutton', { name: choice, exact: true }).fill(weight);
      await page.keyboard.press('Tab');
    };
    await weigh('ResNet110', '2');
    await weigh('Cutoff', '0');
    await page.getByText('The weight of a choice is 0; it must be from 0.001 to 1000.').waitFor();
    await weigh('Cutoff', '0.5');
    await page.getByText('The weight of a choice is').waitFor({ state: 'detached' });
    await weigh('Frozen nodes, % Least share of graphs with a frozen node.', '10');
    await page.getByRole('button', { name: 'Create only' }).click();
    await page.getByRole('heading', { name: 'Weighed' }).waitFor();
    await page.getByText('ResNet110: 2, Cutoff: 0.5').waitFor();
    const studies = await here.lab.request('studies.list', {});
    const made = studies.find(({ study }) => study.name === 'Weighed');
    assert.deepEqual(made?.study.plan.prior, {
      frozen: 0.1,
      weights: { resnet110: 2, cutoff: 0.5 },
    });
    assert.deepEqual(complaints, []);
  });

  test('an invalid value is reported at the field before anything is sent', async () => {
    await go('studies/1');
    await page.getByRole('button', { name: 'More trials' }).click();
    const dialog = page.getByRole('dialog');
    const invalid = dialog.locator('input:invalid');
    for (const trials of ['0', '', '9.5']) {
      await dialog.getByLabel('Trials in all').fill(trials);
      await dialog.getByRole('button', { name: 'Save' }).click();
      assert.equal(await invalid.count(), 1);
    }
    assert.equal(await page.getByRole('alert').count(), 0);
    await dialog.getByLabel('Trials in all').fill('9');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.waitFor({ state: 'hidden' });

    await page.getByRole('button', { name: 'Re-run the best ×5' }).click();
    await dialog.getByLabel('Seeds').fill('1.5');
    await dialog.getByRole('button', { name: 'Start' }).click();
    assert.equal(await invalid.count(), 1);
    assert.equal(await page.getByRole('alert').count(), 0);
    await dialog.getByLabel('Seeds').fill('1');
    await dialog.getByRole('button', { name: 'Start' }).click();
    await page.getByRole('heading', { name: /^L+, trial \d+$/ }).waitFor();
    assert.deepEqual(complaints, []);
  });

  test('a message in a dialog never covers its buttons', async () => {
    await go('studies/1');
    await page.getByRole('button', { name: 'Re-run the best ×5' }).click();
    const dialog = page.getByRole('dialog');
    // Its form knows no better: only the lab can refuse a name with a line break.
    const name = dialog.getByLabel('Name');
    await name.evaluate((field: { type: string; value: string }) => {
      field.type = 'hidden'; // so that it takes one
      field.value = 'a\nb';
      (field as unknown as EventTarget).dispatchEvent(new Event('input'));
    });
    for (let i = 0; i < 3; i++) await dialog.getByRole('button', { name: 'Start' }).click();
    await dialog.getByRole('alert').waitFor();
    assert.equal(await dialog.getByRole('alert').count(), 1);
    const buttons = (await dialog.locator('footer').boundingBox())!;
    assert.ok((await dialog.getByRole('alert').boundingBox())!.y >= buttons.y + buttons.height);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    assert.deepEqual(complaints, []);
  });

  test('removing the engine needs a confirmation that lists the running trainings', async () => {
    const { study } = await here.lab.request('studies.create', {
      name: 'Busy',
      plan: long,
      start: true,
    });
    await go('settings');
    const remove = page.getByRole('button', { name: 'Uninstall' });
    await remove.click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(/814 MiB/).waitFor();
    await dialog.getByText(/Study "Busy", trial 0/).waitFor();
    await dialog.getByRole('button', { name: 'Keep it' }).click();
    assert.equal(removed, 0);
    await remove.click();
    await dialog.getByRole('button', { name: 'Remove', exact: true }).click();
    await remove.waitFor({ state: 'detached' });
    assert.equal(removed, 1);
    await here.lab.request('studies.stop', { study: study.id, when: 'now' });
    assert.deepEqual(complaints, []);
  });

  test('weights are offered when they exist; else the reason is shown', async () => {
    const { trials } = await here.lab.request('studies.open', { study: 1 });
    const stopped = trials.find(({ state }) => state === 'stopped')!;
    await go(`studies/1/trials/${stopped.run}`);
    await page.getByRole('button', { name: 'Weights', exact: true }).click();
    const all = page.getByRole('button', { name: 'All nodes' });
    assert.match((await all.getAttribute('title')) ?? '', /This run has no weights/);
    assert.equal(await page.getByRole('button', { name: 'Keep weights' }).count(), 0);
    assert.ok(await page.getByRole('button', { name: /^Re-run/ }).isEnabled());

    const plan = tinyPlan({ nodes: 2, trials: 60, epochs: 1, images: 100 });
    const { study } = await here.lab.request('studies.create', {
      name: 'Counted',
      plan: { ...plan, rejected: 'count' },
      start: true,
    });
    await studyIs(here.lab, study.id, 'completed');
    const drawn = (await here.lab.request('studies.open', { study: study.id })).trials;
    await go(`runs/${drawn.find(({ rejection }) => rejection === 'target-frozen')!.run}`);
    const again = page.locator('button[title^="The target (node 1)"]');
    await again.waitFor();
    assert.ok(await again.isDisabled());
    assert.deepEqual(complaints, []);
  });

  test('pages of a study removed elsewhere say so, and so do its trials', async () => {
    const { trials } = await here.lab.request('studies.open', { study: 2 });
    await go(`studies/2/trials/${trials[0]!.run}`);
    await page
      .getByRole('button', { name: 'Compare' })
      .or(page.getByRole('link', { name: 'Compare' }))
      .first()
      .waitFor();
    const other = await page.context().newPage();
    await other.goto(page.url().replace(/#.*/, '#/studies/2'));
    await other.getByRole('button', { name: 'More trials' }).waitFor();
    await here.lab.request('studies.remove', { study: 2 });
    await page.getByText('The study of this trial was removed').waitFor();
    await other.getByText('This study was removed').waitFor();
    assert.equal(await other.getByRole('button', { name: 'More trials' }).count(), 0);
    await page.locator('main').getByRole('link', { name: 'To the studies' }).click();
    await page.waitForURL(/#\/studies$/);
    assert.deepEqual(complaints, []);
  });

  test('the page of a re-run removed elsewhere says so', async () => {
    const { rerun } = await here.lab.request('reruns.create', {
      name: 'W'.repeat(200),
      from: { graph: template('dml', ['resnet8', 'resnet8']) },
      training: long.training,
      seeds: 1,
      baselines: [],
      start: false,
    });
    await go(`reruns/${rerun.id}`);
    await page.getByRole('button', { name: 'Start' }).waitFor();
    const width = await page.evaluate<number>(
      "document.querySelector('main').scrollWidth - innerWidth",
    );
    assert.ok(width <= 0, 'a long name stays inside');
    await here.lab.request('reruns.remove', { rerun: rerun.id });
    await page.getByRole('alert').waitFor();
    assert.equal(await page.getByText('Opening the re-run').count(), 0);
    assert.deepEqual(complaints, []);
  });
});
