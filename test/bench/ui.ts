/**
 * The app in Chromium over a real server and a lab file with 1,500 trials, then one with 5,000: how
 * long a person waits.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { ServedApp, withoutBrowser } from '../e2e/app.ts';
import { addPlayedStudy } from '../e2e/played-study.ts';
import { measureHour } from './ui-hour.ts';

type Figures = Record<string, number>;

const TRIALS = 1500;
const MANY_TRIALS = 5000;
const ROUNDS = 5;

/** Medians of a few rounds; units are in the names. Throws when there is no Chromium. */
export const measureUi = (): Promise<Figures> =>
  withStudy(TRIALS, async (page, origin) => {
    const { paint, first, again } = await open(page, origin);
    const sorting = await sort(page);
    const filtering = await filter(page);
    return {
      first_paint_ms: paint,
      open_1500_trials_ms: first,
      reopen_1500_trials_ms: again,
      hover_ms: await hover(page),
      sort_ms: sorting,
      zoom_ms: await zoom(page),
      brush_ms: await brush(page),
      filter_ms: filtering,
      frame_p95_ms: await frames(page),
      heap_mib: (await page.evaluate<number>('performance.memory.usedJSHeapSize')) / 2 ** 20,
      ...(await bundleSizes()),
    };
  });

/** The same of a study that is larger than any of the paper's. */
const measureMany = (): Promise<Figures> =>
  withStudy(MANY_TRIALS, async (page, origin) => {
    const { first, again } = await open(page, origin);
    const sorting = await sort(page);
    const filtering = await filter(page);
    return {
      open_5000_trials_ms: first,
      reopen_5000_trials_ms: again,
      hover_5000_ms: await hover(page),
      sort_5000_ms: sorting,
      zoom_5000_ms: await zoom(page),
      brush_5000_ms: await brush(page),
      filter_5000_ms: filtering,
    };
  });

/** Looks at a lab with one study in Chromium. */
async function withStudy(
  trials: number,
  look: (page: Page, origin: string) => Promise<Figures>,
): Promise<Figures> {
  if (withoutBrowser) throw new Error(withoutBrowser);
  const app = await ServedApp.open((file) => {
    addPlayedStudy(file, { trials, epochs: 200 });
  });
  try {
    const context = await app.context();
    await context.addInitScript(WATCH);
    const { page } = await app.visit(context, '#/studies');
    return await look(page, new URL(app.url).origin);
  } finally {
    await app.close();
  }
}

/** First paint of the page; a study that is opened in it, left, and opened again. */
async function open(
  page: Page,
  origin: string,
): Promise<{ paint: number; first: number; again: number }> {
  const [paints, firsts, agains]: [number[], number[], number[]] = [[], [], []];
  const study = `location.hash = '#/studies/1'`;
  for (let round = 0; round < ROUNDS; round++) {
    await page.goto('about:blank');
    await page.goto(`${origin}/#/studies`);
    await page.getByRole('link', { name: 'Open Played' }).waitFor();
    paints.push(
      await page.evaluate<number>(
        `performance.getEntriesByName('first-contentful-paint')[0].startTime`,
      ),
    );
    firsts.push(await timed(page, study, { of: ROW, paints: SHOWN }));
    await page.waitForTimeout(500);
    await page.evaluate(`location.hash = '#/studies'`);
    await page.getByRole('link', { name: 'Open Played' }).waitFor();
    await page.waitForTimeout(300);
    agains.push(await timed(page, study, { of: ROW, paints: SHOWN }));
  }
  return { paint: median(paints), first: median(firsts), again: median(agains) };
}

/** Counts what every chart paints: a chart clears its canvas first. */
const WATCH = `
  window.painted = new Map();
  const clear = CanvasRenderingContext2D.prototype.clearRect;
  CanvasRenderingContext2D.prototype.clearRect = function (...box) {
    painted.set(this.canvas, (painted.get(this.canvas) ?? 0) + 1);
    return clear.apply(this, box);
  };
`;
/** The charts that a study opens with, by the beginnings of their names. */
const SHOWN = ['Tournament'];
/**
 * Frames without a painted chart after which all have been painted: they take turns, one a frame.
 */
const QUIET = 5;
/** Milliseconds after which an effect is missing. */
const TIMEOUT = 10_000;

interface Effect {
  /** JavaScript: something that the action changes, such as the order of the rows. */
  of: string;
  /** Charts that are painted anew, 1 or more. */
  paints?: readonly string[];
  /** Of their two canvases: all that is shown, or what is pointed at. */
  canvas?: 'first' | 'last';
}

/**
 * Milliseconds from an action to the frame in which all of its effect is on the screen. Fails when
 * there is none.
 */
const timed = (
  page: Page,
  act: string,
  { of, paints = [], canvas = 'first' }: Effect,
): Promise<number> =>
  page.evaluate<number>(`new Promise((resolve, reject) => {
    const effect = () => ${of};
    const charts = () => ${JSON.stringify(paints)}.map((name) =>
      document.querySelector('[role=img][aria-label^="' + name + '"] canvas:${canvas}-of-type'));
    const before = effect();
    painted.clear();
    const began = performance.now();
    let [times, quiet, end] = [0, 0, null];
    ${act};
    const look = () => requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => { // after this frame is painted
        const now = performance.now();
        const there = effect() !== before && charts().every((chart) => painted.has(chart));
        const all = [...painted.values()].reduce((sum, each) => sum + each, 0);
        if (there && (end === null || all !== times)) [end, quiet] = [now, 0];
        else quiet++;
        times = all;
        if (end !== null && quiet >= ${QUIET}) resolve(end - began);
        else if (now - began > ${TIMEOUT}) reject(new Error('Nothing came of: ' + ${JSON.stringify(act)}));
        else look();
      };
      port2.postMessage(null);
    });
    look();
  })`);

async function rounds(page: Page, act: (round: number) => string, effect: Effect): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    times.push(await timed(page, act(round), effect));
    await page.waitForTimeout(300);
  }
  return median(times);
}

const ROW = `document.querySelector('[role=row][aria-rowindex="2"]')?.innerText`;
const COUNT = `document.querySelector('[role=grid]').getAttribute('aria-rowcount')`;

/** Clicks on the head of the column by which the table is sorted: the other way round. */
const sort = (page: Page): Promise<number> =>
  rounds(
    page,
    () =>
      `document.querySelector('[role=columnheader]:is([aria-sort=ascending], [aria-sort=descending]) button').click()`,
    { of: ROW },
  );

/** A condition more; each lets fewer trials through. */
const filter = (page: Page): Promise<number> =>
  rounds(
    page,
    (round) => `{
      const input = document.querySelector('main input[type=search]');
      input.value = 'accuracy >= ${[10, 20, 40, 52, 70][round]} %';
      input.dispatchEvent(new Event('input', { bubbles: true }));
      input.form.requestSubmit();
    }`,
    { of: COUNT, paints: SHOWN },
  ).finally(() => page.getByRole('button', { name: 'Show all', exact: true }).click());

const CURVES = `document.querySelector('[role=img][aria-label^="Learning curves"]')`;
const TIP = `${CURVES}.querySelector('.tip')?.outerHTML`;
const pointTo = (x: number, y: number | 'y'): string =>
  `${CURVES}.dispatchEvent(new PointerEvent('pointermove', { bubbles: true, clientX: ${x}, clientY: ${y} }))`;

/** A pointer over the learning curves: the nearest of 1,500 is looked for, marked and named. */
async function hover(page: Page): Promise<number> {
  await page.getByRole('tab', { name: 'Curves' }).click();
  const box = (await page.getByRole('img', { name: /^Learning curves/ }).boundingBox())!;
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const x = box.x + box.width * (0.3 + 0.1 * round);
    const y = await page.evaluate<number>(`(async () => {
      for (let y = ${box.y}; y < ${box.y + box.height}; y += 4) {
        ${pointTo(x, 'y')};
        await new Promise(requestAnimationFrame);
        if (${TIP}) return y;
      }
      throw new Error('There is no curve.');
    })()`);
    await page.evaluate(pointTo(0, 0)); // away from it again
    await page.waitForTimeout(300);
    times.push(
      await timed(page, pointTo(x, y), { of: TIP, paints: ['Learning curves'], canvas: 'last' }),
    );
  }
  return median(times);
}

/** A rectangle drawn over the learning curves, wider each time; each begins with all of them. */
async function zoom(page: Page): Promise<number> {
  await page.getByRole('tab', { name: 'Curves' }).click();
  const stage = page.getByRole('img', { name: /^Learning curves/ });
  await stage.scrollIntoViewIfNeeded();
  const box = (await stage.boundingBox())!;
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await page.mouse.move(box.x + 100, box.y + 40);
    await page.mouse.down();
    await page.mouse.move(box.x + 200 + 40 * round, box.y + 160);
    const up = `${CURVES}.dispatchEvent(new PointerEvent('pointerup', { bubbles: true, pointerId: 1 }))`;
    times.push(await timed(page, up, { of: ZOOMED, paints: ['Learning curves'] }));
    await page.mouse.up();
    await page.getByRole('button', { name: 'Zoom out' }).click();
    await page.waitForTimeout(300);
  }
  return median(times);
}

const ZOOMED = `[...document.querySelectorAll('button')].some((each) => each.innerText === 'Zoom out')`;

/** A range drawn along the accuracy axis of the parallel coordinates: all views follow. */
async function brush(page: Page): Promise<number> {
  await page.getByRole('tab', { name: 'Parallel' }).click();
  const stage = page.getByRole('img', { name: /^Parallel coordinates/ });
  await stage.scrollIntoViewIfNeeded();
  const box = (await stage.boundingBox())!;
  const x = box.x + box.width - 46; // the last axis: accuracy
  await page.mouse.move(x, box.y + 40);
  await page.mouse.down();
  const drawn = await rounds(
    page,
    (round) => {
      // Each lets trials of one rung more through.
      const clientY = box.y + [75, 125, 190, 240, 270][round]!;
      const at = { bubbles: true, clientX: x, clientY };
      return `document.querySelector('[role=img][aria-label^="Parallel coordinates"]')
        .dispatchEvent(new PointerEvent('pointermove', ${JSON.stringify(at)}))`;
    },
    { of: COUNT, paints: ['Parallel coordinates'] },
  );
  await page.mouse.up();
  await page.getByRole('button', { name: /^Remove filter accuracy/ }).click();
  return drawn;
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

/** Scripts and styles that the page starts with, and all of them, compressed. */
async function bundleSizes(): Promise<Figures> {
  const folder = join(import.meta.dirname, '../../dist/renderer');
  const index = await readFile(join(folder, 'index.html'), 'utf8');
  const names = await readdir(join(folder, 'assets'));
  const sizes = await Promise.all(
    names.map(async (name) => {
      const size = gzipSync(await readFile(join(folder, 'assets', name))).length / 1024;
      return { size, first: index.includes(name) };
    }),
  );
  const sum = (each: readonly { size: number }[]): number =>
    each.reduce((total, { size }) => total + size, 0);
  return {
    bundle_gzip_kib: sum(sizes.filter(({ first }) => first)),
    bundle_all_gzip_kib: sum(sizes),
  };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** @param hour seconds in which an hour of streaming is played; 0 leaves it out */
export async function bench({
  json,
  hour = 180,
}: { json?: boolean; hour?: number } = {}): Promise<void> {
  const figures: Figures = {};
  const parts = [measureUi, measureMany, ...(hour > 0 ? [() => measureHour(hour)] : [])];
  for (const measure of parts) {
    const found = { ...(await measure()) };
    Object.assign(figures, found);
    if (!json)
      for (const [name, value] of Object.entries(found))
        console.log(`${name.padEnd(22)} ${value.toFixed(1)}`);
  }
  if (json) console.log(JSON.stringify(figures));
}
