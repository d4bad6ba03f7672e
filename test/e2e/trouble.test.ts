/** What happens to the lab while one looks at it: a full disk, a page that slept, two windows. */
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { LabError } from '../../core/base/errors.ts';
import { openMemoryStore } from '../../core/store/memory.ts';
import type { Store } from '../../core/store/store.ts';
import { scriptedLab, studyIs } from '../lab/support.ts';
import { withoutBrowser } from './app.ts';
import { LabHere } from './lab-here.ts';
import { tinyPlan } from './tiny-study.ts';

const plan = tinyPlan({ nodes: 2, trials: 30, epochs: 8, images: 100 });

/** A store on a disk with room for so many more changes; it then refuses, as SQLite does. */
function onSmallDisk(): { store: Store; room: { left: number } } {
  const room = { left: Infinity };
  const store = openMemoryStore();
  const transaction: Store['transaction'] = (work) => {
    if (room.left-- <= 0)
      throw new LabError({
        code: 'store.disk-full',
        message: 'The disk of lab.sqlite is full.',
        next: 'Free some space, then go on.',
      });
    return store.transaction(work);
  };
  return { room, store: { ...store, transaction } };
}

describe('during problems', { skip: withoutBrowser }, () => {
  const { store, room } = onSmallDisk();
  let here: LabHere;
  let visited: { page: Page; complaints: string[] };
  before(async () => {
    here = await LabHere.open(scriptedLab({}, store));
    visited = await here.visit('#/studies');
  });
  after(() => here.close());

  test('a full disk is reported in every view; the lab continues by itself, and nothing is lost', async () => {
    const { page, complaints } = visited;
    const { study } = await here.lab.request('studies.create', {
      name: 'Squeezed',
      plan,
      start: false,
    });
    await page.getByRole('link', { name: 'Open Squeezed' }).click();
    room.left = 0;
    await page.getByRole('button', { name: 'Start' }).click();
    await page.getByText('The disk of lab.sqlite is full.').first().waitFor();
    room.left = 40; // some trials
    await page.getByRole('button', { name: 'Start' }).click();
    const note = page.getByRole('alert').filter({ hasText: 'Everything is paused where it was' });
    await note.getByText('Free some space, then go on.').waitFor();
    const { trials } = await here.lab.request('studies.open', { study: study.id });
    assert.ok(trials.length > 0);
    await page.evaluate(`location.hash = '#/data'`);
    await page.getByRole('heading', { name: 'CIFAR-100' }).waitFor();
    await note.waitFor(); // in every view
    room.left = 0;
    await note.getByRole('button', { name: 'Try again' }).click();
    await note.waitFor(); // still full
    room.left = Infinity;
    await note.waitFor({ state: 'detached' });
    await studyIs(here.lab, study.id, 'completed');
    const view = await here.lab.request('studies.open', { study: study.id });
    assert.equal(view.trials.length, 30);
    for (const { run, epoch } of trials) {
      const after = view.trials.find((trial) => trial.run === run)!;
      assert.ok(after.epoch >= epoch && after.state !== 'failed', `trial ${after.number}`);
    }
    assert.deepEqual(complaints, []);
  });

  test('a page shows after sleep what happened meanwhile', async () => {
    const { page, complaints } = visited;
    await page.evaluate(`location.hash = '#/studies'`);
    await page.getByRole('link', { name: 'Open Squeezed' }).waitFor();
    const browser = await page.context().newCDPSession(page);
    await browser.send('Page.setWebLifecycleState', { state: 'frozen' });
    const { study } = await here.lab.request('studies.create', {
      name: 'While you slept',
      plan,
      start: true,
    });
    await studyIs(here.lab, study.id, 'completed');
    await browser.send('Page.setWebLifecycleState', { state: 'active' });
    await page.getByRole('link', { name: 'Open While you slept' }).waitFor();
    await page.getByText('30 / 30 trials').nth(1).waitFor();
    assert.deepEqual(complaints, []);
  });
});
