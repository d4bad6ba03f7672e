import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { BrowserContext } from 'playwright-core';
import { ServedApp, withoutBrowser } from './app.ts';
import { addPlayedStudy } from './played-study.ts';

const axeFile = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const views = [
  '#/studies',
  '#/studies/new',
  '#/studies/1',
  '#/studies/1/trials/1',
  '#/graphs',
  '#/graph/',
  '#/compare?runs=1,2',
  '#/reruns',
  '#/data',
  '#/settings',
  '#/log',
];

describe('for everybody', { skip: withoutBrowser }, () => {
  let app: ServedApp;
  let context: BrowserContext;
  before(async () => {
    app = await ServedApp.open((file) => {
      addPlayedStudy(file, { trials: 30, epochs: 16 });
    });
    // axe is injected by the test, which the page's policy would rightly refuse; see the story for the policy at work
    context = await app.context({ bypassCSP: true });
  });
  after(() => app.close());

  for (const colorScheme of ['light', 'dark'] as const)
    test(`axe finds nothing wrong with any view, ${colorScheme}`, async () => {
      const { page, complaints } = await app.visit(context, views[0]);
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.addScriptTag({ path: axeFile });
      const found: string[] = [];
      for (const view of views) {
        await page.evaluate(`location.hash = ${JSON.stringify(view)}`);
        await page.locator('main h1').first().waitFor();
        await page.waitForTimeout(400); // charts measure their place and draw
        const { violations } = await page.evaluate<AxeResults>(
          `axe.run(document, { resultTypes: ['violations'] })`,
        );
        for (const { id, nodes } of violations)
          found.push(`${view} ${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
      }
      assert.deepEqual(found, []);
      assert.deepEqual(complaints, []);
      await page.close();
    });

  test('no view leaves a narrow window: only its content scrolls', async () => {
    const { page } = await app.visit(context, views[0]);
    const beyond: string[] = [];
    for (const [width, height] of [
      [1024, 768],
      [700, 900],
    ] as const)
      // prettier-ignore
      for (const view of views) {
        await page.setViewportSize({ width, height });
        await page.evaluate(`location.hash = ${JSON.stringify(view)}`);
        await page.locator('main h1').first().waitFor();
        await page.waitForTimeout(300); // tables and charts have taken their places
        const { scrollWidth, scrollHeight } = await page.evaluate<Record<string, number>>(
          `(({ scrollWidth, scrollHeight }) => ({ scrollWidth, scrollHeight }))(document.documentElement)`,
        );
        if (scrollWidth! > width || scrollHeight! > height)
          beyond.push(`${view}: ${scrollWidth} x ${scrollHeight} in ${width} x ${height}`);
      }
    assert.deepEqual(beyond, []);
    await page.close();
  });

  test('the keyboard alone reaches a study, its trials and back', async () => {
    const { page } = await app.visit(context, '#/data');
    await page.getByRole('heading', { name: 'Data' }).first().waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('1');
    const study = page.getByRole('link', { name: 'Open Played' });
    await study.waitFor();
    await tabTo(page, 'Open Played');
    await page.keyboard.press('Enter');
    await page.waitForURL(/#\/studies\/1$/);
    await tabTo(page, 'Re-run ×5');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await page.close();
  });
});

/** Presses Tab until what has the focus bears this name. */
async function tabTo(page: Awaited<ReturnType<BrowserContext['newPage']>>, name: string): Promise<void> {
  const seen: string[] = [];
  for (let presses = 0; presses < 120; presses++) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate<string>(
      `document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent.trim() ?? ''`,
    );
    if (at === name) return;
    seen.push(at.slice(0, 30));
  }
  assert.fail(`"${name}" was not reached by Tab: ${seen.join(', ')}`);
}
