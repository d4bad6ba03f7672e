import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { paperSpace } from '../../core/graph/space.ts';
import { Scheduler } from '../../core/search/scheduler.ts';
import { openLabFile } from '../../core/store/file/lab-file.ts';
import { openMemoryStore } from '../../core/store/memory.ts';
import type { Store } from '../../core/store/store.ts';
import type { StudyPlan } from '../../core/study/plan.ts';
import { metrics, newStudy, newTrial, training } from '../contract/samples.ts';
import { ManySlots, RACK } from '../search/many-slots.ts';
import { ScriptedRunner } from '../search/scripted-runner.ts';
import { requests, responsiveness } from './busy-lab.ts';

/**
 * Three nodes of one architecture: nine categorical decisions, the gates. Eight rungs and a report
 * at each, then the last: the reports that Optuna gets beside it.
 */
const nineGates = (change: Partial<StudyPlan> = {}): Partial<StudyPlan> => ({
  space: { ...paperSpace(3, 'resnet8', ['resnet8']), frozen: false },
  rule: { kind: 'asha', reductionFactor: 2, minimumResource: 1, rungs: [1, 2, 3, 4, 5, 6, 7, 8] },
  training: training({ epochs: 9 }),
  duplicates: 'train',
  ...change,
});

const TRIALS = 1500;

/** What a part measured; units are in the names. */
type Figures = Record<string, number>;

const parts: Record<string, () => Promise<Figures>> = {
  /** A whole study with formula curves: every report judged and recorded with all its metrics. */
  async reports() {
    return withLabFile((store) => playStudy(store));
  },

  /** The same without a file. */
  async memory() {
    return playStudy(openMemoryStore());
  },

  /** A rack of 100 slots is lost among 1,000 busy ones, and among 10,000. */
  async lost_rack_1000() {
    return loseRack(1000);
  },
  async lost_rack_10000() {
    return loseRack(10_000);
  },

  /** A whole lab with eight busy workers. */
  async responsiveness() {
    return withFolder((folder) => responsiveness(join(folder, 'lab.sqlite')));
  },

  /** A busy lab that is asked for its largest views. */
  async requests() {
    return withFolder((folder) => requests(join(folder, 'lab.sqlite'), TRIALS));
  },

  /** A lab of twenty finished studies of 1,500 trials. */
  async opening() {
    return withFolder(async (folder) => {
      const file = join(folder, 'lab.ktg');
      fill(openLabFile(file), 20);
      const start = performance.now();
      const store = openLabFile(file);
      const scheduler = new Scheduler(store, new ScriptedRunner({ slots: 1 }));
      scheduler.open();
      const studies = store.studies();
      for (const { id } of studies)
        if (!store.bestTrial(id) || !store.trialCounts(id).stopped) throw new Error('not filled');
      const opened = performance.now();
      const last = studies.at(-1)!.id;
      const trials = store.runs({ study: last, kind: 'trial' });
      const curves = store.curves({ study: last });
      const decisions = store.decisions({ study: last });
      const shown = performance.now();
      if (trials.length + curves.length !== 2 * TRIALS || decisions.length === 0)
        throw new Error('not filled');
      await scheduler.close('at-once');
      store.close();
      return {
        open_ms: opened - start,
        study_ms: shown - opened,
        rss_mib: process.memoryUsage().rss / 2 ** 20,
      };
    });
  },
};

/** Plays 1,500 trials on eight slots. */
async function playStudy(store: Store): Promise<Figures> {
  const runner = new ScriptedRunner({
    slots: 8,
    seconds: () => 1,
    accuracy: (job, epoch) => ((job.seed % 997) / 997) * (1 - 1 / (epoch + 1)),
  });
  const study = store.addStudy(newStudy('bench', nineGates({ trials: TRIALS })));
  const marks: number[] = [];
  const done = Promise.withResolvers<undefined>();
  const scheduler = new Scheduler(store, runner, {
    onEvent: (event) => {
      if (event.type === 'slots') marks[runner.started.length] ??= performance.now();
      if (event.type === 'study' && store.study(study.id).state === 'completed')
        done.resolve(undefined);
    },
  });
  const before = process.cpuUsage();
  const start = performance.now();
  scheduler.resume({ study: study.id });
  await done.promise;
  const seconds = (performance.now() - start) / 1000;
  const cpu = process.cpuUsage(before);
  const decisions = store.decisions({ study: study.id }).length;
  await scheduler.close('at-once');
  const third = TRIALS / 3;
  return {
    reports_per_s: runner.reports / seconds,
    cpu_ms: (cpu.user + cpu.system) / 1000,
    reports: runner.reports,
    decisions,
    first_500_trials_ms: marks[third]! - start,
    last_500_trials_ms: marks[TRIALS]! - marks[TRIALS - third]!,
    rss_mib: process.memoryUsage().rss / 2 ** 20,
  };
}

/** Occupies all slots, fails the runs of some of them at once, and waits until all run again. */
async function loseRack(slots: number): Promise<Figures> {
  return withLabFile(async (store) => {
    const runner = new ManySlots(slots);
    const scheduler = new Scheduler(store, runner);
    const study = store.addStudy(newStudy('bench', nineGates({ trials: slots })));
    const begun = performance.now();
    scheduler.resume({ study: study.id });
    while (runner.starts < slots) await setImmediate();
    const occupied = performance.now();
    runner.fail('lost', RACK);
    const lost = performance.now();
    await setImmediate();
    const filled = performance.now();
    // Each of them starts again after a second.
    while (runner.starts < slots + RACK) await setImmediate();
    const again = performance.now();
    await scheduler.close('at-once');
    return {
      start_ms: (occupied - begun) / slots,
      failures_ms: (lost - occupied) / RACK,
      next_turn_ms: filled - lost,
      all_again_ms: again - occupied,
    };
  });
}

/** Finished studies, written without a scheduler. */
function fill(store: Store, studies: number): void {
  for (let number = 0; number < studies; number++) {
    const { id } = store.addStudy(newStudy(`S${number}`, { trials: TRIALS }));
    store.changeStudy(id, { state: 'running' });
    store.transaction(() => {
      for (let trial = 0; trial < TRIALS; trial++) {
        const run = store.addRun(newTrial(id, trial));
        store.changeRun(run.id, { state: 'running' });
        const epochs = trial % 200 === 0 ? 200 : 1 << (trial % 4);
        for (let epoch = 1; epoch <= epochs; epoch++)
          store.addEpoch(run.id, metrics(epoch, epoch / 300));
        store.addDecision(
          run.id,
          {
            rung: 1,
            value: 0.5,
            go: true,
            reason: { kind: 'asha', n: trial + 1, rank: 1, limit: 1 },
          },
          0,
        );
        store.changeRun(run.id, { state: 'stopped' });
      }
    });
    store.changeStudy(id, { state: 'completed' });
  }
  store.close();
}

async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'ktg-bench-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const withLabFile = (work: (store: Store) => Promise<Figures>): Promise<Figures> =>
  withFolder(async (folder) => {
    const store = openLabFile(join(folder, 'lab.ktg'));
    try {
      return await work(store);
    } finally {
      store.close();
    }
  });

const run = promisify(execFile);

/** Each part in a process of its own, so that memory is its own; Optuna when Python has it. */
export async function bench(options: { json?: boolean } = {}): Promise<void> {
  const results: Record<string, Figures> = {};
  for (const name of Object.keys(parts)) {
    const { stdout } = await run(process.execPath, [
      ...process.execArgv,
      import.meta.filename,
      '--part',
      name,
    ]);
    results[name] = JSON.parse(stdout) as Figures;
    if (!options.json) show(name, results[name]);
  }
  try {
    const { stdout } = await run('python3', [join(import.meta.dirname, 'optuna_search.py')]);
    const optuna = JSON.parse(stdout) as Figures;
    const ours = results['reports']!['reports_per_s']!;
    results['optuna'] = {
      ...optuna,
      times_sqlite: ours / optuna['sqlite_reports_per_s']!,
      times_memory: ours / optuna['memory_reports_per_s']!,
    };
    if (!options.json) show('optuna', results['optuna']);
  } catch {
    if (!options.json) console.log('Optuna is not installed for python3: nothing to compare with.');
  }
  if (options.json) console.log(JSON.stringify(results));
}

function show(name: string, figures: Figures): void {
  const shown = Object.entries(figures).map(
    ([key, value]) => `${key} ${Number(value.toPrecision(4))}`,
  );
  console.log(`${name.padEnd(15)} ${shown.join('   ')}`);
}

if (import.meta.main) {
  const name = process.argv[process.argv.indexOf('--part') + 1] ?? '';
  const part = parts[name];
  if (part) console.log(JSON.stringify(await part()));
  else await bench({ json: process.argv.includes('--json') });
}
