import type { Msg } from '@nats-io/transport-node';
import { LabError, messageOf, problem } from '../base/errors.ts';
import type { LabProblem } from '../base/problem.ts';
import { isPathSpec } from '../data/resolve.ts';
import { officialOf } from '../data/sets/sets.ts';
import type { Device } from '../devices/device.ts';
import type { Job, JobHandle, JobListener, Slot } from '../search/runner.ts';
import type { TrainingPlan } from '../study/plan.ts';
import { DeviceList } from '../workers/device-list.ts';
import type { Budget } from './budget.ts';
import { type Leases, aboutSilence } from './lease.ts';
import type { Link } from './link.ts';
import { pause } from './link.ts';
import { type MachineState, Traffic } from './machine-state.ts';
import {
  type Answer,
  type Beat,
  type Hello,
  type JobKey,
  MAX_MESSAGES_A_SECOND,
  type Order,
  type OrderAnswer,
  PART_BYTES,
  PROTOCOL,
  type Snapshot,
  type Welcome,
  beatSchema,
  helloSchema,
  offerSchema,
  orderAnswerSchema,
  pullSchema,
  reportSchema,
} from './messages.ts';
import { pull, refusePart, sendPart } from './pull.ts';
import { RemoteJob, type RemoteJobContext, isBadMessage } from './remote-job.ts';
import { remoteSlots } from './remote-slots.ts';
import { downSubject } from './subjects.ts';
import { decode, encode } from './wire.ts';

/** Looks between two pings of a machine that is heard. */
const PING_EVERY = 5;
/** Looks without a beat after which each look pings. */
const QUIET = 2;
const PING_WAIT = 4000;
const HELLO_WAIT = 200;
/** Looks for which a machine that misbehaves is cut off. */
const CUT_TIME = 60;
/** Messages that are not allowed, after which a machine is cut off. */
const MAX_BAD = 20;

export interface RemoteMachineOptions {
  link: Link;
  lab: string;
  /** Tells this process of the lab from earlier ones. */
  session: string;
  /** Bytes of weights on their way, over all machines. */
  budget: Budget;
  leases: Leases;
  /** Milliseconds between two looks. */
  lookTime: number;
  /** Seconds. */
  grace: number;
  handEvery: number;
  /** Slots or state may have changed. */
  changed: () => void;
  /** Its agent has come in. */
  cameIn: () => void;
}

/** One machine, the lab's side: its slots, its jobs, and whether it is there. */
export class RemoteMachine {
  readonly id: string;
  readonly name: string;
  readonly #options: RemoteMachineOptions;
  readonly #traffic = new Traffic();
  readonly #jobs = new Map<string, RemoteJob>();
  /** Slots of jobs that end, until the agent has confirmed it. */
  readonly #ending = new Map<string, string>();
  /** Slots of jobs that were left to be adopted. */
  readonly #left = new Map<string, string>();
  /** Slots of devices as the lab wants them, and as this start of the agent was told. */
  readonly #wanted = new Map<string, number>();
  readonly #told = new Map<string, number>();
  #hello: Hello | null = null;
  #devices = new DeviceList([]);
  #agent: ReadonlyMap<string, Slot> = new Map();
  #tick = -1;
  /** Orders to the agent as it was welcomed; null when the next hello begins anew. */
  #orders: AbortController | null = null;
  /** The agent has taken up the lab's session. */
  #isWelcomed = false;
  #isDraining = false;
  #isRemoved = false;
  #problem: LabProblem | null = null;
  #silent = 0;
  #closed = 0;
  #closedAfter = 0;
  #isPinging = false;
  #roundTrip: number | null = null;
  #messages = 0;
  #bad = 0;
  #cut = 0;
  #looks = 0;

  constructor({ id, name }: { id: string; name: string }, options: RemoteMachineOptions) {
    this.id = id;
    this.name = name;
    this.#options = options;
  }

  /** With the machine's name in front. */
  slots(): Slot[] {
    const all = remoteSlots({
      devices: this.#devices.all(),
      agent: this.#agent,
      busy: new Set([...this.#jobs.values()].map(({ slot }) => slot)),
      ending: new Set([...this.#ending.values(), ...this.#left.values()]),
      absent: this.#absence(),
      isDraining: this.#isDraining,
    });
    return all.map((slot) => ({
      ...slot,
      name: this.#full(slot.name),
      device: this.#full(slot.device),
    }));
  }

  devices(): Device[] {
    return this.#devices.all().map((device) => ({ ...device, name: this.#full(device.name) }));
  }

  state(): MachineState {
    const { id, name } = this;
    return {
      id,
      name,
      state: this.#stateWord(),
      versions: this.#hello?.versions ?? null,
      data: this.#hello?.data ?? [],
      devices: this.devices(),
      traffic: this.#traffic.rate,
      roundTrip: this.#roundTrip,
      problem: this.#problem,
    };
  }

  get isReachable(): boolean {
    return this.#silence() === 'reachable';
  }

  /** As `Runner.suits`. */
  suits(training: TrainingPlan): boolean {
    if (isPathSpec(training.data)) return false;
    const isHere = this.#hello?.data.includes(training.data) ?? true;
    return isHere || officialOf(training.data) === undefined;
  }

  /** As `Runner.setSlots`; a machine that has not come yet gets them when it comes. */
  setSlots(device: string, count: number): void {
    if (this.#hello) this.#devices.setSlots(device, count);
    this.#wanted.set(device, count);
    this.#tellSlots();
    this.#options.changed();
  }

  start(slot: string, job: Job, listener: JobListener): JobHandle {
    const state = this.slots().find(({ name }) => name === this.#full(slot))?.state;
    if (state !== 'ready') throw new LabError('workers.slot-not-ready', { name: this.#full(slot) });
    const remote = this.#add({ slot, job, isAdopted: false }, listener);
    void this.#begin(remote);
    return remote;
  }

  /** As `Runner.adopt`. */
  adopt(slot: string, job: Job, listener: JobListener): JobHandle {
    const remote = this.#add({ slot, job, isAdopted: true }, listener);
    this.#left.delete(nameOf(remote.key));
    // An agent that is there says again what it has; another one is waited for.
    if (this.#isWelcomed) this.#ping(true);
    return remote;
  }

  drain(on: boolean): void {
    this.#isDraining = on;
    this.#options.changed();
  }

  /** Its jobs hand over their checkpoints and go on elsewhere. */
  yield(): void {
    this.drain(true);
    void this.#order({ type: 'yield', session: this.#options.session });
  }

  remove(): void {
    this.#isRemoved = true;
    this.#giveUp(problem('agents.removed', { name: this.name }));
  }

  /** The lab ends: jobs go on. */
  close(): void {
    this.#isRemoved = true;
    this.#orders?.abort();
  }

  /** Takes a message of its agent. */
  receive(word: string, message: Msg): void {
    if (this.#isRemoved || this.#cut > 0) return;
    this.#traffic.received(message.data.length);
    if (word !== 'pull' && ++this.#messages > MAX_MESSAGES_A_SECOND) {
      this.#cutOff(`it sent more than ${MAX_MESSAGES_A_SECOND} messages in a second`);
      return;
    }
    try {
      if (word === 'hello') this.#onHello(message);
      else if (word === 'beat') this.#onBeat(decode(beatSchema, message.data));
      else if (word === 'report') this.#onReport(message);
      else if (word === 'offer') this.#onOffer(message);
      else if (word === 'pull') void this.#onPull(message);
    } catch (error) {
      this.#misbehaved(error);
    }
  }

  /** Called at regular times: counting calls leaves out the hours in which a computer sleeps. */
  look(): void {
    this.#looks++;
    this.#messages = 0;
    this.#traffic.look(this.#options.lookTime / 1000);
    if (this.#cut > 0 && --this.#cut === 0) this.#problem = null;
    if (!this.#options.link.connected) return; // nobody could be heard
    const before = this.#silence();
    this.#silent++;
    if (this.#closed > 0) this.#closed++;
    const isQuiet = this.#silent >= QUIET;
    if (isQuiet || (this.#looks + this.id.length) % PING_EVERY === 0) this.#ping(false);
    const now = this.#silence();
    if (now === 'lost' && (this.#orders || this.#jobs.size > 0)) {
      const seconds = Math.round((this.#silent * this.#options.lookTime) / 1000);
      this.#giveUp(problem('agents.lost', { name: this.name, seconds }));
    }
    if (now !== before) this.#options.changed();
  }

  #full(name: string): string {
    return `${this.id}/${name}`;
  }

  #silence(): 'reachable' | 'unreachable' | 'lost' {
    return aboutSilence(
      { silent: this.#silent, closed: this.#closed, closedAfter: this.#closedAfter },
      this.#options.leases,
    );
  }

  #stateWord(): MachineState['state'] {
    if (this.#problem?.code === 'agents.needs-update') return 'needs-update';
    if (!this.isReachable || this.#cut > 0) return 'unreachable';
    if (!this.#isWelcomed) return 'starting';
    return this.#isDraining ? 'draining' : 'reachable';
  }

  /** Why no slot takes a run now; '' when they do. */
  #absence(): string {
    if (!this.isReachable || this.#cut > 0)
      return problem('agents.not-reachable', { name: this.name }).message;
    return this.#isWelcomed ? '' : `The machine ${this.name} comes in.`;
  }

  #add(place: { slot: string; job: Job; isAdopted: boolean }, listener: JobListener): RemoteJob {
    const job = new RemoteJob(place, listener, this.#context());
    this.#jobs.set(nameOf(job.key), job);
    this.#options.changed();
    return job;
  }

  #context(): RemoteJobContext {
    const { session } = this.#options;
    return {
      stop: (job, when, keep) => {
        void this.#order({ type: 'stop', session, ...job.key, when, keep });
      },
      kill: (job) => {
        this.#forget(job);
        void this.#end(job);
      },
      leave: (job) => {
        this.#forget(job);
        this.#left.set(nameOf(job.key), job.slot);
      },
      over: (job, snapshot) => {
        this.#forget(job);
        this.#see(snapshot);
      },
      pull: (job, { sha256, bytes, urgency }, signal) =>
        pull({
          link: this.#options.link,
          subject: downSubject(this.#options.lab, this.id, 'pull'),
          budget: this.#options.budget,
          urgency,
          key: job.key,
          sha256,
          bytes,
          signal,
          onBytes: (count) => {
            this.#traffic.received(count);
          },
        }),
    };
  }

  #forget(job: RemoteJob): void {
    this.#jobs.delete(nameOf(job.key));
    this.#options.changed();
  }

  /** Starts a job at the agent. */
  async #begin(job: RemoteJob): Promise<void> {
    const { session } = this.#options;
    const { resume, teachers, ...plain } = job.job;
    const weights = ({ epoch, bytes, sha256 }: NonNullable<Job['resume']>) => ({
      epoch,
      bytes,
      sha256,
    });
    const answer = await this.#order(
      {
        type: 'start',
        session,
        slot: job.slot,
        job: {
          ...plain,
          resume: resume && weights(resume),
          teachers: teachers.map((each) => ({ node: each.node, weights: weights(each.weights) })),
        },
      },
      () => job.isOn,
    );
    if (answer?.type === 'done') job.confirmed(null);
    else if (answer?.type === 'refused') job.lost(answer.problem);
  }

  /** Ends a job at the agent; its slot is free when the agent has said so. */
  async #end(job: RemoteJob): Promise<void> {
    const name = nameOf(job.key);
    this.#ending.set(name, job.slot);
    const answer = await this.#order({
      type: 'kill',
      session: this.#options.session,
      ...job.key,
    });
    if (answer && this.#ending.delete(name)) this.#options.changed();
  }

  /**
   * Gives an order until it is answered.
   *
   * @returns null when the agent began again, is given up, or the order is not wanted any more
   */
  async #order(order: Order, isWanted = (): boolean => true): Promise<OrderAnswer | null> {
    const { link, lab } = this.#options;
    const orders = this.#orders;
    if (!orders) return null;
    const payload = encode(order);
    for (;;) {
      this.#traffic.sent(payload.length);
      const message = await link.ask(
        downSubject(lab, this.id, 'order'),
        () => (isWanted() ? payload : null),
        orders.signal,
      );
      if (!message) return null;
      const answer = this.#read(() => decode(orderAnswerSchema, message.data));
      if (!answer) return null;
      this.#traffic.received(message.data.length);
      if (answer.type === 'done') this.#see(answer);
      if (answer.type !== 'hello-first') return answer;
      await pause(HELLO_WAIT, orders.signal);
    }
  }

  #tellSlots(): void {
    if (!this.#isWelcomed) return;
    for (const [device, count] of this.#wanted) {
      if (this.#told.get(device) === count) continue;
      this.#told.set(device, count);
      void this.#order({ type: 'slots', session: this.#options.session, device, count });
    }
  }

  #onHello(message: Msg): void {
    const hello = decode(helloSchema, message.data);
    const { protocol } = hello.versions;
    const isNewBoot = this.#hello?.boot !== hello.boot;
    this.#heard();
    if (protocol !== PROTOCOL) {
      this.#hello = hello;
      const { name } = this;
      this.#problem = problem('agents.needs-update', { name, theirs: protocol, ours: PROTOCOL });
      this.#respond(message, { type: 'refused', problem: this.#problem });
      this.#giveUp(this.#problem);
      return;
    }
    if (this.#problem?.code !== 'agents.bad-message') this.#problem = null;
    if (isNewBoot || !this.#orders) this.#beginAnew();
    this.#hello = hello;
    this.#meet(hello);
    const keep = hello.held.filter((held) => this.#keeps(held));
    this.#forgetMissing(hello);
    const { session, grace, handEvery } = this.#options;
    const keys = keep.map(({ run, attempt }) => ({ run, attempt }));
    this.#respond(message, { type: 'welcome', session, keep: keys, grace, handEvery });
    this.#options.cameIn();
    this.#options.changed();
  }

  /** Orders to an earlier start of the agent have lost their meaning. */
  #beginAnew(): void {
    this.#orders?.abort();
    this.#orders = new AbortController();
    this.#isWelcomed = false;
    this.#ending.clear();
    this.#told.clear();
    this.#tick = -1;
  }

  /** Takes over devices and slots; counts that the agent was not told yet are the lab's. */
  #meet(hello: Hello): void {
    this.#devices = new DeviceList(hello.devices);
    for (const [device, count] of this.#wanted)
      if (this.#told.get(device) !== count)
        try {
          this.#devices.setSlots(device, count);
        } catch (error) {
          if (!(error instanceof LabError)) throw error;
          this.#wanted.delete(device); // it has no such device, or not so many slots, any more
        }
    this.#see(hello);
  }

  /** Whether a job of its agent goes on. */
  #keeps(held: Hello['held'][number]): boolean {
    const name = nameOf(held);
    const job = this.#jobs.get(name);
    if (!job) return this.#left.has(name);
    if (job.slot !== held.slot) return false;
    job.confirmed(held);
    // It may have been asked while its agent was away.
    if (job.asked)
      void this.#order({
        type: 'stop',
        session: this.#options.session,
        ...job.key,
        ...job.asked,
      });
    return true;
  }

  /** Jobs that the agent had and does not have any more are lost; others are started now. */
  #forgetMissing({ held }: Hello): void {
    const names = new Set(held.map(nameOf));
    for (const [name, job] of [...this.#jobs]) {
      if (names.has(name)) continue;
      if (job.isConfirmed || job.isAdopted)
        job.lost(problem('agents.forgotten', { name: this.name }));
    }
    for (const name of [...this.#left.keys()]) if (!names.has(name)) this.#left.delete(name);
  }

  #onBeat(beat: Beat): void {
    if (beat.boot !== this.#hello?.boot || beat.session !== this.#options.session) {
      this.#ping(true);
      return;
    }
    this.#heard();
    if (!this.#orders) {
      this.#ping(true); // it was given up, and its jobs are elsewhere
      return;
    }
    this.#see(beat);
    for (const { signs, progress, ...key } of beat.jobs)
      this.#jobs.get(nameOf(key))?.beat(signs, progress);
    if (this.#isWelcomed) return;
    this.#isWelcomed = true;
    this.#tellSlots();
    for (const job of this.#jobs.values()) if (!job.isConfirmed) void this.#begin(job);
    this.#options.changed();
  }

  #onReport(message: Msg): void {
    const report = decode(reportSchema, message.data);
    if (report.session !== this.#options.session || !this.#orders) return;
    this.#heard();
    this.#answer(message, report, async (job) => job.receive(report));
  }

  #onOffer(message: Msg): void {
    const offer = decode(offerSchema, message.data);
    if (offer.session !== this.#options.session || !this.#orders) return;
    this.#heard();
    this.#answer(message, offer, async (job) => job.offered(offer));
  }

  /** Answers for the present attempt of a run; every other attempt is gone. */
  #answer(message: Msg, key: JobKey, work: (job: RemoteJob) => Promise<Answer | null>): void {
    const name = nameOf(key);
    const job = this.#jobs.get(name);
    if (!job) {
      if (!this.#left.has(name)) this.#respond(message, { type: 'gone' });
      return;
    }
    // What it has of an adopted job is known after its next hello: it asks again.
    if (job.isAdopted && !job.isConfirmed) return;
    work(job).then(
      (answer) => {
        if (answer && !this.#isRemoved) this.#respond(message, answer);
      },
      (error: unknown) => {
        if (!isBadMessage(error)) throw error;
        job.fail('protocol', protocolProblem(this.name, error));
        this.#respond(message, { type: 'gone' });
        this.#misbehaved(error);
      },
    );
  }

  /** Gives its agent a part of weights that one of its jobs needs. */
  async #onPull(message: Msg): Promise<void> {
    const wanted = this.#read(() => decode(pullSchema, message.data));
    if (!wanted) return;
    const reader = this.#jobs.get(nameOf(wanted))?.weights(wanted.sha256);
    const release = await this.#options.budget.take(PART_BYTES, 'resume');
    try {
      if (!reader) throw new LabError('agents.weights-gone', wanted);
      const part = await reader.part(wanted.offset);
      this.#traffic.sent(part.length);
      sendPart(message, part);
      await this.#options.link.connection.flush();
    } catch (error) {
      refusePart(message, messageOf(error));
    } finally {
      release();
    }
  }

  #see({ tick, slots }: Snapshot): void {
    if (tick <= this.#tick) return;
    this.#tick = tick;
    const before = this.#agent;
    this.#agent = new Map(slots.map((slot) => [slot.name, slot]));
    const isSame =
      before.size === this.#agent.size &&
      slots.every(({ name, state, problem: why }) => {
        const known = before.get(name);
        return known?.state === state && known.problem === why;
      });
    if (!isSame) this.#options.changed();
  }

  #heard(): void {
    const was = this.#silence();
    this.#silent = 0;
    this.#closed = 0;
    if (was !== 'reachable') this.#options.changed();
  }

  #ping(again: boolean): void {
    if (this.#isPinging && !again) return;
    this.#isPinging = true;
    const { link, lab, session } = this.#options;
    const payload = encode({ type: 'ping', session, again });
    const begun = performance.now();
    this.#traffic.sent(payload.length);
    void link.askOnce(downSubject(lab, this.id, 'order'), payload, PING_WAIT).then((answer) => {
      this.#isPinging = false;
      if (answer === 'nobody-listens') {
        if (this.#closed === 0) this.#closedAfter = this.#silent;
        this.#closed ||= 1;
      } else if (typeof answer === 'object') {
        this.#traffic.received(answer.data.length);
        this.#roundTrip = Math.round(performance.now() - begun);
        this.#closed = 0;
      }
    });
  }

  #respond(message: Msg, answer: Answer | Welcome): void {
    const payload = encode(answer);
    this.#traffic.sent(payload.length);
    message.respond(payload);
  }

  /** Its jobs go on elsewhere; it must say hello before it gets others. */
  #giveUp(why: LabProblem): void {
    this.#orders?.abort();
    this.#orders = null;
    this.#isWelcomed = false;
    this.#left.clear();
    for (const job of [...this.#jobs.values()]) job.lost(why);
    this.#ending.clear();
    this.#options.changed();
  }

  #read<Message>(read: () => Message): Message | null {
    try {
      return read();
    } catch (error) {
      this.#misbehaved(error);
      return null;
    }
  }

  /** Notes a message that is not allowed; throws what is no fault of the agent. */
  #misbehaved(error: unknown): void {
    if (!isBadMessage(error)) throw error;
    this.#problem = problem('agents.bad-message', { why: error.message.slice(0, 300) });
    if (++this.#bad > MAX_BAD) this.#cutOff('it sends messages that are not allowed');
    this.#options.changed();
  }

  #cutOff(why: string): void {
    this.#cut = CUT_TIME;
    this.#bad = 0;
    this.#problem = problem('agents.cut-off', { name: this.name, why });
    this.#giveUp(this.#problem);
  }
}

const nameOf = ({ run, attempt }: JobKey): string => `${run}/${attempt}`;

const protocolProblem = (name: string, error: LabError): LabProblem => ({
  code: '',
  message: `The agent on ${name} sent what is not allowed: ${error.message}`,
  next: 'When it happens again, report it with the log of this run.',
});
