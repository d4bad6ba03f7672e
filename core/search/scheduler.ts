import { LabError } from '../base/errors.ts';
import { Lifetime } from '../base/lifetime.ts';
import type { Store } from '../store/store.ts';
import type { TrainingPlan } from '../study/plan.ts';
import type { Pretrained } from '../study/pretrained.ts';
import type { LabProblem } from '../base/problem.ts';
import type { Run, StopWhen } from '../study/run.ts';
import { ActiveRuns } from './active-runs.ts';
import type { Occupation } from './active-runs.ts';
import { LastTries } from './last-tries.ts';
import { Outages } from './outages.ts';
import { outlookOf } from './outlook.ts';
import { OwnerControl } from './owner-control.ts';
import { type Owner, ownerOf } from './owner.ts';
import { Pretraining } from './pretraining.ts';
import { type Recovered, recover } from './recovery.ts';
import { RunControl } from './run-control.ts';
import { RunEvents } from './run-events.ts';
import type { Runner } from './runner.ts';
import type { Emit, SchedulerEvent } from './scheduler-events.ts';
import { SlotBackoff } from './slot-backoff.ts';
import { Slots } from './slots.ts';
import { Suitability } from './suitability.ts';
import { timeLeft } from './time-left.ts';
import { Works } from './works.ts';

export interface SchedulerOptions {
  onEvent?: (event: SchedulerEvent) => void;
  /** Seconds of training between checkpoints of a run. */
  checkpointEvery?: number;
  /** Seconds without a sign of life after which a worker is killed. */
  hangAfter?: number;
  /** Divides the delays before retries and the times that slots rest. */
  delayDivisor?: number;
  /** Milliseconds since 1970, for records only: no decision depends on it. */
  now?: () => number;
}

const HANG_AFTER = 60;
const CHECKPOINT_EVERY = 60;

/**
 * Gives free slots their next runs and acts on their reports: decisions are made and recorded,
 * checkpoints stored, crashes tried again. Driven by events; every answer and every event is in the
 * store before it is sent, so that a kill at any moment costs at most the epochs since a run's last
 * checkpoint.
 *
 * This class joins the parts. Their decisions are pure functions: `queue.ts` (what comes next),
 * `slot-choice.ts` (which slot), `pretraining-needs.ts`, `failures.ts`, `slot-backoff.ts` and
 * `outages.ts`.
 */
export class Scheduler {
  readonly #store: Store;
  readonly #active: ActiveRuns;
  readonly #backoff: SlotBackoff;
  readonly #suitability: Suitability;
  readonly #works: Works;
  readonly #pretraining: Pretraining;
  readonly #owners: OwnerControl;
  readonly #runs: RunControl;
  readonly #slots: Slots;
  readonly #outages: Outages;
  readonly #emit: Emit;
  readonly #outlives: (slot: string) => boolean;
  #checkpointEvery: number;
  readonly #lifetime = new Lifetime();
  /** The store is left in order; it may be closed. */
  #isLeft = false;
  /** Fills free slots soon. */
  readonly #wake = this.#lifetime.onceATurn(() => {
    this.#outages.watch(() => {
      if (!this.trouble) this.#slots.fill();
    });
  });

  constructor(store: Store, runner: Runner, options: SchedulerOptions = {}) {
    const { onEvent: emit = () => undefined, delayDivisor = 1, now = Date.now } = options;
    this.#store = store;
    this.#emit = emit;
    this.#checkpointEvery = options.checkpointEvery ?? CHECKPOINT_EVERY;
    const lifetime = this.#lifetime;
    const wake = this.#wake;
    const pause = (owner: Owner, when: StopWhen, problem: LabProblem): void => {
      this.pause(owner, when, problem);
    };
    const events = (): RunEvents['events'] => runEvents.events;
    const active = new ActiveRuns(lifetime, store, runner, options.hangAfter ?? HANG_AFTER, events);
    const backoff = new SlotBackoff(lifetime, delayDivisor);
    const suitability = new Suitability(lifetime, runner, delayDivisor);
    this.#outlives = (slot) => runner.outlives?.(slot) ?? false;
    const lastTries = new LastTries(store, active, backoff);
    const works = new Works({ lifetime, store, active, lastTries, emit, now });
    const pretraining = new Pretraining({ lifetime, store, active, works, emit, now, pause });
    const outages = new Outages(lifetime, delayDivisor, {
      began: (problem) => {
        this.#endAllWork(problem);
      },
      tryStore: () => {
        recover(store, this.#outlives);
      },
      ended: () => {
        emit({ type: 'trouble', problem: null });
        this.open();
      },
    });
    const parts = {
      lifetime,
      store,
      active,
      backoff,
      suitability,
      lastTries,
      works,
      pretraining,
      outages,
    };
    const shared = { ...parts, emit, now, wake, pause, delayDivisor };
    const runEvents = new RunEvents(shared);
    this.#active = active;
    this.#backoff = backoff;
    this.#suitability = suitability;
    this.#works = works;
    this.#pretraining = pretraining;
    this.#outages = outages;
    this.#owners = new OwnerControl(shared);
    this.#runs = new RunControl({
      ...shared,
      resume: (owner) => {
        this.resume(owner);
      },
    });
    this.#slots = new Slots({ ...shared, checkpointEvery: () => this.#checkpointEvery });
    store.onTrouble((trouble) => {
      outages.meet(trouble);
    });
    lifetime.atEnd(
      runner.onSlots(() => {
        active.slotsChanged();
        emit({ type: 'slots' });
        this.#wake();
      }),
    );
  }

  /**
   * Continues the studies and re-runs that ran when the lab last ended.
   *
   * @returns the runs that were interrupted, as they were
   */
  open(): Run[] {
    const { interrupted, staying } = recover(this.#store, this.#outlives);
    this.#pretraining.load();
    this.#owners.openAll();
    for (const each of staying) this.#adopt(each);
    this.#wake();
    return interrupted;
  }

  /**
   * Starts a study or re-run, or continues a paused, stopped or completed one; runs that were
   * cancelled with it wait again, and slots that rest can take runs again. Does nothing where
   * nothing is left to do. Throws LabError `space.impossible`.
   *
   * @param what `with-failed`: also runs that failed or were out of memory
   */
  resume(owner: Owner, what: 'the-rest' | 'with-failed' = 'the-rest'): void {
    this.#outages.end();
    this.#backoff.clear();
    this.#suitability.clear();
    if (what === 'with-failed') this.#runs.retryFailed(owner);
    this.#owners.resume(owner);
  }

  /** Starts no more of its runs; those on slots keep a checkpoint and wait. */
  pause(owner: Owner, when: StopWhen, problem: LabProblem | null = null): void {
    this.#owners.pause(owner, when, problem);
  }

  /** Ends it: its runs that have not ended are cancelled. */
  stop(owner: Owner, when: StopWhen): void {
    this.#owners.stop(owner, when);
  }

  /** Removes a study or re-run with its runs, also from their slots. */
  async remove(owner: Owner): Promise<void> {
    await this.#owners.remove(owner);
  }

  /** Reads a changed name, priority or number of trials. */
  changed(owner: Owner): void {
    this.#owners.changed(owner);
  }

  /** Cancels one run; the others of its study continue. */
  stopRun(id: number, when: StopWhen): void {
    this.#runs.stop(id, when);
  }

  /** Tries a run again that failed or was cancelled. */
  retryRun(id: number): void {
    this.#runs.retry(id);
  }

  /** Keeps a run's weights whatever becomes of the run, or keeps them no longer. */
  pin(id: number, pinned: boolean): Run {
    return this.#runs.pin(id, pinned);
  }

  /** Trains a network alone, whether or not a study waits for it. */
  pretrain(model: string, training: TrainingPlan, seed: number): Pretrained {
    const pretrained = this.#pretraining.add({ model, training, seed, study: null, asked: true });
    this.#emit({ type: 'pretrained' });
    this.#wake();
    return pretrained;
  }

  /** Reads pretrained networks that were imported or removed. */
  pretrainedChanged(): void {
    for (const work of this.#works.all()) this.#pretraining.require(work);
    this.#pretraining.pauseUnneeded('now');
    this.#emit({ type: 'pretrained' });
    this.#wake();
  }

  /** The runs on slots. */
  occupations(): Occupation[] {
    return this.#active.occupations();
  }

  /** Why nothing can run; null when all is well. */
  get trouble(): LabProblem | null {
    return this.#outages.problem;
  }

  setCheckpointEvery(seconds: number): void {
    this.#checkpointEvery = seconds;
  }

  /** Seconds until a running study or re-run is completed; null when that is not known. */
  timeLeft(owner: Owner): number | null {
    const work = this.#works.of(owner);
    if (!work) return null;
    const slots = this.#active
      .usable()
      .filter((slot) => this.#suitability.suits(slot, work.training));
    return timeLeft(outlookOf(this.#store, work, slots.length));
  }

  /**
   * Ends all work. `save` lets workers hand over a checkpoint first; `at-once` does not wait.
   * Either way everything continues when the lab is next opened. Does not close store or runner. A
   * second call with `at-once` ends the first sooner.
   */
  async close(how: 'save' | 'at-once'): Promise<void> {
    this.#lifetime.end();
    if (how === 'save') await this.#active.interrupt();
    this.#active.leave();
    if (this.#isLeft) return;
    this.#isLeft = true;
    try {
      recover(this.#store, this.#outlives);
    } catch (error) {
      // A store that refuses changes is put in order when it is next opened.
      if (!(error instanceof LabError)) throw error;
    }
  }

  /** Takes up a run that is still on its slot; one of a paused study pauses now. */
  #adopt(found: Recovered['staying'][number]): void {
    const owner = ownerOf(found.run);
    const work = this.#works.of(owner);
    const judge = this.#works.judgeOf(owner);
    const live = this.#active.adopt(found, judge, work, this.#checkpointEvery);
    if (owner && !work) live.ask('pause', 'now');
    this.#emit({ type: 'run', run: found.run.id });
  }

  /** Results can no longer be recorded. */
  #endAllWork(problem: LabProblem): void {
    this.#active.leave();
    this.#works.clear();
    this.#pretraining.close();
    this.#emit({ type: 'trouble', problem });
  }
}
