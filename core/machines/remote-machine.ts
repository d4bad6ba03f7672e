import type { Msg } from '@nats-io/transport-node';
import { LabError, messageOf, problem } from '../base/errors.ts';
import { inBackground } from '../base/in-background.ts';
import type { LabProblem } from '../base/problem.ts';
import type { Device } from '../devices/device.ts';
import type { Job, JobHandle, JobListener, Slot } from '../search/runner.ts';
import type { DevicePlace } from '../study/place.ts';
import type { TrainingPlan } from '../study/plan.ts';
import { DeviceList } from '../workers/device-list.ts';
import type { Budget } from './budget.ts';
import { Conduct } from './conduct.ts';
import type { Deliveries } from './deliveries.ts';
import { type Leases, Presence } from './lease.ts';
import type { Link } from './link.ts';
import { MachineData } from './machine-data.ts';
import { MachineJobs } from './machine-jobs.ts';
import { type MachineState, Traffic } from './machine-state.ts';
import {
  type Answer,
  type Beat,
  type Hello,
  type JobKey,
  type Offer,
  PART_BYTES,
  PROTOCOL,
  type Snapshot,
  type Welcome,
  archivePullSchema,
  beatSchema,
  helloSchema,
  offerSchema,
  pullSchema,
  reportSchema,
} from './messages.ts';
import { Orders } from './orders.ts';
import { pull, refusePart, sendPart } from './pull.ts';
import { type RemoteJob, isBadMessage } from './remote-job.ts';
import { remoteSlots } from './remote-slots.ts';
import { downSubject } from './subjects.ts';
import { decode, encode } from './wire.ts';

/** Looks between two pings of a machine that is heard. */
const PING_EVERY = 5;
/** Looks without a beat after which another agent with the same pairing may come in. */
const RIVAL_LOOKS = 3;
/** Looks for which people read of two agents after the last word of the other one. */
const RIVAL_TIME = 60;
/** Looks without a beat after which each look pings. */
const QUIET = 2;
/** What the lab knows of a machine before its agent connects. */
export interface MachineRecord {
  id: string;
  name: string;
  /** Id of the group of jobs that it belongs to; default its own. */
  group?: string;
}

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
  deliveries: Deliveries;
  /** Slots or state may have changed. */
  changed: () => void;
  /** Its agent has come in. */
  cameIn: () => void;
}

/**
 * One machine, the lab's side: its slots, its jobs, and whether it is there.
 *
 * Longer than 300 lines: every message of an agent is taken here, where all that the lab knows of it
 * meets; the decisions are in `lease.ts`, `conduct.ts`, `remote-slots.ts`, `machine-jobs.ts` and
 * `orders.ts`.
 */
export class RemoteMachine {
  readonly id: string;
  readonly name: string;
  /** Id of the machine or group of jobs that its agent belongs to. */
  readonly #group: string;
  readonly #options: RemoteMachineOptions;
  readonly #traffic = new Traffic();
  readonly #jobs: MachineJobs;
  /** Slots of devices as the lab wants them, and as this start of the agent was told. */
  readonly #wanted = new Map<string, number>();
  readonly #told = new Map<string, number>();
  readonly #data: MachineData;
  #hello: Hello | null = null;
  #devices = new DeviceList([]);
  #agent: ReadonlyMap<string, Slot> = new Map();
  #tick = -1;
  readonly #orders: Orders;
  readonly #presence: Presence;
  readonly #conduct = new Conduct();
  /** The agent has taken up the lab's session. */
  #isWelcomed = false;
  #isDraining = false;
  #isRemoved = false;
  #problem: LabProblem | null = null;
  #looks = 0;
  /** The look at which another agent with the same pairing was heard. */
  #rivalAt = -Infinity;
  /** The slots until something changes. */
  #slots: readonly Slot[] | null = null;

  constructor({ id, name, group = id }: MachineRecord, options: RemoteMachineOptions) {
    this.id = id;
    this.#group = group;
    this.name = name;
    this.#options = options;
    this.#presence = new Presence(options.leases);
    this.#orders = new Orders({
      link: options.link,
      subject: downSubject(options.lab, id, 'order'),
      session: options.session,
      traffic: this.#traffic,
      isOwn: (boot) => this.#isOwn(boot),
      seen: (snapshot) => {
        this.#see(snapshot);
      },
      misbehaved: (error) => {
        this.#misbehaved(error);
      },
    });
    this.#data = new MachineData({
      name,
      deliveries: options.deliveries,
      fetch: (data) => {
        if (!this.#isWelcomed) return null;
        return this.#orders.give({ type: 'fetch', data }).then((answer) => {
          const isTaken = answer?.type !== 'refused';
          if (!isTaken) this.#changed();
          return isTaken;
        });
      },
    });
    this.#jobs = new MachineJobs({
      name,
      orders: this.#orders,
      pull: (...wanted) => this.#pull(...wanted),
      dataOf: (data) => this.#data.nameOf(data),
      seen: (snapshot) => {
        this.#see(snapshot);
      },
      changed: () => {
        this.#changed();
      },
    });
  }

  /** With the machine's name in front. */
  slots(): readonly Slot[] {
    this.#slots ??= this.#slotsNow();
    return this.#slots;
  }

  #slotsNow(): Slot[] {
    const all = remoteSlots({
      devices: this.#devices.all(),
      agent: this.#agent,
      busy: this.#jobs.busy,
      ending: this.#jobs.ending,
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
      data: this.#data.named,
      devices: this.devices(),
      traffic: this.#traffic.rate,
      roundTrip: this.#orders.roundTrip,
      problem: this.#problem,
    };
  }

  get isReachable(): boolean {
    return this.#presence.state === 'reachable';
  }

  /** As `Runner.suits`; a data set that its agent does not have is on its way then. */
  suits({ data }: TrainingPlan): boolean {
    return this.#data.hasOrGets(data);
  }

  /** As `Runner.placeOf`, for a name of its agent. */
  placeOf(device: string): DevicePlace | null {
    const title = this.#devices.all().find(({ name }) => name === device)?.title;
    const engine = this.#hello?.versions.engine ?? '';
    return title === undefined ? null : { machine: this.#group, device: title, engine };
  }

  /** As `Runner.obstacle`. */
  obstacle({ data }: TrainingPlan): 'coming' | LabProblem | null {
    return this.#data.obstacle(data);
  }

  /** As `Runner.setSlots`; a machine that has not come yet gets them when it comes. */
  setSlots(device: string, count: number): void {
    if (this.#hello) this.#devices.setSlots(device, count);
    this.#wanted.set(device, count);
    this.#tellSlots();
    this.#changed();
  }

  start(slot: string, job: Job, listener: JobListener): JobHandle {
    const state = this.slots().find(({ name }) => name === this.#full(slot))?.state;
    if (state !== 'ready') throw new LabError('workers.slot-not-ready', { name: this.#full(slot) });
    return this.#jobs.start(slot, job, listener);
  }

  /** As `Runner.adopt`. */
  adopt(slot: string, job: Job, listener: JobListener): JobHandle {
    const remote = this.#jobs.adopt(slot, job, listener);
    // An agent that is there says again what it has; another one is waited for.
    if (this.#isWelcomed) this.#ping(true);
    return remote;
  }

  drain(on: boolean): void {
    this.#isDraining = on;
    this.#changed();
  }

  /** Its jobs hand over their checkpoints and go on elsewhere. */
  yield(): void {
    this.drain(true);
    inBackground(this.#orders.give({ type: 'yield' }));
  }

  remove(): void {
    this.#isRemoved = true;
    this.#giveUp(problem('agents.removed', { name: this.name }));
  }

  /** The lab ends: jobs go on. */
  close(): void {
    this.#isRemoved = true;
    this.#orders.end();
  }

  /** Takes a message of its agent. */
  receive(word: string, message: Msg): void {
    if (this.#isRemoved || this.#conduct.isCutOff) return;
    this.#traffic.received(message.data.length);
    const limit = this.#conduct.heard(word === 'pull' || word === 'archive');
    if (limit !== null) {
      this.#cutOff(`it sent more than ${limit} messages in a second`);
      return;
    }
    try {
      if (word === 'hello') this.#onHello(message);
      else if (word === 'beat') this.#onBeat(decode(beatSchema, message.data));
      else if (word === 'report') this.#onReport(message);
      else if (word === 'offer') this.#onOffer(message);
      else if (word === 'pull') this.#onPull(message);
      else if (word === 'archive') this.#onArchive(message);
    } catch (error) {
      this.#misbehaved(error);
    }
  }

  /** Called at regular times: counting calls leaves out the hours in which a computer sleeps. */
  look(): void {
    this.#looks++;
    this.#traffic.look(this.#options.lookTime / 1000);
    if (this.#conduct.look()) {
      this.#problem = null;
      this.#changed();
    }
    if (this.#problem?.code === 'agents.two-agents' && this.#looks - this.#rivalAt > RIVAL_TIME) {
      this.#problem = null;
      this.#changed();
    }
    if (!this.#options.link.connected) return; // nobody could be heard
    const before = this.#presence.state;
    this.#presence.look();
    const { silent, state } = this.#presence;
    const isQuiet = silent >= QUIET && state !== 'lost'; // who is lost says hello when it is back
    if (isQuiet || (this.#looks + this.id.length) % PING_EVERY === 0) this.#ping(false);
    if (state === 'lost' && (this.#orders.areTaken || !this.#jobs.isEmpty)) {
      const seconds = Math.round((silent * this.#options.lookTime) / 1000);
      this.#giveUp(problem('agents.lost', { name: this.name, seconds }));
    }
    if (state !== before) this.#changed();
  }

  #changed(): void {
    this.#slots = null;
    this.#options.changed();
  }

  #full(name: string): string {
    return `${this.id}/${name}`;
  }

  #stateWord(): MachineState['state'] {
    if (this.#problem?.code === 'agents.needs-update') return 'needs-update';
    if (!this.isReachable || this.#conduct.isCutOff) return 'unreachable';
    if (!this.#isWelcomed) return 'starting';
    return this.#isDraining ? 'draining' : 'reachable';
  }

  /** Why no slot takes a run now; '' when they do. */
  #absence(): string {
    if (!this.isReachable || this.#conduct.isCutOff)
      return problem('agents.not-reachable', { name: this.name }).message;
    return this.#isWelcomed ? '' : `The machine ${this.name} connects.`;
  }

  #pull({ key }: RemoteJob, offer: Offer, signal: AbortSignal): AsyncIterable<Uint8Array> {
    const { link, lab, budget } = this.#options;
    const { sha256, bytes, urgency } = offer;
    const subject = downSubject(lab, this.id, 'pull');
    const onBytes = (count: number): void => {
      this.#traffic.received(count);
    };
    return pull({ link, subject, budget, urgency, key, sha256, bytes, signal, onBytes });
  }

  #tellSlots(): void {
    if (!this.#isWelcomed) return;
    for (const [device, count] of this.#wanted) {
      if (this.#told.get(device) === count) continue;
      this.#told.set(device, count);
      inBackground(this.#orders.give({ type: 'slots', device, count }));
    }
  }

  #onHello(message: Msg): void {
    const hello = decode(helloSchema, message.data);
    const { protocol } = hello.versions;
    const isNewBoot = this.#hello?.boot !== hello.boot;
    if (this.#isRival(hello.boot)) return;
    this.#heard();
    if (protocol !== PROTOCOL) {
      this.#hello = hello;
      const { name } = this;
      this.#problem = problem('agents.needs-update', { name, theirs: protocol, ours: PROTOCOL });
      this.#respond(message, { type: 'refused', problem: this.#problem });
      this.#giveUp(this.#problem);
      return;
    }
    const isTold = this.#problem?.code === 'agents.two-agents' && !isNewBoot;
    if (this.#problem?.code !== 'agents.bad-message' && !isTold) this.#problem = null;
    if (isNewBoot || !this.#orders.areTaken) this.#beginAnew();
    this.#hello = hello;
    this.#meet(hello);
    const keep = this.#jobs.match(hello.held);
    const { session, grace, handEvery } = this.#options;
    this.#respond(message, { type: 'welcome', session, keep, grace, handEvery });
    this.#options.cameIn();
    this.#changed();
  }

  /** Orders to an earlier start of the agent have lost their meaning. */
  #beginAnew(): void {
    this.#orders.beginAnew();
    this.#isWelcomed = false;
    this.#jobs.beginAnew();
    this.#told.clear();
    this.#data.beginAnew();
    this.#tick = -1;
  }

  /** Takes over devices and slots; counts that the agent was not told yet are the lab's. */
  #meet(hello: Hello): void {
    this.#devices = new DeviceList(hello.devices);
    this.#data.heard(hello);
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

  /** True of another agent with the same pairing: it comes in when its predecessor is silent. */
  #isRival(boot: string): boolean {
    if (boot === this.#hello?.boot || !this.#orders.areTaken) return false;
    if (this.#presence.silent >= RIVAL_LOOKS) return false;
    this.#rivalAt = this.#looks;
    this.#problem = problem('agents.two-agents', { name: this.name });
    this.#changed();
    return true;
  }

  /**
   * True when a word comes from the start of the agent that has come in. Another one gets no answer:
   * it could make the lab answer in place of the real one.
   */
  #isOwn(boot: string): boolean {
    return !this.#isRival(boot) && boot === this.#hello?.boot;
  }

  #onBeat(beat: Beat): void {
    if (this.#isRival(beat.boot)) return;
    if (beat.boot !== this.#hello?.boot || beat.session !== this.#options.session) {
      this.#ping(true);
      return;
    }
    this.#heard();
    if (!this.#orders.areTaken) {
      this.#ping(true); // it was given up, and its jobs are elsewhere
      return;
    }
    this.#see(beat);
    this.#jobs.beat(beat.jobs);
    if (this.#isWelcomed) return;
    this.#isWelcomed = true;
    this.#tellSlots();
    this.#jobs.beginAll();
    this.#changed();
  }

  #onReport(message: Msg): void {
    const report = decode(reportSchema, message.data);
    if (!this.#isOwn(report.boot)) return;
    if (report.session !== this.#options.session || !this.#orders.areTaken) return;
    this.#heard();
    this.#answer(message, report, async (job) => job.receive(report));
  }

  #onOffer(message: Msg): void {
    const offer = decode(offerSchema, message.data);
    if (!this.#isOwn(offer.boot)) return;
    if (offer.session !== this.#options.session || !this.#orders.areTaken) return;
    this.#heard();
    this.#answer(message, offer, async (job) => job.offered(offer));
  }

  /** Answers for the present attempt of a run; every other attempt is gone. */
  #answer(message: Msg, key: JobKey, work: (job: RemoteJob) => Promise<Answer | null>): void {
    const job = this.#jobs.get(key);
    if (!job) {
      if (!this.#jobs.isLeft(key)) this.#respond(message, { type: 'gone' });
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
  #onPull(message: Msg): void {
    const { sha256, offset, ...key } = decode(pullSchema, message.data);
    inBackground(
      this.#give(message, async () => {
        const reader = this.#jobs.get(key)?.weights(sha256);
        if (!reader) throw new LabError('agents.weights-gone', { sha256 });
        return reader.part(offset);
      }),
    );
  }

  /** Gives its agent a part of a file of a data set. */
  #onArchive(message: Msg): void {
    const { sha256, offset } = decode(archivePullSchema, message.data);
    inBackground(this.#give(message, () => this.#options.deliveries.part(sha256, offset)));
  }

  async #give(message: Msg, read: () => Promise<Uint8Array>): Promise<void> {
    const release = await this.#options.budget.take(PART_BYTES, 'resume');
    try {
      const part = await read();
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
    if (!isSame) this.#changed();
  }

  #heard(): void {
    const before = this.#presence.state;
    this.#presence.heard();
    if (before !== 'reachable') this.#changed();
  }

  #ping(again: boolean): void {
    inBackground(
      this.#orders.ping(again).then((found) => {
        const before = this.#presence.state;
        if (found === 'no-connection') this.#presence.closed();
        else if (found === 'there') this.#presence.open();
        if (this.#presence.state !== before) this.#changed();
      }),
    );
  }

  #respond(message: Msg, answer: Answer | Welcome): void {
    const payload = encode(answer);
    this.#traffic.sent(payload.length);
    message.respond(payload);
  }

  /** Its jobs go on elsewhere; it must say hello before it gets others. */
  #giveUp(why: LabProblem): void {
    this.#orders.end();
    this.#isWelcomed = false;
    this.#data.beginAnew();
    this.#jobs.giveUp(why);
    this.#changed();
  }

  /** Notes a message that is not allowed; throws what is no fault of the agent. */
  #misbehaved(error: unknown): void {
    if (!isBadMessage(error)) throw error;
    this.#problem = problem('agents.bad-message', { why: error.message.slice(0, 300) });
    if (this.#conduct.misbehaved()) this.#cutOff('it sends messages that are not allowed');
    this.#changed();
  }

  #cutOff(why: string): void {
    this.#conduct.cutOff();
    this.#problem = problem('agents.cut-off', { name: this.name, why });
    this.#giveUp(this.#problem);
  }
}

const protocolProblem = (name: string, error: LabError): LabProblem => ({
  code: '',
  message: `The agent on ${name} sent a message that is not allowed: ${error.message}`,
  next: 'If it happens again, report it with the log of this run.',
});
