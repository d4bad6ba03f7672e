import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { LabError, problemOf } from '../../base/errors.ts';
import type { LabProblem } from '../../base/problem.ts';
import type { Machine, SlurmLauncher } from '../../study/machine.ts';
import {
  agentFile,
  agentLog,
  agentScript,
  deliverPairing,
  deliverProgram,
  relayScript,
} from './deliver.ts';
import { type HostShell, shellOf } from './host-shell.ts';
import type { LaunchContext, LaunchedJob, Launcher, LaunchState } from './launcher.ts';
import { quoted } from './quoted.ts';
import { fleetChange, readQueue, squeueFormat } from './slurm-jobs.ts';
import { Tunnel } from './ssh.ts';

/** Milliseconds between two looks at the queue, for all jobs of a group together. */
const lookMs = 30_000;
/** Looks that are left out after a refused submission, doubled with each further one. */
const maxSkip = 20;

/**
 * Jobs of a cluster, each with one agent on the cards that it was given: more of them while runs
 * wait in the lab, fewer while nothing waits. Slurm never requeues one; the lab submits another.
 */
export class SlurmFleet implements Launcher {
  readonly #machine: Machine;
  readonly #launcher: SlurmLauncher;
  readonly #context: LaunchContext;
  readonly #agents: readonly string[];
  readonly #prefix: string;
  readonly #shell: HostShell;
  /** Way from the login node to the lab; one with a relay opens once the program is there. */
  #tunnel: Tunnel | null = null;
  readonly #closing = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #state: LaunchState = { step: 'idle', problem: null, jobs: [] };
  #work: Promise<void> | null = null;
  #isDelivered = false;
  /** Jobs of earlier starts of the lab have been looked at. */
  #isLookedAt = false;
  /** Why its agents compute without TensorFlow. */
  #engineProblem: LabProblem | null = null;
  #idle = 0;
  #refused = 0;
  #skip = 0;

  constructor(
    machine: Machine,
    launcher: SlurmLauncher,
    agents: readonly string[],
    context: LaunchContext,
    lookTime = lookMs,
  ) {
    const { host, address } = launcher;
    this.#machine = machine;
    this.#launcher = launcher;
    this.#agents = agents;
    this.#context = context;
    this.#prefix = `ktg-${context.lab}-`;
    this.#shell = shellOf(host);
    if (address === null) this.#openTunnel();
    this.#timer = setInterval(() => {
      this.start();
    }, lookTime);
  }

  start(): void {
    if (this.#closing.signal.aborted) return;
    this.#work ??= this.#look().finally(() => {
      this.#work = null;
    });
  }

  state(): LaunchState {
    const down = this.#tunnel?.problem;
    return { ...this.#state, problem: this.#state.problem ?? (down ? problemOf(down) : null) };
  }

  async end(): Promise<void> {
    await this.close();
    const files = this.#agents.map((agent) => agentFile(this.#context.lab, agent));
    const pairings = files.map((file) => `"$HOME/.ktg-lab/pairings/${file}.json"`).join(' ');
    try {
      const jobs = await this.#queue();
      if (jobs.length > 0) await this.#shell(`scancel ${jobs.map(({ job }) => job).join(' ')}`);
      await this.#shell(`rm -f ${pairings}`);
    } catch (error) {
      // Jobs on a host that is gone keep keys that open nothing any more.
      if (!(error instanceof LabError)) throw error;
    }
  }

  async log(): Promise<string> {
    const texts: string[] = [];
    for (const { agent } of this.#state.jobs.slice(0, 5))
      texts.push(await agentLog(this.#shell, agentFile(this.#context.lab, agent)));
    return texts.join('\n');
  }

  async close(): Promise<void> {
    this.#closing.abort();
    clearInterval(this.#timer);
    await Promise.all([this.#work, this.#tunnel?.close()]);
  }

  async #look(): Promise<void> {
    try {
      const jobs = await this.#queue();
      const { waiting, busyAgents } = this.#context.demand();
      this.#idle = waiting || busyAgents.length > 0 ? 0 : this.#idle + 1;
      const { submit, cancel } = fleetChange({
        ...{ agents: this.#agents, least: this.#launcher.least, jobs },
        ...{ busy: busyAgents, waiting, idle: this.#idle },
      });
      this.#set({ step: 'started', problem: this.#state.problem, jobs });
      await this.#endOutdated(jobs);
      if (cancel.length > 0) await this.#shell(`scancel ${cancel.join(' ')}`);
      if (this.#skip > 0) this.#skip--;
      else {
        const needsRelay = this.#launcher.address !== null && jobs.length > 0;
        if (submit.length > 0 || needsRelay) await this.#deliver(jobs);
        if (submit.length > 0) await this.#submit(submit, jobs);
      }
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      this.#skip = Math.min(maxSkip, 2 ** this.#refused++);
      this.#set({ ...this.#state, step: 'failed', problem: problemOf(error) });
    }
  }

  #openTunnel(): void {
    const { host, port, address } = this.#launcher;
    if (host === null || port === null || this.#tunnel) return;
    const changed = (): void => {
      this.#context.changed();
    };
    const relay = address === null ? null : relayScript(address, port);
    this.#tunnel = new Tunnel(host, `127.0.0.1:${port}`, this.#context.brokerPort, changed, relay);
  }

  async #deliver(jobs: readonly LaunchedJob[]): Promise<void> {
    if (this.#isDelivered) return;
    this.#set({ step: 'delivering', problem: null, jobs });
    const { host } = this.#launcher;
    this.#engineProblem = await deliverProgram(this.#shell, host, this.#closing.signal);
    this.#isDelivered = true;
    this.#openTunnel();
  }

  async #submit(agents: readonly string[], jobs: readonly LaunchedJob[]): Promise<void> {
    const { signal } = this.#closing;
    const submitted: LaunchedJob[] = [...jobs];
    for (const agent of agents) {
      const file = agentFile(this.#context.lab, agent);
      await deliverPairing(this.#shell, file, this.#context.pairing(agent), signal);
      const output = await this.#shell(this.#sbatch(agent, file), {
        input: jobScript(file),
        signal,
      });
      const job = /^(\d+)/.exec(output.trim())?.[1];
      if (job === undefined) throw new LabError('machines.slurm', { words: output.trim() });
      submitted.push({ agent, job, state: 'waiting', reason: '', timeLeft: null });
    }
    this.#refused = 0;
    this.#set({ step: 'started', problem: this.#engineProblem, jobs: submitted });
  }

  /** The script of the job comes on standard input; its words hold no secret. */
  #sbatch(agent: string, file: string): string {
    const { partition, account, gpus, cpus, time } = this.#launcher;
    const words = [
      ...['sbatch', '--parsable', `--job-name=${this.#prefix}${agent}`],
      ...['--no-requeue', '--signal=B:USR1@120', '--open-mode=append', '--nodes=1', '--ntasks=1'],
      ...[`--cpus-per-task=${cpus}`, `--time=${time}`],
      ...(gpus > 0 ? [`--gres=gpu:${gpus}`] : []),
      ...(partition === null ? [] : [`--partition=${partition}`]),
      ...(account === null ? [] : [`--account=${account}`]),
      ...[`--comment=${this.#machine.id}`],
    ];
    const log = `"$HOME/.ktg-lab/log/${file}.log"`;
    return `${words.map(quoted).join(' ')} --chdir="$HOME" --output=${log}`;
  }

  /** Ends jobs whose agents got another pairing: the lab does not let them in any more. */
  async #endOutdated(jobs: readonly LaunchedJob[]): Promise<void> {
    if (this.#isLookedAt || jobs.length === 0) return;
    const files = jobs.map(({ agent }) => quoted(`${agentFile(this.#context.lab, agent)}.json`));
    const sums = await this.#shell(
      `cd "$HOME/.ktg-lab/pairings" && sha256sum ${files.join(' ')} 2>/dev/null; true`,
      { signal: this.#closing.signal },
    );
    const outdated: string[] = [];
    for (const { agent, job } of jobs) {
      const pairing = await readFile(this.#context.pairing(agent));
      if (!sums.includes(createHash('sha256').update(pairing).digest('hex'))) outdated.push(job);
    }
    if (outdated.length > 0) await this.#shell(`scancel ${outdated.join(' ')}`);
    this.#isLookedAt = true;
  }

  async #queue(): Promise<LaunchedJob[]> {
    const { signal } = this.#closing;
    const options = signal.aborted ? {} : { signal };
    const text = await this.#shell(
      `squeue --me --noheader --format=${quoted(squeueFormat)}`,
      options,
    );
    const own = new Set(this.#agents);
    return readQueue(text, this.#prefix).filter(({ agent }) => own.has(agent));
  }

  #set(state: LaunchState): void {
    this.#state = state;
    this.#context.changed();
  }
}

/** Passes the warning before the time limit and every end on to the agent, and waits for it. */
const jobScript = (file: string): string => `#!/bin/sh
${agentScript(file)} &
agent=$!
trap 'kill -TERM "$agent" 2>/dev/null' USR1 TERM
while kill -0 "$agent" 2>/dev/null; do wait "$agent"; code=$?; done
exit "$code"
`;
