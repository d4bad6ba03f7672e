import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { findElectron } from '../../build/electron.js';
import { checkout } from '../../build/runtime.js';
import { attachLab } from '../../core/host/attach.ts';
import type { LabApi } from '../../core/lab/api.ts';
import { quickLook } from '../../core/study/presets.ts';
import { WorkerPool } from '../../core/workers/pool.ts';
import { cpu, job, Witness } from '../workers/jobs.ts';
import { median, round } from './measure.ts';

/** Seconds from `npm start` to a trained step, and from the end of a trial to a step of the next. */
const GOALS = { first: 10, next: 0.3 };
/** Trials that follow another one on the same worker. */
const NEXT = 5;

/**
 * How long a person waits before something trains, on a machine that is set up: from `npm start` to
 * the printed link, to the first step of a quick look on a new worker; and from the end of a trial to
 * the first step of the next one with the same networks. Recordings are in the user's cache, as
 * after any earlier run.
 */
export async function bench(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { json: { type: 'boolean' } } });
  await betweenTrials(1); // records the steps of these networks, where that was never done
  const { link, first } = await fromStart();
  const next = await betweenTrials(NEXT);
  const result = {
    secondsToLink: round(link, 2),
    secondsToFirstStep: round(first, 2),
    secondsOfNewWorker: round(next.cold, 2),
    secondsBetweenTrials: round(median(next.between), 3),
    longestBetweenTrials: round(Math.max(...next.between), 3),
    load: round(loadavg()[0]!),
  };
  if (values.json) console.log(JSON.stringify(result));
  else
    console.log(
      [
        `npm start to its link: ${result.secondsToLink} s; to the first trained step of a quick ` +
          `look: ${result.secondsToFirstStep} s (goal: below ${GOALS.first})`,
        `first step of a trial on a new worker: ${result.secondsOfNewWorker} s`,
        `first step of the next trial of the same networks: ${result.secondsBetweenTrials} s, at ` +
          `most ${result.longestBetweenTrials} (goal: below ${GOALS.next}); load ${result.load}`,
      ].join('\n'),
    );
  return 0;
}

/** Starts the app on a new lab file and a quick look in it. Seconds since the start. */
async function fromStart(): Promise<{ link: number; first: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'ktg-start-'));
  const file = join(folder, 'lab.sqlite');
  const window = 'binary' in (await findElectron(checkout));
  // With a window nothing is printed: then the server alone.
  const program = window ? ['build/ktg.js', 'serve'] : ['build/start.js'];
  const begun = performance.now();
  const seconds = (): number => (performance.now() - begun) / 1000;
  const app = spawn(process.execPath, [...program, '--lab', file, '--json'], {
    cwd: checkout,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await nextLine(app);
    const link = seconds();
    const { api, close } = await attachLab(file, 'to-look');
    const trained = firstStep(api);
    await api.request('studies.create', { name: 'Quick look', plan: quickLook(1), start: true });
    await trained;
    const first = seconds();
    await close('at-once');
    return { link, first };
  } finally {
    // Twice: without saving what was trained.
    for (const _ of [1, 2]) app.kill('SIGINT');
    if (app.exitCode === null && app.signalCode === null) await once(app, 'exit');
    rmSync(folder, { recursive: true, force: true });
  }
}

async function nextLine(app: ChildProcess): Promise<void> {
  const lines = createInterface(app.stdout!);
  const [found] = await Promise.race([
    once(lines, 'line').then(() => [true]),
    once(app, 'exit').then(() => [false]),
  ]);
  if (!found) throw new Error('The app ended before it printed its link.');
}

/** Settles when any slot has trained a step. */
const firstStep = (api: LabApi): Promise<void> =>
  new Promise((resolve) => {
    api.subscribe(['slots'], (event) => {
      if (event.type === 'slots' && event.slots.some(({ progress }) => (progress?.step ?? 0) > 0))
        resolve();
    });
  });

/**
 * Trains short runs of the same two networks, one after the other, on a new worker.
 *
 * @param count runs after the first
 * @returns seconds from the end of a run to the first step of the next; `cold`: to the first of all
 */
async function betweenTrials(count: number): Promise<{ cold: number; between: number[] }> {
  const pool = new WorkerPool({ devices: [cpu(1)], cores: 1 });
  try {
    const seconds: number[] = [];
    for (let run = 1; run <= count + 1; run++) seconds.push(await toFirstStep(pool, run));
    return { cold: seconds[0]!, between: seconds.slice(1) };
  } finally {
    await pool.close();
  }
}

/** Runs a job to its end; returns the seconds from its order to its first step. */
async function toFirstStep(pool: WorkerPool, run: number): Promise<number> {
  const witness = new Witness();
  const begun = performance.now();
  let first: number | null = null;
  witness.onProgress = ({ step }) => {
    if (step > 0) first ??= (performance.now() - begun) / 1000;
  };
  const { training } = job();
  const recipe = { ...training.recipe, batch: 64 };
  const short = { ...training, data: 'synthetic:train=640,test=100', epochs: 1, recipe };
  pool.start('cpu:0', job({ run, seed: run, training: short }), witness);
  const end = await witness.over;
  if (end !== 'completed' || first === null) throw new Error(JSON.stringify(end));
  return first;
}
