/**
 * The app beside eight slots that stream for an hour, played in minutes: frames all the while, and
 * the tab's memory at the end.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { paperPlan } from '../../core/study/presets.ts';
import { openLabFile } from '../../core/store/file/lab-file.ts';
import { LabHere } from '../e2e/lab-here.ts';
import { scriptedLab } from '../lab/support.ts';

const SLOTS = 8;
/**
 * Seconds of an epoch of the paper's networks on a fast card; eight slots bring one about every 0.9
 * s.
 */
const EPOCH = 7;
const HOUR = 3600;

interface HourFigures {
  stream_hour_in_s: number;
  stream_epochs: number;
  stream_trials: number;
  stream_frame_p50_ms: number;
  stream_frame_p95_ms: number;
  stream_heap_mib: number;
  /**
   * Of the tab's process, with everything that Chromium keeps for it; NaN where /proc does not
   * tell.
   */
  stream_tab_mib: number;
}

/** @param seconds in which the hour is played */
export async function measureHour(seconds: number): Promise<HourFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'ktg-bench-'));
  const pace = (EPOCH / SLOTS) * (seconds / HOUR) * 1000;
  const here = await LabHere.open(
    scriptedLab({ slots: SLOTS, pace }, openLabFile(join(folder, 'lab.sqlite'))),
  );
  try {
    const { page } = await here.visit('#/studies');
    let epochs = 0;
    here.lab.subscribe(['metrics'], (event) => {
      if (event.type === 'epochs') epochs += event.epochs.length;
    });
    const plan = paperPlan(1, 3);
    const { study } = await here.lab.request('studies.create', {
      name: 'An hour',
      plan: {
        ...plan,
        space: { ...plan.space, frozen: false },
        training: { ...plan.training, data: 'synthetic' },
      },
      start: true,
    });
    await page.evaluate(`location.hash = '#/studies/${study.id}'`);
    await page.getByRole('grid').waitFor();
    const gaps = await framesFor(page, seconds);
    const { done } = await here.lab.request('studies.open', { study: study.id });
    return {
      stream_hour_in_s: seconds,
      stream_epochs: epochs,
      stream_trials: done,
      stream_frame_p50_ms: gaps[Math.floor(gaps.length / 2)]!,
      stream_frame_p95_ms: gaps[Math.floor(gaps.length * 0.95)]!,
      ...(await memoryOf(page)),
    };
  } finally {
    await here.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Milliseconds between frames, ascending. */
const framesFor = (page: Page, seconds: number): Promise<number[]> =>
  page.evaluate<number[]>(`new Promise((resolve) => {
    const gaps = [];
    const began = performance.now();
    let before = began;
    const step = (now) => {
      gaps.push(now - before);
      before = now;
      if (now - began < ${seconds * 1000}) requestAnimationFrame(step);
      else resolve(gaps.sort((a, b) => a - b));
    };
    requestAnimationFrame(step);
  })`);

async function memoryOf(
  page: Page,
): Promise<Pick<HourFigures, 'stream_heap_mib' | 'stream_tab_mib'>> {
  const tab = await page.context().newCDPSession(page);
  await tab.send('HeapProfiler.collectGarbage');
  const { usedSize } = await tab.send('Runtime.getHeapUsage');
  const browser = await page.context().browser()!.newBrowserCDPSession();
  const { processInfo } = await browser.send('SystemInfo.getProcessInfo');
  const renderers = processInfo
    .filter(({ type }) => type === 'renderer')
    .map(({ id }) => privateBytes(id));
  return { stream_heap_mib: usedSize / 2 ** 20, stream_tab_mib: Math.max(...renderers) / 2 ** 20 };
}

/** Memory that only this process holds. */
function privateBytes(pid: number): number {
  try {
    const lines = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8').matchAll(
      /^Private_\w+: +(\d+) kB$/gm,
    );
    return [...lines].reduce((sum, [, kilobytes]) => sum + Number(kilobytes) * 1024, 0);
  } catch {
    return NaN;
  }
}
