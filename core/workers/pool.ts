import { EventEmitter } from 'node:events';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import type { Step } from '../base/actions.ts';
import { LabError, problem } from '../base/errors.ts';
import { IMPOSSIBLE, NO_CARD } from '../engine/computation.ts';
import { outsideArchive } from '../base/node-program.ts';
import type { Job, JobHandle, JobListener, Runner, Slot } from '../search/runner.ts';
import type { Device } from '../devices/device.ts';
import type { RequestedComputation } from '../study/computation.ts';
import type { LabProblem } from '../base/problem.ts';
import { LabJob } from './lab-job.ts';
import { onProcessorAlone, withFound } from '../devices/devices.ts';
import { type Exit, tellingLine } from './failure.ts';
import { leaks } from './leaks.ts';
import { type RequestedEngine, MESSAGES_VERSION } from './messages.ts';
import type { ToLab } from './messages.ts';
import { type CardSharing, letsNobodyIn, type Sharing } from '../devices/mps.ts';
import { type Place, placesFor, waitsFor } from './placement.ts';
import { WorkerProcess } from './worker-process.ts';

/** Milliseconds after which a worker without a job gives its memory back. */
const IDLE = 5 * 60_000;
/** Milliseconds until a slot is tried again whose worker could not begin. */
const BROKEN_PAUSE = 60_000;
/** Processes in a row that end before they are ready, after which their slot counts as broken. */
const FALSE_STARTS = 2;
/** Milliseconds between two looks at the cards. */
const DEVICE_LOOK = 30_000;

export interface PoolOptions {
  devices: readonly Device[];
  /** Cores that the CPU's slots share. */
  cores: number;
  engine?: RequestedEngine;
  /** Where official data sets lie; null for the usual folder. */
  dataFolder?: string | null;
  /**
   * Looks at the devices again, `afresh` also at the engine's library; without it they are taken as
   * they are.
   */
  lookAtDevices?: (afresh: boolean) => Promise<readonly Device[]>;
  /**
   * Gets what lets workers of one card compute at the same time: asked for once, when a card first
   * has several slots.
   */
  share?: () => Promise<Sharing>;
  /** The worker's program, when it is not where it is in the sources. */
  program?: string;
}

interface WorkerSlot {
  place: Place;
  retired: boolean;
  process: WorkerProcess | null;
  /** What its process was told to compute with. */
  computation: RequestedComputation;
  /** Its process has opened its engine. */
  ready: boolean;
  /** Its process was told to end and has not yet. */
  ending: boolean;
  assignment: LabJob | null;
  /** Processes in a row that ended before they were ready. */
  falseStarts: number;
  /** Why its worker cannot begin. */
  problem: LabProblem | null;
  /** Bytes of memory of its process after each job. */
  memory: number[];
  pause: NodeJS.Timeout | null;
}

/**
 * Runs jobs on this machine: one child process for each slot, started when its first job comes and
 * kept for the next ones, so that compiled steps and data stay. A process sees one card, or its
 * share of the cores, and nothing else.
 */
export class WorkerPool implements Runner {
  readonly #options: PoolOptions & { program: string };
  readonly #changed = new EventEmitter<{ slots: [] }>();
  #devices: Device[];
  #seats: WorkerSlot[] = [];
  #engine: RequestedEngine;
  #dataFolder: string | null;
  #sharing: Sharing | null = null;
  #asking: Promise<void> | null = null;
  /** A worker has got to its card under what it shares it by. */
  #sharingWorks = false;
  #telling = false;
  #closed = false;
  readonly #looks: NodeJS.Timeout | null;

  constructor(options: PoolOptions) {
    const program =
      options.program ?? outsideArchive(fileURLToPath(new URL('./worker.ts', import.meta.url)));
    this.#options = { ...options, program };
    this.#devices = options.devices.map((device) => ({ ...device }));
    this.#engine = options.engine ?? 'auto';
    this.#dataFolder = options.dataFolder ?? null;
    this.#looks = options.lookAtDevices
      ? setInterval(() => void this.#lookAtDevices(false), DEVICE_LOOK).unref()
      : null;
    this.#place();
  }

  slots(): readonly Slot[] {
    return this.#seats.map((seat) => ({
      name: seat.place.slot,
      device: seat.place.device,
      ...this.#stateOf(seat),
    }));
  }

  onSlots(listener: () => void): () => void {
    this.#changed.on('slots', listener);
    return () => this.#changed.off('slots', listener);
  }

  devices(): readonly Device[] {
    return this.#devices;
  }

  /** Settles when cards with several slots have what they need for them, or have one slot each. */
  async settled(): Promise<void> {
    await this.#asking;
  }

  setSlots(name: string, count: number): void {
    const device = this.#devices.find((each) => each.name === name);
    if (!device)
      throw new LabError('workers.unknown-device', {
        name: name.slice(0, 60),
        devices: this.#devices.map((each) => each.name).join(', '),
      });
    if (!Number.isInteger(count) || count < 0 || count > device.maximumSlots)
      throw new LabError('workers.too-many-slots', {
        device: device.title,
        limit: device.maximumSlots,
        count,
        steps:
          device.kind === 'cpu'
            ? ['One slot a core is fastest: more would only take turns.']
            : device.maximumSlots === 0
              ? obstacleSteps(device)
              : ['Choose fewer.'],
      });
    device.slots = count;
    for (const seat of this.#seats) if (seat.place.device === name) this.#mend(seat);
    this.#place();
  }

  /** Process ids of the workers that are there, by slot. */
  processes(): ReadonlyMap<string, number> {
    return new Map(
      this.#seats.flatMap(({ place, process }) =>
        process?.pid === undefined ? [] : [[place.slot, process.pid]],
      ),
    );
  }

  /**
   * Takes another engine or data folder, or, where neither is said, a library that was installed or
   * removed: workers without a job end, the others after theirs. Settles when the devices are as
   * that has them.
   */
  async renew(change: { engine?: RequestedEngine; dataFolder?: string | null }): Promise<void> {
    const before = this.#engine;
    this.#engine = change.engine ?? before;
    if (change.dataFolder !== undefined) this.#dataFolder = change.dataFolder;
    for (const seat of this.#seats) {
      this.#mend(seat);
      seat.memory = [Infinity]; // a process of before is never good enough
      if (!seat.assignment) this.#dismiss(seat);
    }
    if (this.#engine === 'portable' && before !== 'portable') {
      this.#devices = onProcessorAlone(this.#devices);
      this.#place();
    } else if (change.dataFolder === undefined || before !== this.#engine)
      await this.#lookAtDevices(true);
    this.#tell();
  }

  start(name: string, job: Job, listener: JobListener): JobHandle {
    const seat = this.#seats.find((each) => each.place.slot === name);
    if (!seat || this.#closed || this.#stateOf(seat).state !== 'ready')
      throw new LabError('workers.slot-not-ready', { name });
    clearTimeout(seat.pause ?? undefined);
    const assignment = new LabJob(job, listener, {
      send: (message) => seat.process?.send(message),
      kill: () => {
        seat.assignment = null;
        this.#dismiss(seat);
        this.#tell();
      },
      isAtWork: async () => seat.process?.isAtWork() ?? true,
      over: (tainted) => {
        this.#leave(seat, assignment, tainted);
      },
    });
    seat.assignment = assignment;
    const worker = seat.process;
    if (!worker) this.#hire(seat, job);
    else if (!isDeepStrictEqual(seat.computation, computationOf(job))) this.#dismiss(seat);
    else if (seat.ready) assignment.begin();
    this.#tell();
    return assignment;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#looks ?? undefined);
    for (const seat of this.#seats) {
      clearTimeout(seat.pause ?? undefined);
      seat.assignment?.kill();
      this.#dismiss(seat);
    }
    await Promise.all(this.#seats.map(async ({ process }) => process?.gone));
    await this.#asking;
    if (this.#sharing?.shared) await this.#sharing.end();
  }

  #stateOf(seat: WorkerSlot): Pick<Slot, 'state' | 'problem'> {
    if (seat.retired) return { state: 'retired', problem: '' };
    if (seat.assignment) return { state: 'busy', problem: '' };
    if (seat.problem)
      return { state: 'broken', problem: `${seat.problem.message} ${seat.problem.next}`.trim() };
    if (seat.ending || (this.#asking && !this.#sharing && this.#isShared(seat)))
      return { state: 'starting', problem: '' };
    const waits = waitsFor(seat.place, this.#occupants(), this.#options.cores);
    return waits === '' ? { state: 'ready', problem: '' } : { state: 'starting', problem: waits };
  }

  #occupants() {
    return this.#seats.flatMap(({ place: { slot, device }, process }) =>
      process ? [{ slot, device, threads: process.threads }] : [],
    );
  }

  /** Whether the card of a seat has others. */
  #isShared({ place }: WorkerSlot): boolean {
    return (
      place.gpu !== null &&
      this.#devices.some(({ name, slots }) => name === place.device && slots > 1)
    );
  }

  /** Gets what cards with several slots need for them. */
  #share(): void {
    const { share } = this.#options;
    if (!share || this.#asking || !this.#devices.some(hasSharedCard)) return;
    this.#asking = share().then((sharing) => {
      this.#sharing = sharing;
      if (sharing.shared) this.#place();
      else this.#takeTurns(sharing.reason);
    });
  }

  /** One slot a card: more of them would only take turns. */
  #takeTurns(reason: string): void {
    this.#devices = this.#devices.map((device) =>
      hasSharedCard(device) ? { ...device, slots: 1, note: reason } : device,
    );
    this.#place();
  }

  /**
   * A process of a seat that should stay for the next job; one of before may have another share of
   * cores or card.
   */
  #fits(seat: WorkerSlot, { threads, shares }: WorkerProcess): boolean {
    return (
      threads === seat.place.threads &&
      shares === (this.#isShared(seat) && this.#sharing?.shared === true)
    );
  }

  /** Seats as the devices say; those too many go when their job is done. */
  #place(): void {
    this.#share();
    const places = placesFor(
      this.#devices.filter((device) => device.present),
      this.#options.cores,
    );
    const seats = places.map((place): WorkerSlot => {
      const known = this.#seats.find((seat) => seat.place.slot === place.slot);
      if (!known) return emptySlot(place);
      known.place = place;
      known.retired = false;
      if (known.process && !this.#fits(known, known.process) && !known.assignment)
        this.#dismiss(known);
      return known;
    });
    const leaving = this.#seats.filter((seat) => !seats.includes(seat));
    for (const seat of leaving) {
      seat.retired = true;
      if (!seat.assignment) this.#dismiss(seat);
    }
    this.#seats = [...seats, ...leaving.filter(({ process }) => process)];
    this.#tell();
  }

  #hire(seat: WorkerSlot, job: Job): void {
    seat.ready = false;
    seat.computation = computationOf(job);
    seat.memory = [];
    const sharing: CardSharing | null =
      this.#isShared(seat) && this.#sharing?.shared ? this.#sharing : null;
    const worker = new WorkerProcess(seat.place, this.#options.program, sharing, {
      message: (message) => {
        this.#receive(seat, worker, message);
      },
      line: (text) => seat.process === worker && seat.assignment?.line(text),
      misbehaved: (why) => {
        if (seat.process === worker) seat.assignment?.misbehaved(why);
      },
      exited: (exit) => {
        if (seat.process === worker) this.#vacate(seat, exit);
      },
    });
    seat.process = worker;
    worker.send({
      type: 'hello',
      version: MESSAGES_VERSION,
      slot: seat.place.slot,
      engine: this.#engine,
      device: seat.place.gpu === null ? 'cpu' : 'gpu',
      computation: seat.computation,
      dataFolder: this.#dataFolder,
    });
  }

  #receive(seat: WorkerSlot, worker: WorkerProcess, message: ToLab): void {
    if (seat.process !== worker || seat.ending) return;
    if (message.type === 'ready' && !seat.ready && message.version === MESSAGES_VERSION) {
      seat.ready = true;
      seat.falseStarts = 0;
      this.#sharingWorks ||= worker.shares;
      seat.assignment?.begin();
    } else if (message.type === 'unable' && !seat.ready) {
      if (message.problem.code === IMPOSSIBLE) seat.assignment?.impossible(message.problem);
      else if (message.problem.code === NO_CARD && worker.shares && !this.#sharingWorks)
        this.#goAlone(seat, message.problem);
      else this.#breakDown(seat, message.problem);
    } else if (seat.ready) {
      seat.assignment?.receive(message);
    }
  }

  /**
   * Nobody gets to a card under what cards are shared by: it is ended, and this worker begins again
   * without it.
   */
  #goAlone(seat: WorkerSlot, { message }: LabProblem): void {
    const problem = letsNobodyIn(message);
    if (this.#sharing?.shared) {
      void this.#sharing.end();
      this.#sharing = problem;
      this.#takeTurns(problem.reason);
    }
    seat.assignment?.line(problem.reason);
    this.#dismiss(seat);
  }

  /** The process of a seat has ended. */
  #vacate(seat: WorkerSlot, exit: Exit): void {
    const { assignment, ready, ending } = seat;
    seat.process = null;
    seat.ready = false;
    seat.ending = false;
    // Once may be chance: somebody killed it. Twice in a row is the slot's own trouble.
    if (!ready && !ending && ++seat.falseStarts >= FALSE_STARTS && assignment) {
      const words =
        tellingLine(exit.lastWords) ?? `it ended with ${exit.signal ?? `exit status ${exit.code}`}`;
      this.#breakDown(
        seat,
        problem('workers.cannot-begin', { slot: seat.place.slot, reason: words }),
      );
    } else if (!ending) assignment?.exited(exit);
    // The process before it computed in another way.
    else if (assignment) this.#hire(seat, assignment.job);
    if (seat.retired) this.#seats = this.#seats.filter((each) => each !== seat);
    this.#tell();
  }

  /** A seat whose worker cannot begin: its job goes elsewhere, and it is tried again later. */
  #breakDown(seat: WorkerSlot, problem: LabProblem): void {
    seat.problem = problem;
    seat.pause = setTimeout(() => {
      this.#mend(seat);
      this.#tell();
    }, BROKEN_PAUSE).unref();
    this.#dismiss(seat);
    seat.assignment?.lost(problem);
    this.#tell();
  }

  #mend(seat: WorkerSlot): void {
    if (!seat.problem) return;
    clearTimeout(seat.pause ?? undefined);
    seat.problem = null;
  }

  /** A job is over: its worker stays for the next one, unless there is something against it. */
  #leave(seat: WorkerSlot, assignment: LabJob, tainted: boolean): void {
    if (seat.assignment !== assignment) return;
    seat.assignment = null;
    seat.memory.push(assignment.memory);
    const { process, retired, ready } = seat;
    if (
      process &&
      (tainted || retired || !ready || !this.#fits(seat, process) || leaks(seat.memory))
    )
      this.#dismiss(seat);
    else
      seat.pause = setTimeout(() => {
        this.#dismiss(seat);
      }, IDLE).unref();
    if (retired && !seat.process) this.#seats = this.#seats.filter((each) => each !== seat);
    this.#tell();
  }

  /** Ends a seat's process; the seat is free again when it is gone. */
  #dismiss(seat: WorkerSlot): void {
    if (!seat.process || seat.ending) return;
    seat.ending = true;
    seat.process.end();
  }

  async #lookAtDevices(afresh: boolean): Promise<void> {
    if (!this.#options.lookAtDevices) return;
    const found = await this.#options.lookAtDevices(afresh);
    const before = this.#devices;
    this.#devices = withFound(
      before,
      this.#engine === 'portable' ? onProcessorAlone(found) : found,
    );
    const states = (devices: readonly Device[]): string =>
      devices.map(({ name, present, maximumSlots }) => `${name} ${present} ${maximumSlots}`).join();
    if (this.#closed || states(before) === states(this.#devices)) return;
    for (const { name, title, present } of this.#devices) {
      if (present) continue;
      for (const seat of this.#seats.filter(({ place }) => place.device === name))
        seat.assignment?.lost(problem('workers.device-gone', { title, name }));
    }
    this.#place();
  }

  /** Once in a turn of the loop, and never from within a call of the scheduler. */
  #tell(): void {
    if (this.#telling || this.#closed) return;
    this.#telling = true;
    setImmediate(() => {
      this.#telling = false;
      if (!this.#closed) this.#changed.emit('slots');
    });
  }
}

const hasSharedCard = ({ kind, present, slots }: Device): boolean =>
  kind === 'gpu' && present && slots > 1;

const computationOf = ({ training }: Job): RequestedComputation => training.computation ?? {};

const emptySlot = (place: Place): WorkerSlot => ({
  place,
  retired: false,
  process: null,
  computation: {},
  ready: false,
  ending: false,
  assignment: null,
  falseStarts: 0,
  problem: null,
  memory: [],
  pause: null,
});

/** What to do about a device that has no slots. */
const obstacleSteps = ({ obstacle, note }: Device): readonly Step[] =>
  obstacle
    ? [obstacle.message, ...(obstacle.steps ?? [obstacle.next])]
    : [note ?? 'Use the slots of the processor.'];
