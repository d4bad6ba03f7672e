import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Runner } from '../../core/search/runner.ts';
import { openLabFile } from '../../core/store/file/lab-file.ts';
import type { Store } from '../../core/store/store.ts';
import type { StudyPlan } from '../../core/study/plan.ts';
import { newStudy } from '../contract/samples.ts';
import type { HostedAgents } from '../machines/agent-host.ts';
import { TestBroker } from '../machines/broker.ts';
import { RemoteLab } from '../machines/lab.ts';
import { Proxy } from '../machines/proxy.ts';
import { ScriptedRunner } from '../search/scripted-runner.ts';
import { noFrozen, trialsOf } from '../search/studies.ts';
import { Witness, job } from '../workers/jobs.ts';

interface Bar {
  bar: string;
  demand: string;
  measured: string;
  met: boolean;
}

type Measure = (folder: string) => Promise<Bar[]>;

const SECOND = 1000;
/** Milliseconds of an epoch where the overhead is measured. */
const PACE = 200;
/** Agents of one host process: more of them would measure that process. */
const AGENTS_A_HOST = 150;

/** Everything that a measurement starts, ended with it. */
class Bench {
  readonly broker: TestBroker;
  readonly ids: readonly string[];
  readonly #folder: string;
  readonly #hosts: ChildProcess[] = [];
  readonly #labs: RemoteLab[] = [];
  /** When the agents of the latest hosts began to connect. */
  begunAt = 0;

  private constructor(broker: TestBroker, ids: readonly string[], folder: string) {
    this.broker = broker;
    this.ids = ids;
    this.#folder = folder;
  }

  static async open(agents: number, folder: string): Promise<Bench> {
    const ids = Array.from({ length: agents }, (_, index) => `m${index}`);
    return new Bench(await TestBroker.open(ids), ids, folder);
  }

  /** Starts agents in processes of their own; settles when all are connected. */
  async host(...args: Parameters<Bench['load']>): Promise<ChildProcess[]> {
    const started = await this.load(...args);
    await this.connect(started);
    return started;
  }

  /** Starts processes that load the program of agents; none of them connects yet. */
  async load(
    script: HostedAgents['script'],
    ids = this.ids,
    port = this.broker.port,
  ): Promise<ChildProcess[]> {
    const started: ChildProcess[] = [];
    for (let start = 0; start < ids.length; start += AGENTS_A_HOST) {
      const file = join(this.#folder, `${this.#hosts.length}.json`);
      const pairings = ids
        .slice(start, start + AGENTS_A_HOST)
        .map((id) => this.broker.pairing(id, port));
      const hosted: HostedAgents = { pairings, script, beat: SECOND };
      writeFileSync(file, JSON.stringify(hosted));
      const program = join(import.meta.dirname, '../machines/agent-host.ts');
      const child = spawn(process.execPath, [program, file], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      this.#hosts.push(child);
      started.push(child);
    }
    await Promise.all(started.map(async (child) => lineOf(child)));
    return started;
  }

  /** Lets loaded agents connect; settles when all are. */
  async connect(started: readonly ChildProcess[]): Promise<void> {
    this.begunAt = performance.now();
    const connected = Promise.all(started.map(async (child) => lineOf(child)));
    for (const child of started) child.stdin!.write('go\n');
    await connected;
  }

  async lab(store?: Store, ids = this.ids): Promise<RemoteLab> {
    const lab = await RemoteLab.open(this.broker, ids, {
      ...(store && { store }),
      machines: { lookTime: SECOND },
      scheduler: { delayDivisor: 1 },
    });
    this.#labs.push(lab);
    return lab;
  }

  /** The lab's file on this disk. */
  store(): Store {
    return openLabFile(join(this.#folder, 'lab.sqlite'));
  }

  async close(): Promise<void> {
    for (const lab of this.#labs) await lab.close();
    for (const { store } of this.#labs) store.close();
    for (const child of this.#hosts) child.kill('SIGKILL');
    await this.broker.close();
  }
}

/** Settles with the next output of a process. */
async function lineOf(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit').then(() => {
    throw new Error('A process of agents ended.');
  });
  await Promise.race([once(child.stdout!, 'data'), ended]);
  ended.catch(() => undefined);
}

const readySlots = (runner: Runner): number =>
  runner.slots().filter(({ state }) => state === 'ready').length;
const isReady = (lab: RemoteLab, slots: number) => (): boolean =>
  readySlots(lab.machines) === slots;

const study = (store: Store, change: Partial<StudyPlan>): number =>
  store.addStudy(newStudy('Bench', { space: noFrozen, duplicates: 'train', ...change })).id;

const sorted = (values: readonly number[]): number[] => values.toSorted((a, b) => a - b);
const partOf = (values: readonly number[], part: number): number =>
  sorted(values)[Math.min(values.length - 1, Math.floor(values.length * part))]!;
const ms = (value: number): string => `${value.toFixed(value < 10 ? 1 : 0)} ms`;
const seconds = (value: number): string => `${(value / SECOND).toFixed(1)} s`;

/** Milliseconds of a trial of four rungs on each slot, several times. */
async function trialTimes(runner: Runner, rounds: number): Promise<number[]> {
  const times: number[] = [];
  let run = 0;
  // The rule stops it at its fourth rung: no weights are handed over.
  const plan = { ...job().training, epochs: 5 };
  for (let round = 0; round < rounds; round++) {
    const slots = runner.slots().filter(({ state }) => state === 'ready');
    await Promise.all(
      slots.map(async ({ name }, index) => {
        // Real trials do not all report in the same millisecond.
        await sleep((index / slots.length) * PACE);
        const witness = new Witness();
        witness.verdict = (epoch) => (epoch === 4 ? 'stop' : 'go-on');
        const started = performance.now();
        runner.start(name, job({ run: ++run, training: plan, rungs: [1, 2, 3, 4] }), witness);
        await witness.over;
        times.push(performance.now() - started);
      }),
    );
    while (readySlots(runner) < slots.length) await sleep(5);
  }
  return times;
}

/** Overhead of a trial: on a remote slot minus on a local one. */
const overhead =
  (agents: number, most: number, mostRare: number): Measure =>
  async (folder) => {
    const local = new ScriptedRunner({ slots: 1, pace: PACE });
    const before = partOf(await trialTimes(local, 12), 0.5);
    await local.close();
    const bench = await Bench.open(agents, folder);
    try {
      const lab = await bench.lab();
      await bench.host({ slots: 1, pace: PACE });
      await lab.until(isReady(lab, agents));
      const times = (await trialTimes(lab.machines, 3)).map((time) => time - before);
      const [median, rare] = [partOf(times, 0.5), partOf(times, 0.99)];
      return [
        {
          bar: `overhead of a trial of 4 rungs, ${agents} agents`,
          demand: `median <= ${most} ms, p99 <= ${mostRare} ms`,
          measured: `${ms(median)}, ${ms(rare)}`,
          met: median <= most && rare <= mostRare,
        },
      ];
    } finally {
      await bench.close();
    }
  };

/** Reports a second into a lab file, and how long the lab's loop is blocked meanwhile. */
const throughput =
  (agents: number, slots: number, trials: number): Measure =>
  async (folder) => {
    const bench = await Bench.open(agents, folder);
    try {
      const lab = await bench.lab(bench.store());
      await bench.host({ slots });
      await lab.until(isReady(lab, agents * slots));
      const id = study(lab.store, { trials });
      const loop = monitorEventLoopDelay({ resolution: 5 });
      loop.enable();
      const begun = performance.now();
      lab.scheduler.resume({ study: id });
      await lab.until(() => lab.store.study(id).state !== 'running');
      const took = performance.now() - begun;
      loop.disable();
      const reports = trialsOf(lab.store, id).reduce((sum, { epoch }) => sum + epoch, 0);
      const rate = (reports * SECOND) / took;
      const delay = loop.percentile(99) / 1e6;
      return [
        {
          bar: `reports a second with SQLite, ${agents * slots} slots of ${agents} agents`,
          demand: '>= 500/s; other requests <= 50 ms p99',
          measured: `${Math.round(rate)}/s; ${ms(delay)}`,
          met: rate >= 500 && delay <= 50,
        },
      ];
    } finally {
      await bench.close();
    }
  };

/** Seconds of processor time of a process so far (Linux). */
function processorTime(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** Clock ticks in a second, for Linux. */
const TICKS = 100;

const thousand: Measure = async (folder) => {
  const bench = await Bench.open(1000, folder);
  try {
    const lab = await bench.lab();
    const hosts = await bench.load({ slots: 1 });
    const others = [bench.broker.pid!, ...hosts.map(({ pid }) => pid!)];
    const times = (): number[] => [process.pid, ...others].map((pid) => processorTime(pid));
    const begun = times();
    const hosting = bench.connect(hosts);
    // Looking at each event would measure the looks.
    while (readySlots(lab.machines) < 1000) await sleep(50);
    const connected = performance.now() - bench.begunAt;
    const [own = 0, broker = 0, ...agents] = times().map((time, at) => time - begun[at]!);
    const share = own / (connected / SECOND);
    await hosting;
    const rest = 20;
    const before = process.cpuUsage();
    const lost = lossesOf(lab);
    await sleep(rest * SECOND);
    const { user, system } = process.cpuUsage(before);
    const load = (user + system) / 1e6 / rest;
    const rates = lab.machines.machines().map(({ traffic }) => traffic.up + traffic.down);
    const rate = partOf(rates, 0.5);
    const sum = agents.reduce((total, time) => total + time, 0);
    return [
      {
        bar: '1,000 agents of 7 processes connected and ready',
        demand: '<= 5 s, lab <= 50 % of a core',
        measured:
          `${seconds(connected)}, lab ${Math.round(share * 100)} %; processor time: lab ` +
          `${own.toFixed(1)} s, broker ${broker.toFixed(1)} s, agents ${sum.toFixed(1)} s`,
        met: connected <= 5 * SECOND && share <= 0.5,
      },
      {
        bar: `1,000 agents at rest for ${rest} s`,
        demand: 'lab <= 50 % of a core, no disconnect',
        measured: `${Math.round(load * 100)} %, ${lost()} lost`,
        met: load <= 0.5 && lost() === 0,
      },
      {
        bar: 'traffic at rest of a machine',
        demand: '<= 2 kB/s',
        measured: `${rate} B/s`,
        met: rate <= 2000,
      },
    ];
  } finally {
    await bench.close();
  }
};

/** Counts connections of the lab that broke, and machines that were not reachable. */
function lossesOf(lab: RemoteLab): () => number {
  let count = 0;
  const were = new Set<string>();
  const look = (): void => {
    for (const { id, state } of lab.machines.machines()) {
      if (state === 'unreachable' && !were.has(id)) count++;
      if (state === 'unreachable') were.add(id);
      else were.delete(id);
    }
  };
  setInterval(look, SECOND).unref();
  return () => count;
}

const handOver: Measure = async (folder) => {
  const agents = 30;
  const bytes = 20_000_000;
  const bench = await Bench.open(agents, folder);
  try {
    const lab = await bench.lab(bench.store());
    await bench.host({ slots: 1, pace: 200, checkpointBytes: bytes });
    await lab.until(isReady(lab, agents));
    const id = study(lab.store, { trials: agents, rule: { kind: 'none' } });
    lab.scheduler.resume({ study: id });
    await lab.until(() => trialsOf(lab.store, id).filter((run) => run.epoch > 0).length === agents);
    const lost = lossesOf(lab);
    const loop = monitorEventLoopDelay({ resolution: 5 });
    loop.enable();
    const begun = performance.now();
    lab.scheduler.pause({ study: id }, 'now');
    await lab.until(() => lab.scheduler.occupations().length === 0);
    const took = performance.now() - begun;
    loop.disable();
    const stored = lab.store.checkpoints().filter((each) => each.bytes === bytes).length;
    const delay = loop.percentile(99) / 1e6;
    return [
      {
        bar: `${agents} x 20 MB handed over at once into SQLite`,
        demand: '<= 10 s, no disconnect, other requests <= 100 ms',
        measured: `${seconds(took)}, ${lost()} lost, ${ms(delay)}, ${stored} stored`,
        met: took <= 10 * SECOND && lost() === 0 && delay <= 100 && stored === agents,
      },
    ];
  } finally {
    await bench.close();
  }
};

const killedAgent: Measure = async (folder) => {
  const bench = await Bench.open(2, folder);
  try {
    const lab = await bench.lab();
    const [victim] = await bench.host({ slots: 4, pace: 100 }, [bench.ids[0]!]);
    await lab.until(isReady(lab, 4));
    const id = study(lab.store, { trials: 4, rule: { kind: 'none' }, training: longTraining });
    lab.scheduler.resume({ study: id });
    await lab.until(() => trialsOf(lab.store, id).filter((run) => run.epoch > 0).length === 4);
    await bench.host({ slots: 4, pace: 100 }, [bench.ids[1]!]);
    await lab.until(() => readySlots(lab.machines) === 4);
    const begun = performance.now();
    victim!.kill('SIGKILL');
    await lab.until(
      () => lab.store.attempts({ study: id }).filter(({ number }) => number === 2).length === 4,
    );
    const took = performance.now() - begun;
    return [
      {
        bar: 'agent killed with -9: its 4 runs begun elsewhere',
        demand: '<= 15 s',
        measured: seconds(took),
        met: took <= 15 * SECOND,
      },
    ];
  } finally {
    await bench.close();
  }
};

const longTraining = { ...newStudy().plan.training, epochs: 200 };

const killedBroker: Measure = async (folder) => {
  const bench = await Bench.open(30, folder);
  try {
    const lab = await bench.lab();
    await bench.host({ slots: 1, pace: 50 });
    await lab.until(isReady(lab, 30));
    const id = study(lab.store, { trials: 60, rule: { kind: 'none' } });
    lab.scheduler.resume({ study: id });
    await lab.until(() => trialsOf(lab.store, id).some((run) => run.epoch > 5));
    await bench.broker.kill();
    const begun = performance.now();
    await bench.broker.start();
    const reporting = new Set<number>();
    const heard = lab.events.length;
    await lab.until(() => {
      for (const event of lab.events.slice(heard))
        if (event.type === 'epoch') reporting.add(event.run);
      return reporting.size >= 30;
    });
    const took = performance.now() - begun;
    await lab.until(() => lab.store.study(id).state !== 'running');
    const trials = trialsOf(lab.store, id);
    const whole = trials.filter((run) => run.epoch === 16 && run.attempts === 1).length;
    return [
      {
        bar: 'broker killed with -9: reports of all 30 slots again',
        demand: '<= 3 s, no report lost, no attempt lost',
        measured: `${seconds(took)}, ${trials.length - whole} of ${trials.length} trials disturbed`,
        met: took <= 3 * SECOND && whole === trials.length,
      },
    ];
  } finally {
    await bench.close();
  }
};

const silentNetwork: Measure = async (folder) => {
  const bench = await Bench.open(1, folder);
  const proxy = await Proxy.before(bench.broker);
  try {
    const lab = await bench.lab();
    await bench.host({ slots: 1, pace: 200 }, bench.ids, proxy.port);
    await lab.until(isReady(lab, 1));
    const training = { ...longTraining, epochs: 150 };
    const id = study(lab.store, { trials: 1, rule: { kind: 'none' }, training });
    lab.scheduler.resume({ study: id });
    await lab.until(() => (trialsOf(lab.store, id)[0]?.epoch ?? 0) > 5);
    proxy.silence(true);
    await sleep(20 * SECOND);
    const before = trialsOf(lab.store, id)[0]!.epoch;
    proxy.silence(false);
    const begun = performance.now();
    await lab.until(() => trialsOf(lab.store, id)[0]!.epoch > before);
    const first = performance.now() - begun;
    await lab.until(() => lab.store.study(id).state !== 'running');
    const [run] = trialsOf(lab.store, id);
    const numbers = lab.store.epochs(run!.id).map(({ epoch }) => epoch);
    const inOrder = numbers.length === 150 && numbers.every((epoch, at) => epoch === at + 1);
    return [
      {
        bar: 'network silent for 20 s while 100 epochs are reported',
        demand: 'in order, none lost or doubled, first <= 10 s after healing',
        measured: `${seconds(first)}, ${numbers.length} of 150 epochs, ${run!.attempts} attempt`,
        met: first <= 10 * SECOND && inOrder && run!.attempts === 1,
      },
    ];
  } finally {
    await proxy.close();
    await bench.close();
  }
};

const restartedLab: Measure = async (folder) => {
  const bench = await Bench.open(30, folder);
  try {
    const store = bench.store();
    const first = await bench.lab(store);
    await bench.host({ slots: 1, pace: 200 });
    await first.until(isReady(first, 30));
    const training = { ...longTraining, epochs: 40 };
    const id = study(store, { trials: 30, rule: { kind: 'none' }, training });
    first.scheduler.resume({ study: id });
    await first.until(() => trialsOf(store, id).filter((run) => run.epoch > 3).length === 30);
    await first.close();
    const begun = performance.now();
    const lab = await bench.lab(store);
    lab.scheduler.open();
    const reporting = new Set<number>();
    await lab.until(() => {
      for (const event of lab.events) if (event.type === 'epoch') reporting.add(event.run);
      return reporting.size === 30;
    });
    const took = performance.now() - begun;
    await lab.until(() => store.study(id).state !== 'running');
    const attempts = store.attempts({ study: id }).length;
    return [
      {
        bar: 'lab restarted with 30 busy slots: all report again',
        demand: '<= 10 s, 0 epochs lost',
        measured: `${seconds(took)}, ${attempts} attempts of 30 runs`,
        met: took <= 10 * SECOND && attempts === 30,
      },
    ];
  } finally {
    await bench.close();
  }
};

const measures: Readonly<Record<string, Measure>> = {
  'overhead-30': overhead(30, 5, 50),
  'overhead-300': overhead(300, 20, 200),
  'throughput-30': throughput(3, 10, 700),
  'throughput-300': throughput(300, 1, 700),
  thousand,
  'hand-over': handOver,
  'killed-agent': killedAgent,
  'killed-broker': killedBroker,
  'silent-network': silentNetwork,
  'restarted-lab': restartedLab,
};

/** Measures all bars of other machines, or the named ones; 1 when one is not met. */
export async function bench(args: string[]): Promise<number> {
  const json = args.includes('--json');
  const named = args.filter((name) => name in measures);
  const found: Bar[] = [];
  for (const [name, measure] of Object.entries(measures)) {
    if (named.length > 0 && !named.includes(name)) continue;
    const folder = mkdtempSync(join(tmpdir(), 'ktg-bench-'));
    try {
      for (const bar of await measure(folder)) {
        found.push(bar);
        if (!json) console.log(rowOf(bar));
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  const machine = `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, node ${process.versions.node}`;
  if (json) console.log(JSON.stringify({ machine, bars: found }, null, 2));
  else console.log(machine);
  return found.every(({ met }) => met) ? 0 : 1;
}

const rowOf = ({ bar, demand, measured, met }: Bar): string =>
  `${met ? 'met   ' : 'missed'} ${bar.padEnd(58)} ${demand.padEnd(64)} ${measured}`;
