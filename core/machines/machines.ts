import { randomBytes } from 'node:crypto';
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { dataHome } from '../base/data-home.ts';
import { LabError } from '../base/errors.ts';
import { inBackground } from '../base/in-background.ts';
import type { LabProblem } from '../base/problem.ts';
import { Lifetime } from '../base/lifetime.ts';
import type { Device } from '../devices/device.ts';
import { remoteName } from '../devices/names.ts';
import type { Job, JobHandle, JobListener, Runner, Slot } from '../search/runner.ts';
import { type DevicePlace, HERE } from '../study/place.ts';
import type { TrainingPlan } from '../study/plan.ts';
import type { RequestedEngine } from '../workers/messages.ts';
import { Budget } from './budget.ts';
import { Deliveries, type DeliveriesOptions } from './deliveries.ts';
import { type Leases, USUAL_LEASES } from './lease.ts';
import { Link } from './link.ts';
import type { MachineState } from './machine-state.ts';
import { type MachineRecord, RemoteMachine } from './remote-machine.ts';
import { Turns } from './turns.ts';

/** Bytes of weights that may be on their way at once, over all machines. */
const BUDGET = 8 << 20;

/** What joins machines needs of the lab's broker. */
export interface MachineBroker {
  /** Id of the lab. */
  readonly lab: string;
  labConnection(): Promise<NatsConnection>;
  /** Notes that a machine has come in. */
  markUsed?(machine: string): Promise<void>;
}

export interface MachinesOptions {
  leases?: Partial<Leases>;
  /** Milliseconds between two looks at the machines. */
  lookTime?: number;
  /** Seconds without the lab after which an agent ends its jobs. */
  grace?: number;
  /** Seconds between two routine checkpoints of a job that come to the lab. */
  handEvery?: number;
  /** Makes a data set of this machine ready for others; in this thread where it is left out. */
  pack?: DeliveriesOptions['pack'];
  /** Title of the engine that this machine's workers use. */
  engineTitle?: (requested: RequestedEngine) => string;
}

/** The workers of this machine. */
export type LocalRunner = Runner & {
  renew?: (change: { engine?: RequestedEngine; dataFolder?: string | null }) => Promise<void>;
};

/**
 * Joins the workers of this machine and those of others under one runner. Slots of other machines
 * have the machine's id in front: `lena/gpu:0:1`.
 */
export class Machines implements Runner {
  readonly #local: LocalRunner;
  readonly #options: Required<Omit<MachinesOptions, 'leases' | 'pack'>> & { leases: Leases };
  readonly #session = randomBytes(8).toString('hex');
  readonly #budget = new Budget(BUDGET);
  readonly #machines = new Map<string, RemoteMachine>();
  readonly #slotListeners = new Set<() => void>();
  readonly #machineListeners = new Set<() => void>();
  readonly #inbox = new Turns<Msg>((message) => {
    this.#receive(message);
  });
  #connected: { link: Link; broker: MachineBroker } | null = null;
  /** Slots of the other machines until something changes. */
  #remote: readonly Slot[] | null = null;
  /** Title of this machine's engine; undefined until it is asked for. */
  #engineTitle: string | undefined;
  #engine: RequestedEngine = 'auto';
  /** Folder of the official data sets; null for the usual one. */
  #dataFolder: string | null = null;
  readonly #deliveries: Deliveries;
  readonly #lifetime = new Lifetime();
  /** Tells of changes, never from within a call of the scheduler. */
  readonly #announce = this.#lifetime.onceATurn(() => {
    for (const listener of [...this.#slotListeners, ...this.#machineListeners]) listener();
  });

  private constructor(local: LocalRunner, options: MachinesOptions) {
    this.#local = local;
    this.#options = {
      lookTime: 1000,
      grace: 30 * 60,
      handEvery: 10 * 60,
      engineTitle: () => '',
      ...options,
      leases: { ...USUAL_LEASES, ...options.leases },
    };
    this.#deliveries = new Deliveries({
      folder: () => this.#dataFolder ?? dataHome(),
      pack: options.pack,
      changed: () => {
        this.#announce();
      },
    });
    local.onSlots(() => {
      this.#announce();
    });
  }

  /** @param broker null as long as the lab has no other machine */
  static async join(
    local: LocalRunner,
    broker: MachineBroker | null = null,
    options: MachinesOptions = {},
  ): Promise<Machines> {
    const machines = new Machines(local, options);
    if (broker) await machines.connect(broker);
    return machines;
  }

  /** Hears the machines of a broker from now on. */
  async connect(broker: MachineBroker): Promise<void> {
    const link = new Link(await broker.labConnection());
    this.#connected = { link, broker };
    link.hear(`ktg.${broker.lab}.up.*.*`, (message) => {
      this.#inbox.take(message);
    });
    this.#lifetime.every(this.#options.lookTime, () => {
      for (const machine of this.#machines.values()) machine.look();
    });
  }

  /** Lets a machine in that the broker knows. */
  add(record: MachineRecord): void {
    if (!this.#connected) throw new Error('add needs connect first');
    const { link, broker } = this.#connected;
    const { leases, lookTime, grace, handEvery } = this.#options;
    const machine = new RemoteMachine(record, {
      link,
      lab: broker.lab,
      session: this.#session,
      budget: this.#budget,
      leases,
      lookTime,
      grace,
      handEvery,
      deliveries: this.#deliveries,
      changed: () => {
        this.#remote = null;
        this.#announce();
      },
      cameIn: () => {
        inBackground(broker.markUsed?.(record.id));
      },
    });
    this.#machines.set(record.id, machine);
    this.#remote = null;
    this.#announce();
  }

  /** Its runs go on elsewhere. Does nothing where there is no such machine. */
  remove(id: string): void {
    this.#machines.get(id)?.remove();
    this.#machines.delete(id);
    this.#remote = null;
    this.#announce();
  }

  /** Lets a machine take no more runs, or take runs again. Throws LabError `agents.not-there`. */
  drain(id: string, on: boolean): void {
    this.#machine(id).drain(on);
  }

  /** As `drain`, and its runs hand over their checkpoints and go on elsewhere. */
  pause(id: string): void {
    this.#machine(id).yield();
  }

  /** The machines as people see them, in the order in which they were added. */
  machines(): MachineState[] {
    return [...this.#machines.values()].map((machine) => machine.state());
  }

  /** Called after any change of `machines()`. Returns its undo. */
  onMachines(listener: () => void): () => void {
    this.#machineListeners.add(listener);
    return () => this.#machineListeners.delete(listener);
  }

  slots(): readonly Slot[] {
    this.#remote ??= [...this.#machines.values()].flatMap((machine) => machine.slots());
    return [...this.#local.slots(), ...this.#remote];
  }

  onSlots(listener: () => void): () => void {
    this.#slotListeners.add(listener);
    return () => this.#slotListeners.delete(listener);
  }

  devices(): readonly Device[] {
    return [
      ...this.#local.devices(),
      ...[...this.#machines.values()].flatMap((machine) => machine.devices()),
    ];
  }

  setSlots(device: string, count: number): void {
    const place = remoteName(device);
    if (place) this.#machine(place.machine).setSlots(place.name, count);
    else this.#local.setSlots(device, count);
  }

  start(slot: string, job: Job, listener: JobListener): JobHandle {
    const place = remoteName(slot);
    if (!place) return this.#local.start(slot, job, listener);
    return this.#machine(place.machine).start(place.name, job, listener);
  }

  get isUniform(): boolean {
    return this.#machines.size === 0;
  }

  suits(slot: string, training: TrainingPlan): boolean {
    const place = remoteName(slot);
    return place
      ? (this.#machines.get(place.machine)?.suits(training) ?? false)
      : (this.#local.suits?.(slot, training) ?? true);
  }

  obstacle(slot: string, training: TrainingPlan): 'coming' | LabProblem | null {
    const place = remoteName(slot);
    return place ? (this.#machines.get(place.machine)?.obstacle(training) ?? null) : null;
  }

  placeOf(device: string): DevicePlace | null {
    const place = remoteName(device);
    if (place) return this.#machines.get(place.machine)?.placeOf(place.name) ?? null;
    const title = this.#local.devices().find(({ name }) => name === device)?.title;
    this.#engineTitle ??= this.#options.engineTitle(this.#engine);
    return title === undefined ? null : { machine: HERE, device: title, engine: this.#engineTitle };
  }

  reaches(slot: string): boolean {
    const place = remoteName(slot);
    return place ? (this.#machines.get(place.machine)?.isReachable ?? false) : true;
  }

  outlives(slot: string): boolean {
    const place = remoteName(slot);
    return place !== null && this.#machines.has(place.machine);
  }

  adopt(slot: string, job: Job, listener: JobListener): JobHandle {
    const place = remoteName(slot);
    if (!place) throw new LabError('workers.slot-not-ready', { name: slot });
    return this.#machine(place.machine).adopt(place.name, job, listener);
  }

  /** As `WorkerPool.renew`, for the workers of this machine. */
  async renew(change: { engine?: RequestedEngine; dataFolder?: string | null }): Promise<void> {
    if (change.dataFolder !== undefined) this.#dataFolder = change.dataFolder;
    if (change.engine !== undefined) this.#engine = change.engine;
    this.#engineTitle = undefined;
    await this.#local.renew?.(change);
  }

  async close(): Promise<void> {
    this.#lifetime.end();
    for (const machine of this.#machines.values()) machine.close();
    await Promise.all([this.#local.close(), this.#connected?.link.close()]);
  }

  #machine(id: string): RemoteMachine {
    const machine = this.#machines.get(id);
    if (!machine) throw new LabError('agents.not-there', { name: id });
    return machine;
  }

  #receive(message: Msg): void {
    if (this.#lifetime.isOver) return;
    const [, , , machine = '', word = ''] = message.subject.split('.');
    this.#machines.get(machine)?.receive(word, message);
  }
}
