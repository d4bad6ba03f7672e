import { problem } from '../base/errors.ts';
import { inBackground } from '../base/in-background.ts';
import type { LabProblem } from '../base/problem.ts';
import type { Job, JobListener, WeightsSource } from '../search/runner.ts';
import {
  type Beat,
  type Hello,
  type JobKey,
  type Offer,
  type Snapshot,
  nameOfJob,
} from './messages.ts';
import type { Orders } from './orders.ts';
import { RemoteJob, type RemoteJobContext } from './remote-job.ts';

export interface MachineJobsOptions {
  /** The machine's name, for people. */
  name: string;
  orders: Orders;
  /** Bytes of a checkpoint of the agent. */
  pull: (job: RemoteJob, offer: Offer, signal: AbortSignal) => AsyncIterable<Uint8Array>;
  /** A data set as the agent knows it. */
  dataOf: (data: string) => string;
  /** The agent has told how its slots are. */
  seen: (snapshot: Snapshot) => void;
  changed: () => void;
}

/** The jobs of the lab on one machine, by attempt. */
export class MachineJobs {
  readonly #options: MachineJobsOptions;
  readonly #jobs = new Map<string, RemoteJob>();
  /** Slots of jobs that end, until the agent has confirmed it. */
  readonly #ending = new Map<string, string>();
  /** Slots of jobs that were left to be adopted. */
  readonly #left = new Map<string, string>();

  constructor(options: MachineJobsOptions) {
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#jobs.size === 0;
  }

  /** Slots with a job of the lab. */
  get busy(): Set<string> {
    return new Set([...this.#jobs.values()].map(({ slot }) => slot));
  }

  /** Slots on which a job ends, or goes on without the lab. */
  get ending(): Set<string> {
    return new Set([...this.#ending.values(), ...this.#left.values()]);
  }

  get(key: JobKey): RemoteJob | undefined {
    return this.#jobs.get(nameOfJob(key));
  }

  /** True of a job that waits to be adopted: its reports are not answered yet. */
  isLeft(key: JobKey): boolean {
    return this.#left.has(nameOfJob(key));
  }

  /** Starts a job at the agent. */
  start(slot: string, job: Job, listener: JobListener): RemoteJob {
    const remote = this.#add({ slot, job, isAdopted: false }, listener);
    inBackground(this.#begin(remote));
    return remote;
  }

  /** Takes up a job that the agent should have. */
  adopt(slot: string, job: Job, listener: JobListener): RemoteJob {
    const remote = this.#add({ slot, job, isAdopted: true }, listener);
    this.#left.delete(nameOfJob(remote.key));
    return remote;
  }

  /** The agent has begun again: it has none of the jobs that it was to end. */
  beginAnew(): void {
    this.#ending.clear();
  }

  /** Starts the jobs at the agent that it has not taken yet. */
  beginAll(): void {
    for (const job of this.#jobs.values()) if (!job.isConfirmed) inBackground(this.#begin(job));
  }

  /**
   * Compares the jobs of the agent with those of the lab: what the agent has no more is lost.
   *
   * @returns the jobs that go on
   */
  match(held: Hello['held']): JobKey[] {
    const kept = held.filter((each) => this.#keeps(each));
    const names = new Set(held.map(nameOfJob));
    for (const [name, job] of [...this.#jobs])
      if (!names.has(name) && (job.isConfirmed || job.isAdopted))
        job.lost(problem('agents.forgotten', { name: this.#options.name }));
    for (const name of [...this.#left.keys()]) if (!names.has(name)) this.#left.delete(name);
    return kept.map(({ run, attempt }) => ({ run, attempt }));
  }

  beat(jobs: Beat['jobs']): void {
    for (const { signs, progress, ...key } of jobs) this.get(key)?.beat(signs, progress);
  }

  /** All jobs go on elsewhere. */
  giveUp(why: LabProblem): void {
    this.#left.clear();
    for (const job of [...this.#jobs.values()]) job.lost(why);
    this.#ending.clear();
  }

  #add(place: { slot: string; job: Job; isAdopted: boolean }, listener: JobListener): RemoteJob {
    const job = new RemoteJob(place, listener, this.#context());
    this.#jobs.set(nameOfJob(job.key), job);
    this.#options.changed();
    return job;
  }

  #context(): RemoteJobContext {
    const { orders, pull, seen } = this.#options;
    return {
      pull,
      stop: (job, when, keep) => {
        inBackground(orders.give({ type: 'stop', ...job.key, when, keep }));
      },
      kill: (job) => {
        this.#forget(job);
        inBackground(this.#end(job));
      },
      leave: (job) => {
        this.#forget(job);
        this.#left.set(nameOfJob(job.key), job.slot);
      },
      over: (job, snapshot) => {
        this.#forget(job);
        seen(snapshot);
      },
    };
  }

  #forget(job: RemoteJob): void {
    this.#jobs.delete(nameOfJob(job.key));
    this.#options.changed();
  }

  async #begin(job: RemoteJob): Promise<void> {
    const { resume, teachers, training, ...plain } = job.job;
    const notice = {
      ...plain,
      training: { ...training, data: this.#options.dataOf(training.data) },
      resume: resume && recordOf(resume),
      teachers: teachers.map(({ node, weights }) => ({ node, weights: recordOf(weights) })),
    };
    const order = { type: 'start', slot: job.slot, job: notice } as const;
    const answer = await this.#options.orders.give(order, () => job.isOn);
    if (answer?.type === 'done') job.confirmed(null);
    else if (answer?.type === 'refused') job.lost(answer.problem);
  }

  /** Ends a job at the agent; its slot is free when the agent has said so. */
  async #end(job: RemoteJob): Promise<void> {
    const name = nameOfJob(job.key);
    this.#ending.set(name, job.slot);
    const answer = await this.#options.orders.give({ type: 'kill', ...job.key });
    if (answer && this.#ending.delete(name)) this.#options.changed();
  }

  #keeps(held: Hello['held'][number]): boolean {
    const job = this.get(held);
    if (!job) return this.isLeft(held);
    if (job.slot !== held.slot) return false;
    job.confirmed(held);
    // It may have been asked while its agent was away.
    if (job.asked)
      inBackground(this.#options.orders.give({ type: 'stop', ...job.key, ...job.asked }));
    return true;
  }
}

/** Weights without the way to read them. */
const recordOf = ({ epoch, bytes, sha256 }: WeightsSource) => ({ epoch, bytes, sha256 });
