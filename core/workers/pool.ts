import { EventEmitter } from 'node:events';
import { fileURLToPath } from 'node:url';
import { LabError, problem } from '../base/errors.ts';
import { inBackground } from '../base/in-background.ts';
import { outsideArchive } from '../base/node-program.ts';
import { Lifetime } from '../base/lifetime.ts';
import type { Device } from '../devices/device.ts';
import type { Sharing } from '../devices/mps.ts';
import type { Job, JobHandle, JobListener, Runner, Slot } from '../search/runner.ts';
import type { LabProblem } from '../base/problem.ts';
import { DeviceList } from './device-list.ts';
import type { RequestedEngine } from './messages.ts';
import { placesFor } from './placement.ts';
import { SharedCards } from './shared-cards.ts';
import { slotState } from './slot-decisions.ts';
import { type SlotContext, WorkerSlot } from './worker-slot.ts';

/** Milliseconds between two looks at the cards. */
const DEVICE_INTERVAL = 30_000;

export interface PoolOptions {
  devices: readonly Device[];
  /** Cores that the slots of the processor share. */
  cores: number;
  engine?: RequestedEngine;
  /** Folder of the official data sets; null for the usual one. */
  dataFolder?: string | null;
  /**
   * Looks at the devices again, `afresh` also at the engine's library; without it they stay as they
   * are.
   */
  lookAtDevices?: (afresh: boolean) => Promise<readonly Device[]>;
  /**
   * Lets workers of one card compute at the same time; called once, when a card first has several
   * slots.
   */
  share?: () => Promise<Sharing>;
  /** The worker's program, when it is not where it is in the sources. */
  program?: string;
}

/**
 * Runs jobs on this machine: one child process for each slot, started when its first job comes and
 * kept for the next ones, so that compiled steps and data stay. A process sees one card, or its
 * share of the cores, and nothing else.
 *
 * This class joins the parts: `worker-slot.ts` (process and job of one slot), `slot-decisions.ts`
 * (pure), `placement.ts` (cores and cards of the slots, pure), `device-list.ts`, `shared-cards.ts`.
 */
export class WorkerPool implements Runner {
  readonly #cores: number;
  readonly #devices: DeviceList;
  readonly #sharing: SharedCards;
  readonly #context: SlotContext;
  readonly #changed = new EventEmitter<{ slots: [] }>();
  #slots: WorkerSlot[] = [];
  #engine: RequestedEngine;
  #dataFolder: string | null;
  readonly #lifetime = new Lifetime();
  /** Tells of changes, never from within a call of the scheduler. */
  readonly #announce = this.#lifetime.onceATurn(() => {
    this.#changed.emit('slots');
  });

  constructor(options: PoolOptions) {
    this.#cores = options.cores;
    this.#devices = new DeviceList(options.devices, options.lookAtDevices);
    this.#sharing = new SharedCards(options.share);
    this.#engine = options.engine ?? 'auto';
    this.#dataFolder = options.dataFolder ?? null;
    this.#context = this.#contextOf(
      options.program ?? outsideArchive(fileURLToPath(new URL('./worker.ts', import.meta.url))),
    );
    if (options.lookAtDevices)
      this.#lifetime.every(DEVICE_INTERVAL, () => {
        inBackground(this.#lookAtDevices(false));
      });
    this.#place();
  }

  slots(): readonly Slot[] {
    return this.#slots.map((slot) => ({
      name: slot.place.slot,
      device: slot.place.device,
      ...this.#stateOf(slot),
    }));
  }

  onSlots(listener: () => void): () => void {
    this.#changed.on('slots', listener);
    return () => this.#changed.off('slots', listener);
  }

  devices(): readonly Device[] {
    return this.#devices.all();
  }

  /** Settles when cards with several slots can be shared, or have one slot each. */
  async settled(): Promise<void> {
    await this.#sharing.settled();
  }

  setSlots(name: string, count: number): void {
    this.#devices.setSlots(name, count);
    for (const slot of this.#slotsOf(name)) slot.mend();
    this.#place();
  }

  /** Process ids of the living workers, by slot. */
  processes(): ReadonlyMap<string, number> {
    return new Map(
      this.#slots.flatMap(({ place, pid }) => (pid === undefined ? [] : [[place.slot, pid]])),
    );
  }

  /**
   * Changes the engine or the data folder; without either, a library was installed or removed.
   * Workers without a job end at once, the others after theirs. Settles when the devices are known
   * as they are under the new settings.
   */
  async renew(change: { engine?: RequestedEngine; dataFolder?: string | null }): Promise<void> {
    const before = this.#engine;
    this.#engine = change.engine ?? before;
    if (change.dataFolder !== undefined) this.#dataFolder = change.dataFolder;
    for (const slot of this.#slots) slot.renew();
    if (this.#engine === 'portable' && before !== 'portable') {
      this.#devices.leaveCards();
      this.#place();
    } else if (change.dataFolder === undefined || before !== this.#engine)
      await this.#lookAtDevices(true);
    this.#announce();
  }

  start(name: string, job: Job, listener: JobListener): JobHandle {
    const slot = this.#slots.find(({ place }) => place.slot === name);
    if (!slot || this.#lifetime.isOver || this.#stateOf(slot).state !== 'ready')
      throw new LabError('workers.slot-not-ready', { name });
    const handle = slot.start(job, listener);
    this.#announce();
    return handle;
  }

  async close(): Promise<void> {
    this.#lifetime.end();
    for (const slot of this.#slots) slot.close();
    await Promise.all(this.#slots.map(async (slot) => slot.gone()));
    await this.#sharing.close();
  }

  #contextOf(program: string): SlotContext {
    return {
      program,
      settings: () => ({ engine: this.#engine, dataFolder: this.#dataFolder }),
      sharingOf: (place) => (this.#devices.shares(place) ? this.#sharing.current : null),
      isSharingUnproven: () => this.#sharing.isUnproven,
      sharingWorks: () => {
        this.#sharing.worked();
      },
      giveUpSharing: (found) => {
        const wasShared = this.#sharing.current !== null;
        const { reason } = this.#sharing.giveUp(found);
        if (wasShared) this.#takeTurns(reason);
        return reason;
      },
      changed: () => {
        this.#announce();
      },
      vanished: (slot) => {
        this.#slots = this.#slots.filter((each) => each !== slot);
      },
    };
  }

  #stateOf(slot: WorkerSlot): Pick<Slot, 'state' | 'problem'> {
    const waitsForSharing = this.#sharing.isPending && this.#devices.shares(slot.place);
    const occupants = this.#slots.flatMap(({ occupant }) => occupant ?? []);
    return slotState({ ...slot.facts, waitsForSharing }, occupants, this.#cores);
  }

  #slotsOf(device: string): WorkerSlot[] {
    return this.#slots.filter(({ place }) => place.device === device);
  }

  /** Gives the devices their slots; slots too many go when their job is over. */
  #place(): void {
    if (this.#devices.hasSharedCard)
      this.#sharing.begin((sharing) => {
        if (sharing.shared) this.#place();
        else this.#takeTurns(sharing.reason);
      });
    const slots = placesFor(this.#devices.present(), this.#cores).map((place) => {
      const known = this.#slots.find((slot) => slot.place.slot === place.slot);
      known?.settle(place);
      return known ?? new WorkerSlot(place, this.#context);
    });
    const leaving = this.#slots.filter((slot) => !slots.includes(slot));
    this.#slots = [...slots, ...leaving.filter((slot) => slot.retire())];
    this.#announce();
  }

  /** Leaves one slot a card: more of them would only take turns. */
  #takeTurns(reason: string): void {
    this.#devices.oneSlotACard(reason);
    this.#place();
  }

  async #lookAtDevices(afresh: boolean): Promise<void> {
    const changed = await this.#devices.look(afresh, () => this.#engine === 'portable');
    if (this.#lifetime.isOver || !changed) return;
    for (const device of this.#devices.all()) {
      if (device.present) continue;
      for (const slot of this.#slotsOf(device.name)) slot.lose(deviceGone(device));
    }
    this.#place();
  }
}

const deviceGone = ({ name, title }: Device): LabProblem =>
  problem('workers.device-gone', { title, name });
