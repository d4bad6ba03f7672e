import { LabError, problem, problemOf } from '../base/errors.ts';
import { inBackground } from '../base/in-background.ts';
import { Lifetime } from '../base/lifetime.ts';
import type { LabProblem } from '../base/problem.ts';
import type { Store } from '../store/store.ts';
import { type Machine, machineIdFor, type NewLauncher } from '../study/machine.ts';
import { type Broker, loopback, openBroker } from './broker.ts';
import { agentCommand } from './launchers/agent-command.ts';
import { idle, type LaunchContext, type Launcher } from './launchers/launcher.ts';
import { launcherFor, prepareLauncher } from './launchers/launchers.ts';
import { type AddedMachine, type MachineView, viewOf } from './machine-view.ts';
import type { Machines } from './machines.ts';
import {
  expirePairings,
  isPaired,
  isPlain,
  pairingDays,
  pairingFile,
  pairMachine,
  unpairMachine,
} from './pairing.ts';
import { addressIn, addressOf, agentsOf, isByHand, serversFor } from './ways.ts';

/** Milliseconds between two signs of a change. */
const paceMs = 500;
const expiryMs = 24 * 3600 * 1000;

export interface MachineManagerOptions {
  store: Store;
  /** Joins the slots of all machines; null where nothing trains. */
  runner: Machines | null;
  /** Private folder of broker and pairings; null for a lab in memory. */
  folder: string | null;
  /** Milliseconds since 1970. */
  now?: () => number;
}

/** The other machines of a lab: their records, the broker, and what starts their agents. */
export class MachineManager {
  readonly #options: MachineManagerOptions;
  readonly #launchers = new Map<string, Launcher>();
  readonly #listeners = new Set<() => void>();
  #opening: Promise<Broker> | null = null;
  #running: Broker | null = null;
  /** Machines whose pairings a person must make anew. */
  readonly #plain = new Set<string>();
  #problem: LabProblem | null = null;
  #isTelling = false;
  #hasWork: (machine: MachineView) => boolean = () => false;
  readonly #lifetime = new Lifetime();

  constructor(options: MachineManagerOptions) {
    this.#options = options;
    options.runner?.onMachines(() => {
      this.#changed();
    });
  }

  /**
   * Starts the broker where there are machines, and lets them in. A lab without a broker works all
   * the same: `problem` says why there is none.
   */
  async open(): Promise<void> {
    const { store, runner, folder } = this.#options;
    const records = store.machines();
    if (records.length === 0 || runner === null || folder === null) return;
    try {
      const broker = await this.#broker(addressIn(records));
      await this.#expire(broker, folder);
      for (const machine of records) {
        await this.#pairAgain(machine, broker, folder);
        this.#letIn(machine, broker);
      }
    } catch (error) {
      if (!(error instanceof LabError)) throw error;
      this.#problem = problemOf(error);
    }
  }

  /** Why other machines cannot be reached at all; null when all is well. */
  get problem(): LabProblem | null {
    return this.#problem;
  }

  /** @param hasWork true when runs wait for a slot of a machine */
  watchWork(hasWork: (machine: MachineView) => boolean): void {
    this.#hasWork = hasWork;
  }

  /** Called after changes, a few times a second at most. Returns its undo. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  views(): MachineView[] {
    const agents = new Map(this.#options.runner?.machines().map((each) => [each.id, each]));
    return this.#options.store.machines().map((machine) => {
      const own = agentsOf(machine).flatMap((id) => agents.get(id) ?? []);
      const view = viewOf(machine, own, this.#launchers.get(machine.id)?.state() ?? idle);
      return { ...view, problem: view.problem ?? this.#pairingProblem(machine) ?? this.#problem };
    });
  }

  /** @throws LabError `agents.not-there` */
  view(id: string): MachineView {
    const found = this.views().find((view) => view.id === id);
    if (!found) throw new LabError('agents.not-there', { name: id });
    return found;
  }

  /**
   * Lets a new machine in and starts its agents where the lab can.
   *
   * @throws LabError `machines.*`: no broker, an unreachable host, another address than before
   */
  async add(name: string, wanted: NewLauncher): Promise<AddedMachine> {
    const { store, folder } = this.#options;
    if (folder === null) throw new LabError('machines.in-memory');
    const records = store.machines();
    const address = addressOf(wanted);
    this.#requireAddress(records, address);
    const broker = await this.#broker(address ?? addressIn(records));
    const launcher = await prepareLauncher(wanted, broker.port);
    const taken = new Set(store.machines().flatMap((each) => [each.id, ...agentsOf(each)]));
    const id = machineIdFor(name, taken);
    const machine: Machine = { id, name, launcher, drained: false, createdAt: this.#now() };
    for (const agent of agentsOf(machine))
      await pairMachine(broker, folder, { id: agent, name }, serversFor(broker, launcher));
    store.addMachine(machine);
    this.#letIn(machine, broker);
    this.#changed();
    const pairing = pairingFile(folder, agentsOf(machine)[0]!);
    return { machine: this.view(id), pairing, command: agentCommand(pairing) };
  }

  /** Lets a machine take no more runs, or take runs again. */
  drain(id: string, on: boolean): MachineView {
    const { store, runner } = this.#options;
    const machine = this.#record(id);
    store.changeMachine(id, { drained: on });
    for (const agent of agentsOf(machine)) runner?.drain(agent, on);
    this.#changed();
    return this.view(id);
  }

  /** Lets a machine take no more runs, and hands those that it has over to other slots. */
  pause(id: string): MachineView {
    const machine = this.#record(id);
    const view = this.drain(id, true);
    for (const agent of agentsOf(machine)) this.#options.runner?.pause(agent);
    return view;
  }

  /** Starts its agents again where the lab can. */
  start(id: string): MachineView {
    this.#record(id);
    this.#launchers.get(id)?.start();
    return this.view(id);
  }

  /** Ends a machine's agents, takes its key away and forgets it. Its runs go on elsewhere. */
  async remove(id: string): Promise<void> {
    const { store, runner, folder } = this.#options;
    const machine = this.#record(id);
    const launcher = this.#launchers.get(id);
    this.#launchers.delete(id);
    await launcher?.end();
    for (const agent of agentsOf(machine)) {
      runner?.remove(agent);
      if (folder !== null)
        await unpairMachine(await this.#broker(addressIn(store.machines())), folder, agent);
    }
    store.removeMachine(id);
    this.#plain.delete(id);
    this.#changed();
  }

  /** Last lines of its agents' logs; '' where the lab cannot read them. */
  async log(id: string): Promise<string> {
    this.#record(id);
    return (await this.#launchers.get(id)?.log()) ?? '';
  }

  async close(): Promise<void> {
    this.#lifetime.end();
    await Promise.all([...this.#launchers.values()].map((launcher) => launcher.close()));
    const broker = await this.#opening?.catch(() => undefined);
    await broker?.close();
  }

  #broker(listen: string | undefined): Promise<Broker> {
    const { folder, runner } = this.#options;
    if (folder === null) throw new LabError('machines.in-memory');
    this.#opening ??= openBroker({ folder, listen })
      .then(async (broker) => {
        await runner?.connect(broker);
        this.#problem = null;
        this.#running = broker;
        this.#lifetime.every(expiryMs, () => {
          inBackground(this.#expire(broker, folder));
        });
        return broker;
      })
      .catch((error: unknown) => {
        this.#opening = null; // the next request tries again
        throw error;
      });
    return this.#opening;
  }

  /** Only pairings that a person carries may expire: the lab delivers the others itself. */
  async #expire(broker: Broker, folder: string): Promise<void> {
    const byHand = this.#options.store.machines().filter(isByHand);
    const ids = new Set(byHand.map(({ id }) => id));
    await expirePairings(broker, folder, this.#now(), (id) => ids.has(id));
    this.#changed();
  }

  #pairingProblem(machine: Machine): LabProblem | null {
    if (this.#running === null || !isByHand(machine)) return null;
    const { id, name } = machine;
    if (this.#plain.has(id)) return problem('machines.pairing-plain', { id, name });
    const isKnown = this.#running.machines().some((each) => each.id === id);
    return isKnown ? null : problem('machines.pairing-expired', { name, days: pairingDays });
  }

  /**
   * Makes pairings anew that are missing, as after a move of the lab file without its folder, or
   * that hold no certificate of this lab. Their launchers deliver them.
   */
  async #pairAgain(machine: Machine, broker: Broker, folder: string): Promise<void> {
    if (isByHand(machine)) {
      if (isPlain(folder, machine.id)) this.#plain.add(machine.id);
      return;
    }
    const { name, launcher } = machine;
    for (const id of agentsOf(machine))
      if (!isPaired(broker, folder, id))
        await pairMachine(broker, folder, { id, name }, serversFor(broker, launcher));
  }

  #letIn(machine: Machine, broker: Broker): void {
    const { runner, folder } = this.#options;
    if (runner === null || folder === null) return;
    for (const agent of agentsOf(machine)) {
      const name = agent === machine.id ? machine.name : agent;
      runner.add({ id: agent, name, group: machine.id });
      if (machine.drained) runner.drain(agent, true);
    }
    const launcher = launcherFor(
      machine,
      agentsOf(machine),
      this.#launchContext(machine, broker, folder),
    );
    if (launcher === null) return;
    this.#launchers.set(machine.id, launcher);
    launcher.start();
  }

  #launchContext(machine: Machine, broker: Broker, folder: string): LaunchContext {
    return {
      lab: broker.lab,
      brokerPort: broker.port,
      pairing: (agent) => pairingFile(folder, agent),
      demand: () => ({
        waiting: !machine.drained && this.#hasWork(this.view(machine.id)),
        busyAgents: agentsOf(machine).filter((agent) => this.#isBusy(agent)),
      }),
      changed: () => {
        this.#changed();
      },
    };
  }

  #isBusy(agent: string): boolean {
    const slots = this.#options.runner?.slots() ?? [];
    return slots.some(({ name, state }) => name.startsWith(`${agent}/`) && state === 'busy');
  }

  /** @throws LabError `machines.other-address` where the broker listens on another address */
  #requireAddress(records: readonly Machine[], address: string | undefined): void {
    const present = addressIn(records);
    if (address === undefined || address === present) return;
    if (present !== undefined || this.#opening !== null)
      throw new LabError('machines.other-address', { present: present ?? loopback, address });
  }

  #record(id: string): Machine {
    const found = this.#options.store.machines().find((machine) => machine.id === id);
    if (!found) throw new LabError('agents.not-there', { name: id });
    return found;
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }

  #changed(): void {
    if (this.#isTelling) return;
    this.#isTelling = true;
    const tell = (): void => {
      this.#isTelling = false;
      for (const listener of this.#listeners) listener();
    };
    this.#lifetime.after(paceMs, tell, { keepsProcess: true });
  }
}
