import type { Lifetime } from '../base/lifetime.ts';
import type { Store } from '../store/store.ts';
import type { Attempt, Run, StopWhen } from '../study/run.ts';
import { isTeacherProblem, jobFor } from './job.ts';
import type { Judge } from './judge.ts';
import { LiveRun, failureOf } from './live-run.ts';
import type { Ask, LiveRunEvents } from './live-run.ts';
import { ownerKey } from './owner.ts';
import type { Owner } from './owner.ts';
import type { Progress, Runner } from './runner.ts';
import { type SlotTable, slotTable } from './slot-table.ts';
import type { Work } from './work.ts';

/** A run on a slot. */
export interface Occupation {
  slot: string;
  run: number;
  progress: Progress | null;
}

/** Milliseconds between two checks for silent workers. */
const CHECK_INTERVAL = 1000;
/** Milliseconds that workers get to hand over their checkpoints when the lab is closed. */
const CLOSE_TIMEOUT = 60_000;

/** The slots, and the runs on them. */
export class ActiveRuns {
  readonly #store: Store;
  readonly #runner: Runner;
  readonly #events: () => LiveRunEvents;
  readonly #live = new Map<number, LiveRun>();
  readonly #hangChecks: NodeJS.Timeout;
  #onEmpty: (() => void) | null = null;
  /** The slots of this turn: many runs may fail in it. */
  #table: SlotTable | null = null;
  readonly #forgetTable: () => void;

  /**
   * @param lifetime workers are looked at until it ends
   * @param hangAfter seconds without a sign of life after which a worker is killed
   * @param events asked for when the first run begins
   */
  constructor(
    lifetime: Lifetime,
    store: Store,
    runner: Runner,
    hangAfter: number,
    events: () => LiveRunEvents,
  ) {
    this.#store = store;
    this.#runner = runner;
    this.#events = events;
    this.#forgetTable = lifetime.onceATurn(() => {
      this.#table = null;
    });
    const checks = Math.max(2, Math.ceil((hangAfter * 1000) / CHECK_INTERVAL));
    this.#hangChecks = lifetime.every(CHECK_INTERVAL, () => {
      for (const live of [...this.#live.values()])
        if (this.#isHeard(live) && live.isSilentFor(checks)) live.hang(checks);
    });
  }

  /** Slots that can take a run now, in the order in which they are to be filled. */
  free(): string[] {
    const taken = new Set([...this.#live.values()].map((live) => live.slot));
    return this.#runner
      .slots()
      .filter(({ name, state }) => state === 'ready' && !taken.has(name))
      .map((slot) => slot.name);
  }

  /** Slots that work or can work. */
  usable(): readonly string[] {
    return this.#slots.usable;
  }

  deviceOf(slot: string): string | undefined {
    return this.#slots.deviceOf(slot);
  }

  /** Runs on the slots of a device. */
  on(device: string): LiveRun[] {
    return [...this.#live.values()].filter((live) => this.deviceOf(live.slot) === device);
  }

  /** Whether the device of a slot has others. */
  hasNeighbours(slot: string): boolean {
    return this.#slots.hasNeighbours(slot);
  }

  /** The runner has told of other slots. */
  slotsChanged(): void {
    this.#table = null;
  }

  get(run: number): LiveRun | undefined {
    return this.#live.get(run);
  }

  of(owner: Owner): LiveRun[] {
    return [...this.#live.values()].filter(
      (live) => live.owner && ownerKey(live.owner) === ownerKey(owner),
    );
  }

  pretraining(): LiveRun[] {
    return [...this.#live.values()].filter((live) => live.owner === null);
  }

  occupations(): Occupation[] {
    return [...this.#live.values()].map(({ slot, run, progressSeen }) => ({
      slot,
      run,
      progress: progressSeen,
    }));
  }

  /** Puts a run on a slot. */
  begin(run: Run, slot: string, attempt: number, work: Work | null, checkpointEvery: number): void {
    const live = new LiveRun(
      this.#store,
      work?.judge ?? null,
      { run, slot, attempt },
      this.#eventsOfRun(),
    );
    this.#live.set(run.id, live);
    try {
      const job = jobFor(this.#store, run, attempt, work, checkpointEvery);
      live.begun(this.#runner.start(slot, job, live));
    } catch (error) {
      live.failed(failureOf(isTeacherProblem(error) ? 'teacher' : 'crash', error, run.epoch + 1));
    }
  }

  /**
   * Takes up a run that is on its slot since an earlier process of the lab.
   *
   * @param judge the rule of its study, also of one that does not run
   */
  adopt(
    { run, attempt }: { run: Run; attempt: Attempt },
    judge: Judge | null,
    work: Work | null,
    checkpointEvery: number,
  ): LiveRun {
    const { slot, number } = attempt;
    const live = new LiveRun(
      this.#store,
      judge,
      { run, slot, attempt: number },
      this.#eventsOfRun(),
    );
    this.#live.set(run.id, live);
    try {
      const job = jobFor(this.#store, run, number, work, checkpointEvery);
      live.begun(this.#runner.adopt!(slot, job, live));
    } catch (error) {
      live.failed(failureOf(isTeacherProblem(error) ? 'teacher' : 'lost', error, run.epoch + 1));
    }
    return live;
  }

  ask(runs: readonly LiveRun[], what: Ask, when: StopWhen): void {
    for (const live of runs) live.ask(what, when);
  }

  /** Ends workers at once; no event follows. */
  kill(runs: readonly LiveRun[] = [...this.#live.values()]): void {
    for (const live of runs) {
      live.kill();
      this.#live.delete(live.run);
    }
    if (this.#live.size === 0) this.#onEmpty?.();
  }

  /** Ends workers at once, or leaves them to be adopted; no event follows. */
  leave(runs: readonly LiveRun[] = [...this.#live.values()]): void {
    for (const live of runs) {
      live.leave();
      this.#live.delete(live.run);
    }
    if (this.#live.size === 0) this.#onEmpty?.();
  }

  /**
   * Lets all workers hand over a checkpoint, for a limited time; those that go on without the lab
   * are left.
   */
  async interrupt(): Promise<void> {
    this.leave([...this.#live.values()].filter((live) => live.canBeLeft));
    if (this.#live.size === 0) return;
    this.ask([...this.#live.values()], 'interrupt', 'now');
    await new Promise<void>((resolve) => {
      const timeout = setTimeout(resolve, CLOSE_TIMEOUT);
      this.#onEmpty = () => {
        clearTimeout(timeout);
        resolve();
      };
    });
  }

  /** Keeps the process alive while there is work, also when no slot can take it now. */
  stay(needed: boolean): void {
    if (needed) this.#hangChecks.ref();
    else this.#hangChecks.unref();
  }

  get #slots(): SlotTable {
    this.#forgetTable();
    return (this.#table ??= slotTable(this.#runner.slots()));
  }

  /** The hang clock stands still while the machine of a run is silent: a cut is no hang. */
  #isHeard({ slot }: LiveRun): boolean {
    return this.#runner.reaches?.(slot) ?? true;
  }

  /** Takes a run that leaves from its slot before the scheduler hears of it. */
  #eventsOfRun(): LiveRunEvents {
    const events = this.#events();
    return {
      ...events,
      left: (live, leaving) => {
        this.#live.delete(live.run);
        events.left(live, leaving);
        if (this.#live.size === 0) this.#onEmpty?.();
      },
    };
  }
}
