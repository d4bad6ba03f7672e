import { isDeepStrictEqual } from 'node:util';
import { problem } from '../base/errors.ts';
import { IMPOSSIBLE, NO_CARD } from '../engine/computation.ts';
import type { CardSharing } from '../devices/mps.ts';
import type { Job, JobHandle, JobListener } from '../search/runner.ts';
import type { RequestedComputation } from '../study/computation.ts';
import type { LabProblem } from '../base/problem.ts';
import { type Exit, tellingLine } from './failure.ts';
import { LabJob } from './lab-job.ts';
import { type RequestedEngine, MESSAGES_VERSION } from './messages.ts';
import type { ToLab } from './messages.ts';
import type { Occupant, Place } from './placement.ts';
import { type SlotFacts, afterExit, afterJob } from './slot-decisions.ts';
import { WorkerProcess } from './worker-process.ts';

/** Milliseconds after which a worker without a job gives its memory back. */
const IDLE_TIME = 5 * 60_000;
/** Milliseconds until a slot is tried again whose worker could not begin. */
const BROKEN_TIME = 60_000;

/** The part of the pool that a slot uses. */
export interface SlotContext {
  /** The worker's program. */
  readonly program: string;
  /** The settings of the next process. */
  readonly settings: () => { engine: RequestedEngine; dataFolder: string | null };
  /** What the workers of a slot's card share the card by; null when the slot has it alone. */
  readonly sharingOf: (place: Place) => CardSharing | null;
  /** No worker has got to a card that is shared: the sharing may be at fault. */
  readonly isSharingUnproven: () => boolean;
  /** A worker on a shared card has opened its engine. */
  readonly sharingWorks: () => void;
  /** A worker does not get to its shared card. Returns why the sharing is given up. */
  readonly giveUpSharing: (found: string) => string;
  /** The state of the slot may have changed. */
  readonly changed: () => void;
  /** A retired slot has ended its last job and its process. */
  readonly vanished: (slot: WorkerSlot) => void;
}

/** One slot: its process, started for the first job and kept for the next ones, and its job. */
export class WorkerSlot {
  place: Place;
  readonly #context: SlotContext;
  #retired = false;
  #process: WorkerProcess | null = null;
  /** How the process was asked to compute. */
  #computation: RequestedComputation = {};
  /** The process has opened its engine. */
  #ready = false;
  /** The process was asked to end and has not yet. */
  #ending = false;
  #job: LabJob | null = null;
  /** Processes in a row that ended before they were ready. */
  #falseStarts = 0;
  /** Why the worker cannot begin. */
  #problem: LabProblem | null = null;
  /** Bytes of memory of the process after each of its jobs. */
  #memory: number[] = [];
  /** Ends an idle process, or mends a broken slot. */
  #timer: NodeJS.Timeout | null = null;

  constructor(place: Place, context: SlotContext) {
    this.place = place;
    this.#context = context;
  }

  get facts(): Omit<SlotFacts, 'waitsForSharing'> {
    return {
      place: this.place,
      retired: this.#retired,
      hasJob: this.#job !== null,
      ending: this.#ending,
      problem: this.#problem,
    };
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** The cores that its process uses; null without a process. */
  get occupant(): Occupant | null {
    const { slot, device } = this.place;
    return this.#process && { slot, device, threads: this.#process.threads };
  }

  /** Gives the slot a place again, with perhaps another share of the cores. */
  settle(place: Place): void {
    this.place = place;
    this.#retired = false;
    if (this.#process && !this.#fits(this.#process) && !this.#job) this.#endProcess();
  }

  /** Takes the slot away as soon as its job is over. Returns true while a process is left. */
  retire(): boolean {
    this.#retired = true;
    if (!this.#job) this.#endProcess();
    return this.#process !== null;
  }

  /** Starts a job; the pool has seen that the slot is ready. */
  start(job: Job, listener: JobListener): JobHandle {
    clearTimeout(this.#timer ?? undefined);
    const labJob = new LabJob(job, listener, {
      send: (message) => this.#process?.send(message),
      kill: () => {
        this.#job = null;
        this.#endProcess();
        this.#context.changed();
      },
      isAtWork: async () => this.#process?.isAtWork() ?? true,
      over: (tainted) => {
        this.#jobOver(labJob, tainted);
      },
    });
    this.#job = labJob;
    if (!this.#process) this.#startProcess(job);
    else if (!isDeepStrictEqual(this.#computation, computationOf(job))) this.#endProcess();
    else if (this.#ready) labJob.begin();
    return labJob;
  }

  /** Fails its job: the device has gone. */
  lose(problem: LabProblem): void {
    this.#job?.lost(problem);
  }

  /** Forgets why its worker could not begin. */
  mend(): void {
    if (!this.#problem) return;
    clearTimeout(this.#timer ?? undefined);
    this.#problem = null;
  }

  /** Replaces its process before the next job: the settings are others now. */
  renew(): void {
    this.mend();
    this.#memory = [Infinity]; // counts as a leak
    if (!this.#job) this.#endProcess();
  }

  /** Ends job and process. */
  close(): void {
    clearTimeout(this.#timer ?? undefined);
    this.#job?.kill();
    this.#endProcess();
  }

  /** Settles when its process has ended. */
  async gone(): Promise<void> {
    await this.#process?.gone;
  }

  /** A process from before may have another share of the cores or the card. */
  #fits({ threads, shares }: WorkerProcess): boolean {
    const isShared = this.#context.sharingOf(this.place) !== null;
    return threads === this.place.threads && shares === isShared;
  }

  #startProcess(job: Job): void {
    const { program, settings, sharingOf } = this.#context;
    this.#ready = false;
    this.#computation = computationOf(job);
    this.#memory = [];
    const worker = new WorkerProcess(this.place, program, sharingOf(this.place), {
      message: (message) => {
        if (this.#process === worker && !this.#ending) this.#receive(worker, message);
      },
      line: (text) => {
        if (this.#process === worker) this.#job?.line(text);
      },
      misbehaved: (why) => {
        if (this.#process === worker) this.#job?.misbehaved(why);
      },
      exited: (exit) => {
        if (this.#process === worker) this.#exited(exit);
      },
    });
    this.#process = worker;
    worker.send({
      type: 'hello',
      version: MESSAGES_VERSION,
      slot: this.place.slot,
      ...settings(),
      device: this.place.gpu === null ? 'cpu' : 'gpu',
      computation: this.#computation,
    });
  }

  #receive(worker: WorkerProcess, message: ToLab): void {
    if (message.type === 'ready' && !this.#ready && message.version === MESSAGES_VERSION) {
      this.#ready = true;
      this.#falseStarts = 0;
      if (worker.shares) this.#context.sharingWorks();
      this.#job?.begin();
    } else if (message.type === 'unable' && !this.#ready) {
      this.#unable(worker, message.problem);
    } else if (this.#ready) {
      this.#job?.receive(message);
    }
  }

  /** The worker cannot open its engine: the fault of the job, of the sharing, or of the slot. */
  #unable(worker: WorkerProcess, problem: LabProblem): void {
    if (problem.code === IMPOSSIBLE) {
      this.#job?.impossible(problem);
    } else if (problem.code === NO_CARD && worker.shares && this.#context.isSharingUnproven()) {
      // The next process of this job has the card alone.
      const reason = this.#context.giveUpSharing(problem.message);
      this.#job?.line(reason);
      this.#endProcess();
    } else {
      this.#break(problem);
    }
  }

  #exited(exit: Exit): void {
    const [ready, ending] = [this.#ready, this.#ending];
    this.#process = null;
    this.#ready = false;
    this.#ending = false;
    if (!ready && !ending) this.#falseStarts++;
    const job = this.#job;
    const falseStarts = this.#falseStarts;
    const decision = afterExit({ hasJob: job !== null, ready, ending, falseStarts });
    if (decision.do === 'break-slot') this.#break(cannotBegin(this.place.slot, exit));
    else if (decision.do === 'fail-job') job?.exited(exit);
    else if (decision.do === 'start-process') this.#startProcess(job!.job);
    if (this.#retired) this.#context.vanished(this);
    this.#context.changed();
  }

  /** The worker cannot start: its job goes to another slot, and this one is tried again later. */
  #break(problem: LabProblem): void {
    this.#problem = problem;
    this.#timer = setTimeout(() => {
      this.mend();
      this.#context.changed();
    }, BROKEN_TIME).unref();
    this.#endProcess();
    this.#job?.lost(problem);
    this.#context.changed();
  }

  #jobOver(job: LabJob, tainted: boolean): void {
    if (this.#job !== job) return;
    this.#job = null;
    this.#memory.push(job.memory);
    if (this.#process) {
      const { do: step } = afterJob({
        tainted,
        retired: this.#retired,
        ready: this.#ready,
        fitsPlace: this.#fits(this.#process),
        memory: this.#memory,
      });
      if (step === 'end') this.#endProcess();
      else
        this.#timer = setTimeout(() => {
          this.#endProcess();
        }, IDLE_TIME).unref();
    } else if (this.#retired) {
      this.#context.vanished(this);
    }
    this.#context.changed();
  }

  /** Asks the process to end; the slot is free again when it has. */
  #endProcess(): void {
    if (!this.#process || this.#ending) return;
    this.#ending = true;
    this.#process.end();
  }
}

const computationOf = ({ training }: Job): RequestedComputation => training.computation ?? {};

function cannotBegin(slot: string, exit: Exit): LabProblem {
  const words =
    tellingLine(exit.lastWords) ?? `it ended with ${exit.signal ?? `exit status ${exit.code}`}`;
  return problem('workers.cannot-begin', { slot, reason: words });
}
