/** The app in Chromium over a real server and a lab file with 1,500 trials: how long a person waits. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { ServedApp, withoutBrowser } from '../e2e/app.ts';
import { addPlayedStudy } from '../e2e/played-study.ts';
import { measureHour } from './ui-hour.ts';

type Figures = Record<string, number>;

const TRIALS = 1500;
const ROUNDS = 5;

/** Medians of a few rounds; units are in the names. Throws when there is no Chromium. */
export async function measureUi(): Promise<Figures> {
  if (withoutBrowser) throw new Error(withoutBrowser);
  const app = await ServedApp.open((file) => {
    addPlayedStudy(file, { trials: TRIALS, epochs: 200 });
  });
  try {
    const { page } = await app.visit(await app.context(), '#/studies');
    const paints: number[] = [];
    const opens: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      await page.goto('about:blank');
      await page.goto(`${new URL(app.url).origin}/#/studies`);
      await page.getByRole('link', { name: 'Open Played' }).waitFor();
      paints.push(
        await page.evaluate<number>(`performance.getEntriesByName('first-contentful-paint')[0].startTime`),
      );
      opens.push(
        await timed(
          page,
          `location.hash = '#/studies/1'`,
          `document.querySelector('[role=row][aria-rowindex="2"]')`,
        ),
      );
    }
    const sort = await rounds(
      page,
      `document.querySelector('[role=columnheader][aria-sort] button').click()`,
    );
    const filter = await rounds(
      page,
      `{
        const input = document.querySelector('main input[type=search]');
        input.value = 'accuracy >= ' + (40 + document.querySelectorAll('main [role=search] button').length) + ' %';
        input.dispatchEvent(new Event('input', { bubbles: true }));
        input.form.requestSubmit();
      }`,
    );
    return {
      first_paint_ms: median(paints),
      open_1500_trials_ms: median(opens),
      sort_ms: sort,
      filter_ms: filter,
      hover_ms: await hover(page),
      brush_ms: await brush(page),
      frame_p95_ms: await frames(page),
      heap_mib: (await page.evaluate<number>('performance.memory.usedJSHeapSize')) / 2 ** 20,
      bundle_gzip_kib: await bundleSize(),
    };
  } finally {
    await app.close();
  }
}

/** Milliseconds from an action to the frame in which its effect is on the screen. */
const timed = (page: Page, act: string, shown = 'true'): Promise<number> =>
  page.evaluate<number>(`new Promise((resolve) => {
    const began = performance.now();
    ${act};
    const look = () => requestAnimationFrame(() => {
      if (!(${shown})) return look();
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => resolve(performance.now() - began); // after this frame is painted
      port2.postMessage(null);
    });
    look();
  })`);

async function rounds(page: Page, act: string): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    times.push(await timed(page, act));
    await page.waitForTimeout(300);
  }
  return median(times);
}

/** A pointer over the learning curves: the nearest of 1,500 is looked for and marked. */
async function hover(page: Page): Promise<number> {
  return rounds(
    page,
    `{
      const stage = [...document.querySelectorAll('[role=img][aria-label^="Learning curves"]')][0];
      const box = stage.getBoundingClientRect();
      const at = { bubbles: true, clientX: box.x + box.width * Math.random(), clientY: box.y + box.height / 2 };
      stage.dispatchEvent(new PointerEvent('pointermove', at));
    }`,
  );
}

/** A range drawn along the accuracy axis of the parallel coordinates: all views follow. */
async function brush(page: Page): Promise<number> {
  const stage = page.getByRole('img', { name: /^Parallel coordinates/ });
  await stage.scrollIntoViewIfNeeded();
  const box = (await stage.boundingBox())!;
  const x = box.x + box.width - 34;
  await page.mouse.move(x, box.y + 40);
  await page.mouse.down();
  const times: number[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    const at = { bubbles: true, clientX: x, clientY: box.y + 40 + 15 * round };
    times.push(
      await timed(
        page,
        `[...document.querySelectorAll('[role=img][aria-label^="Parallel coordinates"]')][0]
          .dispatchEvent(new PointerEvent('pointermove', ${JSON.stringify(at)}))`,
      ),
    );
    await page.waitForTimeout(300);
  }
  await page.mouse.up();
  await page.getByText(`of ${TRIALS}`).first().waitFor(); // it was a range
  return median(times);
}

/** While the study is scrolled from top to bottom. */
async function frames(page: Page): Promise<number> {
  const gaps = await page.evaluate<number[]>(`new Promise((resolve) => {
    const main = document.querySelector('main');
    const gaps = [];
    let before = performance.now();
    const step = () => requestAnimationFrame((now) => {
      gaps.push(now - before);
      before = now;
      main.scrollTop += 12;
      if (gaps.length < 120) step();
      else resolve(gaps);
    });
    step();
  })`);
  return gaps.toSorted((a, b) => a - b)[Math.floor(gaps.length * 0.95)]!;
}

async function bundleSize(): Promise<number> {
  const folder = join(import.meta.dirname, '../../dist/renderer/assets');
  const files = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name))));
  return files.reduce((sum, file) => sum + gzipSync(file).length, 0) / 1024;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** @param hour seconds in which an hour of streaming is played; 0 leaves it out */
export async function bench({ json, hour = 180 }: { json?: boolean; hour?: number } = {}): Promise<void> {
  const figures: Figures = { ...(await measureUi()), ...(hour > 0 && (await measureHour(hour))) };
  if (json) console.log(JSON.stringify(figures));
  else
    for (const [name, value] of Object.entries(figures))
      console.log(`${name.padEnd(22)} ${value.toFixed(1)}`);
}
