/** A whole lab at work: how long its event loop is held up, and what it needs of memory. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { paperSpace } from '../../core/graph/space.ts';
import { listenOnLocalSocket } from '../../core/connection/local-socket.ts';
import { Lab } from '../../core/lab/lab.ts';
import { openLabFile } from '../../core/store/file/lab-file.ts';
import type { StudyPlan } from '../../core/study/plan.ts';
import { WorkerPool } from '../../core/workers/pool.ts';
import { plan, training } from '../contract/samples.ts';
import { addPlayedStudy } from '../e2e/played-study.ts';
import { eventOf, noEngine, scriptedLab } from '../lab/support.ts';
import type { Pace } from '../soak/formula-worker.ts';
import type { Question } from './asker.ts';
import { median, residentNow } from './measure.ts';

type Figures = Record<string, number>;

/**
 * Milliseconds in which a lab gathers as many events as it ever keeps, and for which it is then
 * looked at.
 */
const BEFORE = 40_000;
const LOOK = 20_000;

/** A long study of three networks that nothing stops. */
const endless = (change: Partial<StudyPlan> = {}): StudyPlan =>
  plan({
    space: { ...paperSpace(3, 'resnet8', ['resnet8']), frozen: false },
    rule: { kind: 'none' },
    training: training({ epochs: 100_000 }),
    duplicates: 'train',
    ...change,
  });

/**
 * Eight processes over the real wire, more than fifty messages a second each, five of them epochs,
 * each with a checkpoint of 70 MiB every ten seconds, and somebody who looks on.
 */
export async function responsiveness(file: string): Promise<Figures> {
  const pace: Pace = { beat: 20, beats: 9, checkpointBytes: 70 << 20, checkpointEvery: 10_000 };
  process.env.KTG_FORMULA = JSON.stringify(pace);
  const lab = new Lab({
    store: openLabFile(file),
    runner: new WorkerPool({
      devices: [
        {
          name: 'cpu',
          title: 'Bench',
          kind: 'cpu',
          memory: null,
          slots: 8,
          maximumSlots: 8,
          present: true,
        },
      ],
      cores: 8,
      program: fileURLToPath(new URL('../soak/formula-worker.ts', import.meta.url)),
    }),
    version: '0.0.0',
    revision: null,
    scheduler: { checkpointEvery: 0 },
    engine: noEngine,
  });
  const leave = await listenOnLocalSocket(lab, file);
  const onlooker = await lookOn(file);
  await lab.request('studies.create', { name: 'busy', plan: endless({ trials: 8 }), start: true });
  let epochs = 0;
  lab.subscribe(['metrics'], (event) => {
    if (event.type === 'epochs') epochs += event.epochs.length;
  });
  await sleep(BEFORE);
  epochs = 0;
  const saved = await checkpointsSoFar(lab);
  const processor = process.cpuUsage();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await sleep(LOOK);
  delay.disable();
  const { user, system } = process.cpuUsage(processor);
  const figures = {
    loop_p50_ms: delay.percentile(50) / 1e6,
    loop_p99_ms: delay.percentile(99) / 1e6,
    loop_max_ms: delay.max / 1e6,
    cores_used: (user + system) / 1000 / LOOK,
    epochs,
    checkpoints_saved: (await checkpointsSoFar(lab)) - saved,
    rss_mib: residentNow(),
    log_mib: statSync(`${file}-wal`).size / 2 ** 20,
    file_mib: statSync(file).size / 2 ** 20,
  };
  onlooker.disconnect();
  leave();
  await lab.close('at-once');
  return figures;
}

/**
 * The longest pause of a lab's loop while each large view is asked for from outside: studies of
 * 1,500 trials of up to 200 epochs, a re-run of 100 seeds, while eight slots report a hundred
 * epochs a second.
 */
export async function requests(file: string, trials: number): Promise<Figures> {
  for (let number = 0; number < 5; number++)
    addPlayedStudy(file, { trials, epochs: 200, name: `P${number}` });
  const { rerun, run } = await addRerun(file);
  const lab = scriptedLab({ slots: 8, pace: 10 }, openLabFile(file));
  const leave = await listenOnLocalSocket(lab, file);
  const onlooker = await lookOn(file);
  await lab.request('studies.create', {
    name: 'busy',
    plan: endless({ trials: 100_000, training: training({ epochs: 200 }) }),
    start: true,
  });
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const longest = async (work: () => Promise<unknown>): Promise<number> => {
    delay.reset();
    delay.enable();
    await work();
    await sleep(SAMPLE);
    delay.disable();
    return delay.max / 1e6;
  };
  const figures: Figures = { nothing_ms: await longest(async () => sleep(2000)) };
  for (const question of questionsOf(file, rerun, run)) {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++)
      times.push(
        await longest(async () => {
          onlooker.send(question);
          await once(onlooker, 'message');
        }),
      );
    figures[`${question[0].replace('.', '_')}_ms`] = median(times);
  }
  onlooker.disconnect();
  leave();
  await lab.close('at-once');
  return { ...figures, longest_ms: Math.max(...Object.values(figures)) };
}

const ROUNDS = 5;
/** Milliseconds until a pause that has just ended is counted. */
const SAMPLE = 5;

const questionsOf = (file: string, rerun: number, run: number): Question[] => [
  ['studies.list', {}],
  ['studies.open', { study: 1 }],
  ['trials.query', { study: 1, limit: 20, sort: { by: 'accuracy', descending: true } }],
  ['decisions.list', { study: 1 }],
  ['studies.timeline', { study: 1 }],
  ['reruns.open', { rerun }],
  ['reruns.list', {}],
  ['reruns.export', { rerun, format: 'json' }],
  ['compare.runs', { runs: Array<number>(12).fill(run) }],
  ['studies.export', { study: 1, weights: true }],
  ['lab.check', {}],
];

/** Trains the best trial again from 100 seeds beside three baselines. */
async function addRerun(file: string): Promise<{ rerun: number; run: number }> {
  const lab = scriptedLab({ slots: 8 }, openLabFile(file));
  const { best } = await lab.request('studies.open', { study: 1 });
  const made = await lab.request('reruns.create', {
    name: 'again',
    from: { run: best!.run },
    seeds: 100,
    baselines: ['independent', 'dml'],
    start: true,
  });
  await eventOf(lab, 'reruns', 'rerun', ({ rerun }) => rerun.rerun.state === 'completed');
  await lab.close();
  return { rerun: made.rerun.id, run: best!.run };
}

/** A process that looks on at a lab. */
async function lookOn(file: string): Promise<ChildProcess> {
  const onlooker = fork(join(import.meta.dirname, 'asker.ts'), [file]);
  await once(onlooker, 'message');
  return onlooker;
}

/** Number of the latest checkpoint of eight trials; they are counted up as they begin. */
async function checkpointsSoFar(lab: Lab): Promise<number> {
  const { rows } = await lab.request('trials.query', { study: 1 });
  const runs = await lab.request('compare.runs', { runs: rows.map(({ run }) => run) });
  return Math.max(0, ...runs.map(({ checkpoint }) => checkpoint?.id ?? 0));
}
