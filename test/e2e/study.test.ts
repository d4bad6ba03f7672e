/** A study's views, linked: selection, filter, comparison, and what each of them says. */
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import type { BrowserContext, Page } from 'playwright-core';
import { ServedApp, withoutBrowser } from './app.ts';
import { addPlayedStudy } from './played-study.ts';
import { addStudies, tinyPlan } from './tiny-study.ts';

describe('the views of a study', { skip: withoutBrowser }, () => {
  let app: ServedApp;
  let context: BrowserContext;
  before(async () => {
    app = await ServedApp.open((file) => {
      addPlayedStudy(file, { trials: 60, epochs: 16 });
      addPlayedStudy(file, { name: 'Failed', trials: 4, epochs: 4, ends: 'failed' });
      addStudies(file, [
        { name: 'Ready', plan: tinyPlan({ nodes: 3, trials: 9, epochs: 8, images: 100 }) },
      ]);
    });
    context = await app.context();
  });
  after(() => app.close());

  /** Opens an address, looks at it, and complains of what the page complains of. */
  const look = async (address: string, work: (page: Page) => Promise<void>): Promise<void> => {
    const { page, complaints } = await app.visit(context, address);
    await work(page);
    assert.deepEqual(complaints, []);
    await page.close();
  };
  const table = (page: Page) => page.getByRole('grid', { name: 'Trials' });
  const tab = (page: Page, name: string): Promise<void> =>
    page.getByRole('tab', { name, exact: true }).click();
  const firstTrial = (page: Page): Promise<string> =>
    table(page).locator('[aria-rowindex="2"]').getByRole('link').innerText();

  test('all rows of the table share their columns', () =>
    look('#/studies/1', async (page) => {
      await table(page).locator('[aria-rowindex="2"]').waitFor();
      const places = await page.evaluate<number[][]>(
        `[...document.querySelectorAll('[role=grid] [role=row]')].slice(0, 12)
          .map((row) => [...row.children].map((cell) => Math.round(cell.getBoundingClientRect().left)))`,
      );
      assert.ok(places.length > 5);
      for (const line of places) assert.deepEqual(line, places[0]);
    }));

  test('the table is sorted by the keyboard', () =>
    look('#/studies/1', async (page) => {
      await firstTrial(page);
      const head = page.getByRole('columnheader', { name: 'Trial' });
      await head.getByRole('button').focus();
      await page.keyboard.press('Enter');
      assert.equal(await head.getAttribute('aria-sort'), 'ascending');
      assert.equal(await firstTrial(page), '0');
      assert.match(page.url(), /#\/studies\/1$/, 'the key opens no trial');
    }));

  test('selection and filter are in the address and survive a reload', () =>
    look('#/studies/1', async (page) => {
      await page.getByLabel(/^Filter, for example/).fill('edge 2->1 = Correct');
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: 'Remove filter edge 2->1 = Correct' }).waitFor();
      await table(page).focus();
      await page.keyboard.press('ArrowDown');
      const trial = await firstTrial(page);
      await page.waitForURL(/trial=\d+&filter=/);
      const count = await page
        .getByText(/^\d+ of 60$/)
        .first()
        .innerText();
      await page.reload();
      await page.getByRole('button', { name: 'Remove filter edge 2->1 = Correct' }).waitFor();
      await page.getByRole('heading', { name: `Trial ${trial}`, exact: true }).waitFor();
      assert.equal(
        await page
          .getByText(/^\d+ of 60$/)
          .first()
          .innerText(),
        count,
      );
    }));

  test('a brush on parallel coordinates filters all views; its chip removes it', () =>
    look('#/studies/1', async (page) => {
      await tab(page, 'Parallel');
      const chart = page.getByRole('img', { name: /^Parallel coordinates/ });
      await chart.scrollIntoViewIfNeeded();
      const box = (await chart.boundingBox())!;
      const x = box.x + box.width - 46; // the last axis: accuracy
      await page.mouse.move(x, box.y + 32);
      await page.mouse.down();
      for (const share of [0.15, 0.25, 0.5]) {
        await page.mouse.move(x, box.y + box.height * share, { steps: 4 });
        const moved = (await chart.boundingBox())!.y - box.y;
        assert.ok(Math.abs(moved) < 2, `nothing moves away under the pointer, but ${moved} px`);
      }
      await page.mouse.up();
      const chip = page.getByRole('button', { name: /Remove filter accuracy/ });
      await chip.waitFor();
      assert.notEqual(await table(page).getAttribute('aria-rowcount'), '61');
      await page.waitForURL(/filter=brush/);
      await chip.click();
      await chip.waitFor({ state: 'detached' });
      assert.equal(await table(page).getAttribute('aria-rowcount'), '61');
    }));

  test('six of seven trials can be chosen for comparison, and their boxes show it', () =>
    look('#/studies/1', async (page) => {
      await firstTrial(page);
      const boxes = table(page).getByRole('checkbox');
      for (let i = 0; i < 7; i++) await boxes.nth(i).click();
      await page.getByText('Six trials are already selected.').waitFor();
      assert.equal(await table(page).locator('input:checked').count(), 6);
    }));

  test('the heat map works for any rung, and its colours are filters', () =>
    look('#/studies/1', async (page) => {
      await tab(page, 'Gates');
      const map = page.getByRole('table', { name: /^Share of each gate/ });
      await map.waitFor();
      const last = await map.innerText();
      await page.getByLabel('Epoch at which trials are ranked').selectOption({ label: 'epoch 8' });
      assert.notEqual(await map.innerText(), last);
      const linear = map.locator('[data-gate="linear"]').first();
      const color = (): Promise<string> =>
        linear.evaluate('(each) => getComputedStyle(each).backgroundColor');
      const usual = await color();
      await linear.hover();
      assert.equal(await color(), usual, 'the pointer takes no colour away');
      await linear.click();
      await page.getByRole('button', { name: /Remove filter edge Label->1 = Linear/ }).waitFor();
    }));

  test('the keyboard reaches every gate of the heat map after one Tab stop', () =>
    look('#/studies/1', async (page) => {
      await tab(page, 'Gates');
      const gates = page.getByRole('table', { name: /^Share of each gate/ }).getByRole('button');
      await gates.first().waitFor();
      const all = await gates.count();
      assert.equal(await gates.and(page.locator('[tabindex="0"]')).count(), 1);
      await gates.first().focus();
      const seen = new Set<string | null>();
      const focused = page.locator(':focus');
      for (let at = 0; at < all; at++) {
        seen.add(await focused.getAttribute('aria-label'));
        await page.keyboard.press('ArrowRight');
      }
      assert.equal(seen.size, all);
      await page.keyboard.press('Home');
      await page.keyboard.press('ArrowDown');
      assert.match((await focused.getAttribute('aria-label'))!, /^Label → 2/);
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: /^Remove filter edge Label->2/ }).waitFor();
    }));

  test('a number opens its trial; suggestions have counts; invalid filters give a message', () =>
    look('#/studies/1', async (page) => {
      const field = page.getByRole('combobox', { name: /^Filter, for example/ });
      await field.fill('#17');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Trial 17', exact: true }).waitFor();
      await page.waitForURL(/\?trial=17$/);
      await page
        .locator('[role=row][aria-selected=true]')
        .getByRole('link', { name: 'Open trial 17' })
        .waitFor();
      await field.fill('99');
      await page.keyboard.press('Enter');
      await page.getByText('There is no trial 99: they are numbered from 0 to 59.').waitFor();
      await field.fill('completed and label->1 = ');
      const first = page.getByRole('option').first();
      await first.getByText(/^\d+ trials?$/).waitFor();
      const count = parseInt(await first.locator('span').innerText());
      await page.keyboard.press('ArrowDown');
      assert.equal(await first.getAttribute('aria-selected'), 'true');
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: 'Remove filter completed' }).waitFor();
      await page.getByRole('button', { name: /^Remove filter edge Label->1 = / }).waitFor();
      assert.equal(await table(page).getAttribute('aria-rowcount'), String(count + 1));
      await field.fill('wrn and nonsense');
      await page.keyboard.press('Enter');
      await page.getByText(/^Not understood: “nonsense”/).waitFor();
    }));

  test('the tournament says why a trial ended, and a brush on a column filters', () =>
    look('#/studies/1', async (page) => {
      await firstTrial(page);
      const chart = page.getByRole('img', { name: /^Tournament/ });
      const { x, y, width, height } = (await chart.boundingBox())!;
      const sentence = page.getByText(/^stopped at epoch 1: \d+\.\d %, ranked \d+\w\w of \d+, /);
      const first = x + 14 + (width - 28) / 10; // the middle of the first of five columns
      for (let at = height * 0.85; at > 0 && (await sentence.count()) === 0; at -= 5)
        await page.mouse.move(first, y + at);
      await sentence.waitFor();
      await page.mouse.move(first, y + height * 0.2);
      await page.mouse.down();
      await page.mouse.move(first, y + height * 0.5, { steps: 4 });
      await page.mouse.up();
      const chip = page.getByRole('button', { name: /^Remove filter accuracy at epoch 1 / });
      await chip.waitFor();
      assert.notEqual(await table(page).getAttribute('aria-rowcount'), '61');
      await page.waitForURL(/filter=brush%20rung%201/);
      assert.equal((await chart.boundingBox())!.height, height);
      await chip.click();
      await page.getByLabel('Axis of the tournament').selectOption({ label: 'survivors' });
      assert.equal(await table(page).getAttribute('aria-rowcount'), '61');
    }));

  test('table, selected trial and tournament share a screen of 1280 x 800', () =>
    look('#/studies/1', async (page) => {
      await firstTrial(page);
      const parts = [
        page.getByRole('img', { name: /^Tournament/ }),
        table(page).locator('[aria-rowindex="5"]'),
        page.getByRole('complementary', { name: 'Selected trial' }).getByRole('heading'),
      ];
      for (const part of parts) {
        const { y, height } = (await part.boundingBox())!;
        assert.ok(y > 0 && y + height <= 800, `${y} to ${y + height}`);
      }
      const wide = await page.evaluate<number>(
        `document.querySelector('[role=grid]').scrollWidth - document.querySelector('[role=grid]').clientWidth`,
      );
      assert.ok(wide <= 0, `the table is ${wide} px too wide`);
    }));

  test('the page says without a click which gates matter, and suggests locks for a new study', () =>
    look('#/studies/1', async (page) => {
      const panel = page.getByRole('region', { name: 'Which gates matter' });
      const first = panel.getByRole('listitem').first();
      await first.getByText(/^Cutoff on Label→1$/).waitFor();
      await first.getByText(/^−\d+\.\d ± \d\.\d points$/).waitFor();
      const rung = panel.getByLabel('Epoch at which trials are compared');
      await rung.selectOption({ value: '1' });
      await first.getByText('n = ').waitFor();
      assert.match(await rung.locator('option:checked').innerText(), /^epoch 1, 60 trials$/);
      await first.getByRole('button').click();
      await page.getByRole('button', { name: 'Remove filter edge Label->1 = Cutoff' }).waitFor();
    }));

  for (const [when, show] of [
    ['comes into view', (page: Page) => page.locator('#effects').scrollIntoViewIfNeeded()],
    ['is printed', (page: Page) => page.evaluate(`dispatchEvent(new Event('beforeprint'))`)],
  ] as const)
    test(`a chart below the screen is painted when it ${when}`, () =>
      look('#/studies/1', async (page) => {
        // A chart clears its canvas first.
        await page.evaluate(`(() => {
          window.painted = new Set();
          const clear = CanvasRenderingContext2D.prototype.clearRect;
          CanvasRenderingContext2D.prototype.clearRect = function (...box) {
            painted.add(this.canvas);
            return clear.apply(this, box);
          };
        })()`);
        await page.getByLabel('Epoch at which trials are compared').waitFor();
        const isPainted = `painted.has(document.querySelector('#effects canvas'))`;
        assert.equal(await page.evaluate(isPainted), false);
        await show(page);
        while (!(await page.evaluate(isPainted))) await page.waitForTimeout(20);
      }));

  test('the palette opens a trial of the study by its number', () =>
    look('#/studies/1', async (page) => {
      await firstTrial(page);
      await page.keyboard.press('Control+k');
      await page.getByRole('combobox', { name: /^Page, study, trial/ }).fill('17');
      await page.getByRole('option', { name: 'Trial 17 Played' }).waitFor();
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: /^Trial 17: / }).waitFor();
      await page.keyboard.press(']');
      await page.getByRole('heading', { name: /^Trial 18: / }).waitFor();
      await page.keyboard.press('Control+k');
      await page.getByRole('combobox').fill('data');
      await page.getByRole('option', { name: 'Data page' }).click();
      await page.waitForURL(/#\/data$/);
    }));

  test('keys lead to the filter, through the rows, to the comparison and the re-run', () =>
    look('#/studies/1', async (page) => {
      await firstTrial(page);
      await page.keyboard.press('j');
      await page.keyboard.press('j');
      const selected = table(page).locator('[aria-selected=true]');
      assert.equal(await selected.getAttribute('aria-rowindex'), '3');
      await page.keyboard.press('k');
      assert.equal(await selected.getAttribute('aria-rowindex'), '2');
      await page.keyboard.press('c');
      const bar = page.getByRole('region', { name: 'Selected for comparison' });
      await bar.getByText('one more to compare').waitFor();
      await page.keyboard.press('c');
      await bar.waitFor({ state: 'detached' });
      await page.keyboard.press('r');
      await page.getByRole('dialog').getByRole('heading').first().waitFor();
      await page.keyboard.press('j');
      await page.keyboard.press('Escape');
      assert.equal(await selected.getAttribute('aria-rowindex'), '2', 'a dialog has its own keys');
      await page.keyboard.press('/');
      await page.keyboard.type('#17');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Trial 17', exact: true }).waitFor();
    }));

  test('a drag zooms a chart, a double click zooms out, and a click selects', () =>
    look('#/studies/1', async (page) => {
      await firstTrial(page);
      for (const [name, title] of [
        ['Best so far', /^Best so far/],
        ['Timeline', /^Timeline/],
        ['Curves', /^Learning curves/],
      ] as const) {
        await tab(page, name);
        const chart = page.getByRole('img', { name: title });
        await chart.scrollIntoViewIfNeeded();
        const { x, y, width, height } = (await chart.boundingBox())!;
        const before = await chart.screenshot();
        const high = (await chart.boundingBox())!.height;
        await page.mouse.move(x + width * 0.4, y + height * 0.2);
        await page.mouse.down();
        await page.mouse.move(x + width * 0.7, y + height * 0.6, { steps: 4 });
        await page.mouse.up();
        await page.getByRole('button', { name: 'Zoom out' }).waitFor();
        assert.equal((await chart.boundingBox())!.height, high);
        assert.ok(!(await chart.screenshot()).equals(before));
        await page.mouse.dblclick(x + width * 0.5, y + height * 0.4);
        await page.getByRole('button', { name: 'Zoom out' }).waitFor({ state: 'detached' });
      }
      const chart = page.getByRole('img', { name: /^Learning curves/ });
      await chart.scrollIntoViewIfNeeded();
      const { x, y, width, height } = (await chart.boundingBox())!;
      await page.mouse.click(x + width - 20, y + height * 0.2);
      await page.waitForURL(/\?trial=\d+$/);
    }));

  test('slots can be changed in the header', () =>
    look('#/studies/3', async (page) => {
      await page.getByRole('button', { name: /^Slots: \d+$/ }).click();
      const more = page.getByRole('button', { name: /^One slot more on/ }).last();
      const device = page.getByRole('group', { name: /^Slots of / }).last();
      while (await more.isEnabled()) await more.click();
      await device.getByText(/^The maximum: /).waitFor();
      const count = Number(await device.getByRole('status').innerText());
      await device.getByRole('button', { name: /^One slot fewer/ }).click();
      await device.getByText(String(count - 1), { exact: true }).waitFor();
      assert.match(page.url(), /#\/studies\/3$/);
    }));

  test('empty views name the filter as the reason', () =>
    look('#/studies/1?filter=accuracy%20%3E%3D%2099%20%25', async (page) => {
      // Podium, table.
      await page.getByText('No trial passes the filter.').nth(1).waitFor();
      assert.equal(await page.getByText('No trial has a result').count(), 0);
    }));

  test('the keyboard reaches the charts and their explanations', () =>
    look('#/studies/1', async (page) => {
      await page.getByRole('tab', { name: 'Tournament' }).focus();
      await page.keyboard.press('ArrowRight');
      await page.getByRole('tab', { name: 'Best so far', selected: true }).waitFor();
      await page.getByRole('img', { name: /^Best so far/ }).waitFor();
      await page.getByRole('button', { name: 'About', exact: true }).focus();
      await page.keyboard.press('Enter');
      await page
        .getByRole('note')
        .getByText(/^Each dot is a trial/)
        .waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('note').first().waitFor({ state: 'hidden' });
    }));

  test('every view marks the best trial before a selection', () =>
    look('#/studies/1', async (page) => {
      await page.getByRole('heading', { name: /^Best: trial/ }).waitFor();
      const number = /\d+/.exec(
        await page.getByRole('heading', { name: /^Best: trial/ }).innerText(),
      )![0];
      assert.match(await page.locator('[role=row].shown').innerText(), new RegExp(`^${number}\\b`));
      assert.match(await page.locator('li button.shown').innerText(), new RegExp(`#${number}\\b`));
    }));

  test('the legend filters trials by state', () =>
    look('#/studies/1', async (page) => {
      const button = page.getByRole('button', { name: /^completed \d+$/ });
      const count = Number(/\d+/.exec(await button.innerText())![0]);
      await button.click();
      assert.equal(await table(page).getAttribute('aria-rowcount'), String(count + 1));
      assert.equal(await button.getAttribute('aria-pressed'), 'true');
    }));

  test('the choice of columns is kept', () =>
    look('#/studies/1', async (page) => {
      await page.getByRole('button', { name: 'Columns' }).click();
      await page.getByRole('checkbox', { name: '2→1' }).check();
      await page.getByRole('columnheader', { name: '2→1' }).waitFor();
      await page.reload();
      await page.getByRole('columnheader', { name: '2→1' }).waitFor();
    }));

  test('chosen trials stay visible, and their differences are marked and listed', () =>
    look('#/studies/1', async (page) => {
      await table(page).focus();
      for (const key of ['ArrowDown', ' ', 'ArrowDown', ' ']) await page.keyboard.press(key);
      const bar = page.getByRole('region', { name: 'Selected for comparison' });
      await bar.getByRole('link', { name: 'Compare 2' }).click();
      await page.waitForURL(/#\/compare\?runs=1\.\d+,1\.\d+$/);
      const rows = page.getByRole('region', { name: 'What differs' }).getByRole('row');
      await rows.nth(1).waitFor();
      const edges = (await rows.allInnerTexts()).filter((text) => text.includes('→'));
      await page.getByText(`${edges.length} edge`).waitFor();
      const apart = page.locator('td.apart');
      assert.equal(await apart.count(), 2 * ((await rows.count()) - 1), 'of two, both stand apart');
      const closed = (await apart.allInnerTexts()).filter((text) => text.includes('Cutoff')).length;
      assert.equal(await page.locator('.mark').count(), await apart.count(), 'cut edges, too');
      assert.equal(await page.locator('.edge.cut').count(), closed);
      await page.getByLabel('show closed edges').uncheck();
      await page.locator('.edge.cut').first().waitFor({ state: 'detached' });
      const held = page.getByLabel('Mark differences from');
      await held.selectOption({ index: 1 });
      await page
        .locator('.graphs li')
        .first()
        .locator('.mark')
        .first()
        .waitFor({ state: 'detached' });
      await page.goBack();
      await bar.getByRole('button', { name: 'Clear' }).click(); // still chosen
      await bar.waitFor({ state: 'detached' });
    }));

  test('before the first trial the plan is shown; without results the reason is shown', async () => {
    await look('#/studies/3', async (page) => {
      await page.getByRole('heading', { name: 'No trial has been drawn yet' }).waitFor();
      await page.getByText('1, 2, 4: the better half of all so far continues').waitFor();
      assert.equal(await page.locator('main [data-part]').count(), 3 + 9);
    });
    await look('#/studies/2', async (page) => {
      await page.getByText('None of 4 trials has a result. All: It fell over.').waitFor();
      await page.getByRole('heading', { name: 'No result: trial 0' }).waitFor();
      await page.getByRole('button', { name: 'Try again' }).waitFor();
    });
  });

  test('an edge shows teacher, learner, loss and agreement', () =>
    look('#/studies/1/trial/0', async (page) => {
      await page.getByRole('heading', { name: /^Trial 0/ }).waitFor();
      const [source, destination] = await page.evaluate<[string, string]>(
        `[...document.querySelectorAll('[data-part*="-"]')].map((edge) => edge.dataset.part.split('-'))
          .find(([source]) => source !== '0')`,
      );
      await page.locator(`[data-part="${source}-${destination}"]`).focus();
      await page
        .getByText(`KL(p${source} ‖ p${destination}): node ${source} teaches node ${destination}`)
        .waitFor();
      await page.getByText(/after the gate/).waitFor();
      for (const [meaning, share] of [
        ['both', 60],
        [`only node ${source}`, 20],
        [`only node ${destination}`, 16],
      ])
        await page.getByText(`${meaning} right ${share}.0 %`).waitFor();
      await page.getByText('both wrong 4.0 %').waitFor();
      assert.equal(await page.getByText('Weight now').count(), 0, 'it has ended');
    }));

  test('a scrubber shows a training and a search at any moment, and plays them', () =>
    look('#/studies/1/trial/0', async (page) => {
      const node = page.locator('.node').first();
      const accuracy = (): Promise<string | null> => node.locator('.accuracy').textContent();
      await page.getByText('epoch 16 of 16').first().waitFor();
      const last = await accuracy();
      const moment = page.getByLabel('Moment of the training');
      await moment.fill('0');
      await page.getByText('epoch 1 of 16').waitFor();
      assert.notEqual(await accuracy(), last);
      assert.ok((await page.locator('.letter .level').count()) > 0, 'gates are partly open');
      await moment.fill('1');
      await page.locator('.letter .level').first().waitFor({ state: 'detached' });
      assert.equal(await accuracy(), last);
      await page.getByRole('button', { name: 'Play the training' }).click();
      await page.getByRole('button', { name: 'Pause', exact: true }).click();

      await page.goto(page.url().replace(/#.*/, '#/studies/1'));
      await page.getByText('all 60 trials').waitFor();
      await page.getByLabel('Moment of the search').fill('0.5');
      await page.getByText(/^\d+ of 60 trials, best \d/).waitFor();
    }));

  test('tags and notes are written on the page of a trial, and found by the filter', () =>
    look('#/studies/1/trial/3', async (page) => {
      await page.getByPlaceholder('Add tags, one word each').fill('Good baseline');
      await page.keyboard.press('Enter');
      await page.getByRole('button', { name: 'Remove tag baseline' }).waitFor();
      await page.getByLabel('Notes', { exact: true }).fill('Diverged once.');
      await page.keyboard.press('Tab');
      await page.goto(page.url().replace(/#.*/, '#/studies/1'));
      const field = page.getByRole('combobox', { name: /^Filter/ });
      await field.fill('tag = good');
      await field.press('Enter');
      await page.getByText('1 of 60').waitFor();
      assert.equal(await firstTrial(page), '3');
    }));

  test('in the editor letters set gates and K locks; the address restores both', () =>
    look('#/graph/resnet8%3DTT%2Cresnet14%3DTT', async (page) => {
      const edge = page.locator('[data-part="2-1"]');
      await edge.focus();
      await page.keyboard.press('l');
      await page.keyboard.press('k');
      await page.waitForURL(/resnet8%3DTL%2Cresnet14%3DTT\?locks=2-1$/);
      await page.reload();
      await edge.waitFor();
      assert.match((await edge.getAttribute('aria-label'))!, /Linear.*locked/);
      await page.getByRole('link', { name: 'Search from here' }).click();
      await page.waitForURL(/locks=2-1/);
    }));

  test('an invalid graph shows the reason and is not saved', () =>
    look('#/graph/resnet8%3DXX%2Cresnet14%3DTT', async (page) => {
      await page.getByText('The target is frozen').waitFor();
      assert.ok(await page.getByRole('button', { name: 'Save', exact: true }).isDisabled());
    }));
});
