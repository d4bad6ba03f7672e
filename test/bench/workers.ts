import { parseArgs } from 'node:util';
import { template } from '../../core/graph/templates.ts';
import type { Job } from '../../core/search/runner.ts';
import { recipeFor } from '../../core/study/recipe.ts';
import { cores } from '../../core/devices/devices.ts';
import { WorkerPool } from '../../core/workers/pool.ts';
import { Witness, cpu } from '../workers/jobs.ts';

/** Epochs of the measured run; the first one compiles and warms up. */
const EPOCHS = 4;

const job = (run: number, model: string): Job => ({
  run,
  attempt: 1,
  title: 'Bench',
  graph: template('dml', [model, model]),
  seed: run,
  training: {
    data: 'synthetic:train=2000,test=200',
    protocol: 'paper',
    purpose: 'search',
    splitSeed: 0,
    epochs: EPOCHS,
    recipe: recipeFor(EPOCHS),
  },
  rungs: [],
  resume: null,
  teachers: [],
  checkpointEvery: 1e6,
});

/**
 * Runs one job; gives seconds per epoch after the first, when it began and ended, and the engine
 * that trained.
 */
async function measure(pool: WorkerPool, slot: string, run: number, model: string) {
  const witness = new Witness();
  let startedAt = 0;
  witness.onStarted = () => {
    startedAt = performance.now();
  };
  pool.start(slot, job(run, model), witness);
  const end = await witness.over;
  if (end !== 'completed') throw new Error(JSON.stringify(end));
  const seconds =
    witness.epochs.slice(1).reduce((sum, epoch) => sum + epoch.seconds, 0) / (EPOCHS - 1);
  const bytes = Math.max(...witness.progresses.map(({ memory }) => memory));
  const { engine } = witness.environment!;
  return { seconds, startedAt, endedAt: performance.now(), engine, mib: bytes / 2 ** 20 };
}

/**
 * How much k slots on k cores keep of k times a single slot's speed (one thread each), and how long
 * a worker takes from one run to the next of the same architectures.
 */
export async function bench(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      arch: { type: 'string', default: 'resnet8' },
      slots: { type: 'string' },
      json: { type: 'boolean' },
    },
  });
  const slots = Number(values.slots ?? cores());
  const opened = performance.now();
  const pool = new WorkerPool({ devices: [cpu(slots, slots)], cores: slots });
  const names = Array.from({ length: slots }, (_, index) => `cpu:${index}`);
  try {
    // Warm, one after the other.
    const warm = [];
    for (const [at, name] of names.entries())
      warm.push(await measure(pool, name, at + 1, values.arch));
    const alone = await measure(pool, names[0]!, 100, values.arch);
    const together = await Promise.all(
      names.map(async (name, at) => measure(pool, name, 200 + at, values.arch)),
    );
    const speed = together.reduce((sum, { seconds }) => sum + 1 / seconds, 0);
    const efficiency = (speed * alone.seconds) / slots;
    const first = await measure(pool, names[0]!, 300, values.arch);
    const second = await measure(pool, names[0]!, 301, values.arch);
    const between = (second.startedAt - first.endedAt) / 1000;
    const result = {
      arch: values.arch,
      engine: alone.engine,
      slots,
      secondsAlone: alone.seconds,
      secondsTogether: together.map(({ seconds }) => seconds),
      efficiency,
      secondsBetween: between,
      secondsToFirst: (warm[0]!.startedAt - opened) / 1000,
      mibOfSlot: second.mib,
    };
    if (values.json) console.log(JSON.stringify(result));
    else {
      console.log(
        `${alone.engine}: 2 x ${values.arch}, an epoch of 2,000 images: alone ${alone.seconds.toFixed(2)} s, ${slots} at once ${together.map(({ seconds }) => seconds.toFixed(2)).join(', ')} s`,
      );
      console.log(
        `${slots} slots keep ${(100 * efficiency).toFixed(1)} % of the sum of their single speeds (goal: 90 %)`,
      );
      console.log(
        `between two runs of the same architectures: ${between.toFixed(3)} s (goal: below 0.3 s)`,
      );
      console.log(
        `from an empty pool to the first run: ${result.secondsToFirst.toFixed(1)} s; a slot holds ${result.mibOfSlot.toFixed(0)} MiB`,
      );
    }
    return 0;
  } finally {
    await pool.close();
  }
}
