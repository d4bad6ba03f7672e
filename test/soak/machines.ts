import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RandomStream, stream } from '../../core/base/random.ts';
import { openLabFile } from '../../core/store/file/lab-file.ts';
import { TestBroker } from '../machines/broker.ts';
import { AgentProcess, formulaWorker } from '../machines/support.ts';
import { curve } from '../search/scripted-runner.ts';
import { type StudyCounts, checkStudy } from './workers.ts';

export interface MachineSoakCounts extends StudyCounts {
  agentKills: number;
  agentFreezes: number;
  brokerKills: number;
  labKills: number;
}

const AGENTS = ['a', 'b', 'c'];
/** Of each agent. */
const SLOTS = 2;
/** Signs of life in an epoch. */
const BEATS = 4;
/** Epochs that a trial takes on average under the paper's rule, of 16. */
const EPOCHS_A_TRIAL = 3;

/**
 * One study on three agents with real processes of workers, while agents, the broker and the lab
 * are killed with -9 at random moments, and agents are frozen for longer than their leases. At the
 * end no epoch is missing or double, every number is that of its trial, and every decision follows
 * from the arrivals before it.
 *
 * @param minutes of disturbance; the study then goes on to its end in peace
 */
export async function machineSoak(
  minutes: number,
  trials: number,
  seed: number,
  print: (line: string) => void,
): Promise<MachineSoakCounts> {
  const folder = mkdtempSync(join(tmpdir(), 'ktg-soak-'));
  const file = join(folder, 'lab.sqlite');
  const random = stream(seed, 'machine soak');
  const counts: MachineSoakCounts = {
    agentKills: 0,
    agentFreezes: 0,
    brokerKills: 0,
    labKills: 0,
    attempts: 0,
    outcomes: {},
    decisions: 0,
    checkpointsRead: 0,
  };
  const broker = await TestBroker.open(AGENTS);
  const epochs = (trials * EPOCHS_A_TRIAL) / (AGENTS.length * SLOTS);
  const pace = {
    // Undisturbed, the study would take two thirds of the time.
    beat: Math.max(10, (minutes * 40_000) / epochs / BEATS),
    beats: BEATS,
    checkpointBytes: 600_000,
    checkpointEvery: 300,
  };
  const variables = { KTG_TEST_SLOTS: String(SLOTS), KTG_FORMULA: JSON.stringify(pace) };
  const agents = AGENTS.map((id) => new AgentProcess(broker.pairing(id), formulaWorker, variables));
  const lab = new SoakLab(file, JSON.stringify(broker.labKey), trials);
  try {
    const until = performance.now() + minutes * 60_000;
    while (!lab.isDone && performance.now() < until) {
      await Promise.race([sleep(200 + random.below(3000)), lab.done]);
      if (!lab.isDone) await disturb({ agents, broker, lab }, random, counts);
    }
    print(`${JSON.stringify(counts)}; now in peace`);
    await lab.done;
    const store = openLabFile(file);
    assert.deepEqual(await store.check(), []);
    await checkStudy(store, counts);
    assert.equal(counts.outcomes.protocol, undefined, 'an agent broke the contract');
    for (const run of store.runs({ kind: 'trial' }))
      for (const { epoch, nodes } of store.epochs(run.id))
        assert.equal(nodes[0]!.accuracy, curve(run, epoch), `trial ${run.number}`);
    store.close();
    return counts;
  } finally {
    await lab.end();
    await Promise.all(agents.map(async (agent) => agent.close()));
    await broker.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The lab's process, begun again after each kill. */
class SoakLab {
  readonly done: Promise<void>;
  isDone = false;
  readonly #arguments: string[];
  #child!: ChildProcess;
  #isEnding = false;

  constructor(file: string, key: string, trials: number) {
    const program = join(import.meta.dirname, 'machines-lab.ts');
    this.#arguments = [program, file, key, String(trials), ...AGENTS];
    this.done = this.#live();
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  async end(): Promise<void> {
    this.#isEnding = true;
    this.kill();
    await this.done.catch(() => undefined);
  }

  async #live(): Promise<void> {
    while (!this.#isEnding) {
      this.#child = spawn(process.execPath, this.#arguments, {
        stdio: ['ignore', 'ignore', 'inherit'],
        env: { ...process.env, NODE_TEST_CONTEXT: undefined },
      });
      const [code, signal] = (await once(this.#child, 'exit')) as [number | null, string | null];
      if (code === 0) break;
      assert.equal(signal, 'SIGKILL', `the lab ended with ${code ?? signal}`);
    }
    this.isDone = true;
  }
}

async function disturb(
  { agents, broker, lab }: { agents: AgentProcess[]; broker: TestBroker; lab: SoakLab },
  random: RandomStream,
  counts: MachineSoakCounts,
): Promise<void> {
  const victim = agents[random.below(agents.length)]!;
  const chance = random.uniform();
  if (chance < 0.35) {
    await victim.end('SIGKILL');
    await sleep(random.below(6000));
    victim.start();
    counts.agentKills++;
  } else if (chance < 0.55) {
    victim.child.kill('SIGSTOP');
    await sleep(1000 + random.below(7000));
    victim.child.kill('SIGCONT');
    counts.agentFreezes++;
  } else if (chance < 0.75) {
    await broker.kill();
    await sleep(random.below(2000));
    await broker.start();
    counts.brokerKills++;
  } else {
    lab.kill();
    counts.labKills++;
  }
}
