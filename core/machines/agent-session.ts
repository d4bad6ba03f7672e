import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Msg } from '@nats-io/transport-node';
import * as v from 'valibot';
import { LabError, messageOf, problem, problemOf } from '../base/errors.ts';
import { inBackground } from '../base/in-background.ts';
import { isPathSpec } from '../data/resolve.ts';
import type { LabProblem } from '../base/problem.ts';
import type { Runner, Slot } from '../search/runner.ts';
import { AgentJob, type AgentJobContext, type StartOrder } from './agent-job.ts';
import type { Blobs } from './blobs.ts';
import { Budget } from './budget.ts';
import { type Link, pause } from './link.ts';
import {
  type Answer,
  type JobKey,
  type Order,
  type OrderAnswer,
  type Snapshot,
  type Versions,
  answerSchema,
  nameOfJob,
  orderSchema,
  pullSchema,
  welcomeSchema,
} from './messages.ts';
import { pull, refusePart, sendPart } from './pull.ts';
import { downSubject, upSubject } from './subjects.ts';
import { decode, encode } from './wire.ts';

/** Bytes of weights of the lab that may be on their way at once. */
const BUDGET = 4 << 20;
/** Milliseconds until a lab that has refused the agent is asked again. */
const REFUSED_WAIT = 30_000;
/** Ended jobs whose starts are still known, so that a start that comes twice does nothing. */
const KEPT_KEYS = 2000;
/** Beats after which a slot whose disk was full is tried again. */
const FULL_TIME = 60;
/** Data sets of which an agent tells why they could not be had. */
const KEPT_FAILURES = 100;
/** Beats between two looks at the data sets. */
const DATA_EVERY = 60;

/** An answer without the start of the agent, which goes with each. */
type OrderResult = OrderAnswer extends infer Each
  ? Each extends OrderAnswer
    ? Omit<Each, 'boot'>
    : never
  : never;

/** Bytes of a file that the lab has. */
type PullArchive = (
  archive: { sha256: string; bytes: number },
  signal: AbortSignal,
) => AsyncIterable<Uint8Array>;

export interface AgentSessionOptions {
  link: Link;
  lab: string;
  machine: string;
  /** What trains on this machine. */
  runner: Runner;
  blobs: Blobs;
  versions: Versions;
  /** Names of the data sets of this machine. */
  data: () => Promise<readonly string[]>;
  /** Gets a data set, from the lab where it can. */
  fetch?: (name: string, pullArchive: PullArchive) => Promise<void>;
  log: (line: string) => void;
  /** Milliseconds between two beats. */
  beat?: number;
}

/**
 * An agent: passes the lab's orders on to the runner of its machine, and what jobs report on to the
 * lab. It trusts its lab only with its slots: no order starts a program or names a path.
 *
 * Longer than 300 lines: greeting, orders and reports share one session with the lab.
 */
export class AgentSession {
  readonly #options: AgentSessionOptions;
  readonly #boot = randomBytes(8).toString('hex');
  readonly #jobs = new Map<string, AgentJob>();
  readonly #ended = new Set<string>();
  readonly #budget = new Budget(BUDGET);
  readonly #beats: NodeJS.Timeout;
  readonly #beatTime: number;
  readonly #undo: (() => void)[];
  readonly #closing = new AbortController();
  /** The lab process that has welcomed this agent. */
  #session: string | null = null;
  #grace = 30 * 60;
  #handEvery = 600;
  #tick = 0;
  #beatCount = 0;
  /** Beats since the last word of the lab. */
  #silent = 0;
  #leaving = false;
  #greeting: 'no' | 'yes' | 'again' = 'no';
  #data: readonly string[] = [];
  /** Data sets on their way. */
  readonly #fetching = new Set<string>();
  /** Why the slots of this machine are broken for a while: its disk is full. */
  #diskFull: LabProblem | null = null;
  #fullUntil = 0;
  /** Data sets that could not be had. */
  readonly #failed = new Map<string, LabProblem>();
  /** The devices that the lab was told of. */
  #toldDevices: unknown = null;

  constructor(options: AgentSessionOptions) {
    this.#options = options;
    this.#beatTime = options.beat ?? 1000;
    const { link, lab, machine, runner } = options;
    const hear = (word: string, listener: (message: Msg) => void): void => {
      link.hear(downSubject(lab, machine, word), listener);
    };
    hear('order', (message) => inBackground(this.#obey(message)));
    hear('pull', (message) => inBackground(this.#serve(message)));
    this.#undo = [
      link.onConnect(() => {
        this.#greet();
      }),
      runner.onSlots(() => {
        if (!isDeepStrictEqual(runner.devices(), this.#toldDevices)) this.#greet();
        else this.#beat();
      }),
    ];
    this.#beats = setInterval(() => {
      this.#look();
    }, this.#beatTime);
    inBackground(
      this.#lookAtData().then(() => {
        this.#greet();
      }),
    );
  }

  /** Jobs that the agent has. */
  get jobs(): readonly JobKey[] {
    return [...this.#jobs.values()].map(({ key }) => key);
  }

  /** Lets all jobs hand their checkpoints over, to go on elsewhere, and takes no others. */
  async leave(milliseconds: number): Promise<void> {
    this.#leaving = true;
    const why = problem('agents.yielded', { name: this.#options.machine });
    for (const job of this.#jobs.values()) job.yield(why);
    this.#beat();
    for (let waited = 0; this.#jobs.size > 0 && waited < milliseconds; waited += 50)
      await pause(50, this.#closing.signal);
  }

  /** Ends all jobs without a word. Does not close link and runner. */
  close(): void {
    this.#closing.abort();
    clearInterval(this.#beats);
    for (const undo of this.#undo) undo();
    for (const job of [...this.#jobs.values()]) job.kill();
  }

  #look(): void {
    this.#beatCount++;
    if (++this.#silent * this.#beatTime > this.#grace * 1000 && this.#jobs.size > 0) {
      this.#options.log(`The lab was silent for ${this.#grace} seconds: all runs end.`);
      for (const job of [...this.#jobs.values()]) job.kill();
    }
    if (this.#beatCount >= this.#fullUntil) this.#diskFull = null;
    if (this.#beatCount % DATA_EVERY === 0) inBackground(this.#lookAtData());
    this.#beat();
  }

  async #lookAtData(): Promise<void> {
    const before = this.#data;
    const { data, log } = this.#options;
    try {
      this.#data = await data();
    } catch (error) {
      log(`The data sets could not be listed: ${messageOf(error)}`);
    }
    if (this.#session !== null && !isDeepStrictEqual(before, this.#data)) this.#greet();
  }

  #beat(): void {
    const session = this.#session;
    if (session === null || this.#closing.signal.aborted) return;
    const { link, lab, machine } = this.#options;
    const jobs = [...this.#jobs.values()].map((job) => job.sign);
    const beat = { boot: this.#boot, session, ...this.#snapshot(), jobs };
    link.tell(upSubject(lab, machine, 'beat'), encode(beat));
  }

  #snapshot(): Snapshot {
    const slots = this.#options.runner.slots().map((slot) => this.#slotOf(slot));
    return { tick: ++this.#tick, slots };
  }

  #slotOf({ name, device, state, problem: why }: Slot): Slot {
    if (this.#leaving && state !== 'busy') return { name, device, state: 'retired', problem: '' };
    if (this.#diskFull && state === 'ready')
      return { name, device, state: 'broken', problem: this.#diskFull.message };
    return { name, device, state, problem: why.slice(0, 2000) };
  }

  /** Says hello until the lab has answered; once more when something changes meanwhile. */
  #greet(): void {
    if (this.#greeting === 'no') inBackground(this.#sayHello());
    else this.#greeting = 'again';
  }

  async #sayHello(): Promise<void> {
    const { link, lab, machine, log } = this.#options;
    for (this.#greeting = 'again'; this.#greeting === 'again' && !this.#closing.signal.aborted;) {
      this.#greeting = 'yes';
      // Answers that came in the same read of the socket count: the lab goes on from this hello.
      await setImmediate();
      let told: readonly AgentJob[] = [];
      const answer = await link.ask(
        upSubject(lab, machine, 'hello'),
        () => {
          told = [...this.#jobs.values()];
          return this.#hello();
        },
        this.#closing.signal,
      );
      if (!answer) break;
      const welcome = this.#checked(() => decode(welcomeSchema, answer.data));
      if (welcome?.type === 'welcome') {
        this.#silent = 0;
        this.#session = welcome.session;
        this.#grace = welcome.grace;
        this.#handEvery = welcome.handEvery;
        const kept = new Set(welcome.keep.map(nameOfJob));
        // Jobs that were started since the hello are the lab's as well.
        for (const job of told) if (!kept.has(nameOfJob(job.key))) job.kill();
        this.#beat();
      } else {
        if (welcome) log(`The lab refuses this machine: ${welcome.problem.message}`);
        await pause(REFUSED_WAIT, this.#closing.signal);
        this.#greeting = 'again';
      }
    }
    this.#greeting = 'no';
  }

  #hello(): Uint8Array {
    const { runner, versions } = this.#options;
    const devices = runner.devices();
    this.#toldDevices = structuredClone(devices);
    return encode({
      boot: this.#boot,
      versions,
      data: this.#data,
      failed: [...this.#failed].map(([data, why]) => ({ data, problem: why })),
      devices,
      ...this.#snapshot(),
      held: [...this.#jobs.values()].map(({ held }) => held),
    });
  }

  async #obey(message: Msg): Promise<void> {
    const order = this.#checked(() => decode(orderSchema, message.data));
    if (!order || this.#closing.signal.aborted) return;
    this.#silent = 0;
    const isKnown = order.session === this.#session;
    if (!isKnown || (order.type === 'ping' && order.again)) this.#greet();
    const answer =
      isKnown || order.type === 'ping' ? await this.#answerTo(order) : { type: 'hello-first' };
    message.respond(encode({ boot: this.#boot, ...answer }));
  }

  async #answerTo(order: Order): Promise<OrderResult> {
    try {
      this.#do(order);
    } catch (error) {
      return { type: 'refused', problem: problemOf(error) };
    }
    await Promise.resolve();
    return { type: 'done', ...this.#snapshot() };
  }

  #do(order: Order): void {
    switch (order.type) {
      case 'start':
        this.#start(order);
        break;
      case 'stop':
        this.#jobs.get(nameOfJob(order))?.stop(order.when, order.keep);
        break;
      case 'kill':
        this.#jobs.get(nameOfJob(order))?.kill();
        break;
      case 'slots':
        this.#options.runner.setSlots(order.device, order.count);
        break;
      case 'fetch':
        if (!this.#options.fetch) throw new LabError('agents.fetches-nothing');
        inBackground(this.#fetch(order.data));
        break;
      case 'yield':
        for (const job of this.#jobs.values())
          job.yield(problem('agents.yielded', { name: this.#options.machine }));
        break;
      case 'ping':
    }
  }

  async #fetch(name: string): Promise<void> {
    const { link, lab, machine, fetch, log } = this.#options;
    if (!fetch || this.#fetching.has(name)) return;
    this.#fetching.add(name);
    const subject = upSubject(lab, machine, 'archive');
    const plain = { link, subject, budget: this.#budget, urgency: 'resume', key: {} } as const;
    log(`Receiving the data set ${name}.`);
    try {
      await fetch(name, ({ sha256, bytes }, signal) => pull({ ...plain, sha256, bytes, signal }));
      this.#failed.delete(name);
      await this.#lookAtData();
    } catch (error) {
      log(`The data set ${name} could not be received: ${messageOf(error)}`);
      this.#failed.set(name, problemOf(error, 'workers.unexpected'));
      if (this.#failed.size > KEPT_FAILURES) this.#failed.clear();
      this.#greet();
    }
    this.#fetching.delete(name);
  }

  #start(order: StartOrder): void {
    const name = nameOfJob(order.job);
    if (this.#jobs.has(name) || this.#ended.has(name)) return; // it came twice
    const { data } = order.job.training;
    if (isPathSpec(data)) throw new LabError('agents.no-path-data', { data });
    const slot = this.#snapshot().slots.find((each) => each.name === order.slot);
    const isTaken = [...this.#jobs.values()].some(
      (job) => job.slot === order.slot && !job.isEnding,
    );
    if (this.#leaving || isTaken || slot?.state !== 'ready')
      throw new LabError('agents.slot-not-ready', { slot: order.slot });
    const job = new AgentJob(order, this.#context());
    this.#jobs.set(name, job);
    try {
      job.begin();
    } catch (error) {
      job.kill();
      throw error;
    }
  }

  #context(): AgentJobContext {
    const { link, lab, machine, runner, blobs } = this.#options;
    const signal = this.#closing.signal;
    const ask = async (word: string, message: () => object | null): Promise<Answer | null> => {
      const answer = await link.ask(
        upSubject(lab, machine, word),
        () => {
          const found = message();
          // Before a welcome nobody could tell whose attempt it is.
          const session = this.#session ?? '0'.repeat(16);
          return found && encode({ boot: this.#boot, session, ...found });
        },
        signal,
      );
      if (!answer) return null;
      this.#silent = 0;
      return this.#checked(() => decode(answerSchema, answer.data));
    };
    return {
      runner,
      blobs,
      report: (message) => ask('report', message),
      offer: (message) => ask('offer', message),
      pull: (key, { sha256, bytes }, given) =>
        pull({
          link,
          subject: upSubject(lab, machine, 'pull'),
          budget: this.#budget,
          urgency: 'resume',
          key,
          sha256,
          bytes,
          signal: given,
        }),
      snapshot: () => this.#snapshot(),
      handEvery: () => this.#handEvery,
      diskFull: (why) => {
        this.#diskFull = why;
        this.#fullUntil = this.#beatCount + FULL_TIME;
        this.#beat();
      },
      over: (job) => {
        this.#forget(job);
      },
    };
  }

  #forget(job: AgentJob): void {
    const name = nameOfJob(job.key);
    if (this.#jobs.get(name) !== job) return;
    this.#jobs.delete(name);
    this.#ended.add(name);
    const [oldest] = this.#ended;
    if (this.#ended.size > KEPT_KEYS && oldest !== undefined) this.#ended.delete(oldest);
  }

  /** Gives the lab a part of a checkpoint that a job keeps for it. */
  async #serve(message: Msg): Promise<void> {
    const wanted = this.#checked(() => decode(pullSchema, message.data));
    if (!wanted) return;
    const { sha256, offset } = wanted;
    try {
      if (!this.#jobs.get(nameOfJob(wanted))?.offers(sha256))
        throw new LabError('agents.weights-gone', { sha256 });
      sendPart(message, await this.#options.blobs.part(sha256, offset));
    } catch (error) {
      refusePart(message, messageOf(error));
    }
  }

  /** What the lab says, or null with a line in the log when it is not allowed. */
  #checked<Message>(read: () => Message): Message | null {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof LabError) && !v.isValiError(error)) throw error;
      this.#options.log(`A message of the lab was refused: ${error.message}`);
      return null;
    }
  }
}
