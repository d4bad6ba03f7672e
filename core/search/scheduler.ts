import { LabError, messageOf } from '../base/errors.ts';
import { requirePossible } from '../graph/space.ts';
import type { Store } from '../store/store.ts';
import type { RungDecision } from '../study/decision.ts';
import type { EpochMetrics } from '../study/metrics.ts';
import { hasEnded } from '../study/moves.ts';
import type { TrainingPlan } from '../study/plan.ts';
import type { Pretrained } from '../study/pretrained.ts';
import type { LabProblem } from '../study/problem.ts';
import { type Failure, MEMORY_ADVICE, type Run, type StopWhen } from '../study/run.ts';
import { SlotBackoff, restText } from './slot-backoff.ts';
import { maySlotBeToBlame, problemOf, recordFailure } from './failures.ts';
import { ActiveRuns } from './active-runs.ts';
import type { Occupation } from './active-runs.ts';
import { LastTries } from './last-tries.ts';
import { judgeOf } from './judge.ts';
import type { Judge } from './judge.ts';
import type { Leaving, LiveRun, LiveRunEvents } from './live-run.ts';
import { outlookOf } from './outlook.ts';
import {
  changeOwner,
  ownerKey,
  ownerOf,
  recordOf,
  retriesOf,
  runsOf,
  teachersOf,
  trainingOf,
  usualTeachersOf,
} from './owner.ts';
import type { Owner } from './owner.ts';
import { Pretraining } from './pretraining.ts';
import { recover } from './recovery.ts';
import { tidy } from './retention.ts';
import type { Runner } from './runner.ts';
import { teacherNodes, usualTeacher } from './teachers.ts';
import { timeLeft } from './time-left.ts';
import { addTrial } from './trial.ts';
import { Work, countEpoch, countTrial } from './work.ts';

/** Everything that changes, told after it is in the store. */
export type SchedulerEvent =
  | { type: 'study'; study: number }
  | { type: 'rerun'; rerun: number }
  | { type: 'run'; run: number }
  | { type: 'epoch'; run: number; metrics: EpochMetrics }
  | { type: 'decision'; run: number; study: number; decision: RungDecision; at: number }
  | { type: 'pretrained' }
  | { type: 'slots' }
  | {
      type: 'log';
      level: 'info' | 'warning' | 'error';
      study: number | null;
      run: number | null;
      text: string;
    }
  /**
   * The store refuses changes: nothing runs until `resume`, or until a trouble that may pass is
   * over. null: it is over.
   */
  | { type: 'trouble'; problem: LabProblem | null };

export interface SchedulerOptions {
  onEvent?: (event: SchedulerEvent) => void;
  /** Seconds of training between checkpoints of a run. */
  checkpointEvery?: number;
  /** Seconds without a sign of life after which a worker is killed. */
  hangAfter?: number;
  /** Divides the delays before retries and the times that slots are resting. */
  delayDivisor?: number;
  /** Milliseconds since 1970, for records only: nothing is decided by it. */
  now?: () => number;
}

const HANG_AFTER = 60;
const CHECKPOINT_EVERY = 60;
/** Runs that may wait for pretrained networks before no more trials are drawn. */
const LOOK_AHEAD = 32;
/** Trials drawn in one turn of the event loop: most may be duplicates that need no slot. */
const DRAWN_PER_TURN = 32;
/**
 * Starts that fail one after another, whatever the run, before a study is paused; at least two for
 * each slot.
 */
const HOPELESS = 8;
/** How often pretraining is started again after a crash. */
const PRETRAINING_RETRIES = 2;
/**
 * Milliseconds until a store that refused changes is tried again, twice as long after each try in
 * vain.
 */
const TROUBLE_PAUSE = 5000;
const LONGEST_TROUBLE_PAUSE = 60_000;

/** Codes of troubles that may pass without a person at this lab: it goes on by itself then. */
const PASSING = ['store.busy', 'store.disk-full'];
export const mayPass = ({ code }: LabProblem): boolean => PASSING.includes(code);

/**
 * Gives free slots their next runs and takes what comes of them: reports are judged and recorded,
 * checkpoints stored, crashes tried again. Driven by events; what it answers or tells is in the
 * store before, so that a kill at any moment costs at most the epochs since a run's last
 * checkpoint.
 */
export class Scheduler {
  readonly #store: Store;
  readonly #options: Required<SchedulerOptions>;
  readonly #works = new Map<string, Work>();
  readonly #active: ActiveRuns;
  readonly #backoff: SlotBackoff;
  readonly #lastTries: LastTries;
  readonly #pretraining: Pretraining;
  /** Rules by study, kept over pauses: runs that were asked to pause may still report. */
  readonly #judges = new Map<number, Judge>();
  readonly #undoSlots: () => void;
  #waking = false;
  #closed = false;
  #trouble: LabProblem | null = null;
  #troublePause = TROUBLE_PAUSE;

  constructor(store: Store, runner: Runner, options: SchedulerOptions = {}) {
    this.#store = store;
    this.#pretraining = new Pretraining(store);
    this.#options = {
      onEvent: () => undefined,
      checkpointEvery: CHECKPOINT_EVERY,
      hangAfter: HANG_AFTER,
      delayDivisor: 1,
      now: Date.now,
      ...options,
    };
    this.#backoff = new SlotBackoff(this.#options.delayDivisor);
    this.#active = new ActiveRuns(store, runner, this.#options.hangAfter, this.#liveEvents());
    this.#lastTries = new LastTries(store, this.#active, this.#backoff);
    store.onTrouble((trouble) => {
      this.#meetTrouble(trouble);
    });
    this.#undoSlots = runner.onSlots(() => {
      this.#emit({ type: 'slots' });
      this.#wake();
    });
  }

  /**
   * Takes up what was running when the lab was last ended, and goes on with it.
   *
   * @returns the runs that were interrupted, as they were
   */
  open(): Run[] {
    const interrupted = recover(this.#store);
    this.#pretraining.load();
    for (const { id, state } of this.#store.studies())
      if (state === 'running') this.#takeUp({ study: id });
    for (const { id, state } of this.#store.reruns())
      if (state === 'running') this.#takeUp({ rerun: id });
    this.#wake();
    return interrupted;
  }

  /**
   * Starts a study or re-run, or goes on with a paused, stopped or completed one; what was
   * cancelled with it is taken up again, and slots that were resting are asked again. Does nothing
   * where nothing is left to do. Throws LabError `space.impossible`.
   *
   * @param what `with-failed`: also runs that failed or were out of memory
   */
  resume(owner: Owner, what: 'the-rest' | 'with-failed' = 'the-rest'): void {
    this.#overcomeTrouble();
    this.#backoff.clear();
    if (what === 'with-failed') this.#takeUpFailed(owner);
    const { state, startedAt } = recordOf(this.#store, owner);
    if (state !== 'running' && !this.#isOver(owner)) {
      requireDrawable(this.#store, owner);
      this.#store.transaction(() => {
        changeOwner(this.#store, owner, {
          state: 'running',
          problem: null,
          endedAt: null,
          ...(startedAt === null && { startedAt: this.#options.now() }),
        });
        for (const run of runsOf(this.#store, owner, ['cancelled']).filter(
          (each) => !each.dismissed,
        ))
          this.#store.changeRun(run.id, { state: 'waiting', endedAt: null });
      });
      this.#load(owner);
      this.#spare(this.#active.of(owner));
    }
    this.#told(owner);
    this.#wake();
  }

  /** True of one that is completed and has got nothing new to do. */
  #isOver(owner: Owner): boolean {
    const record = recordOf(this.#store, owner);
    if (record.state !== 'completed' || runsOf(this.#store, owner, ['waiting']).length > 0)
      return false;
    return !('plan' in record) || this.#store.trialsSoFar(record.id) >= record.plan.trials;
  }

  /** Goes on with one that was running when the lab was last ended. */
  #takeUp(owner: Owner): void {
    try {
      requireDrawable(this.#store, owner);
    } catch (error) {
      if (!(error instanceof LabError)) throw error;
      this.pause(owner, 'now', { code: error.code, message: error.message, next: error.next });
      return;
    }
    this.#load(owner);
  }

  /** Lets runs that were to end with their study wait instead; who was stopped by itself ends. */
  #spare(runs: readonly LiveRun[]): void {
    for (const live of runs) if (!this.#store.run(live.run).dismissed) live.spare();
  }

  /** Starts no more of its runs; those on slots keep a checkpoint and wait. */
  pause(owner: Owner, when: StopWhen, problem: LabProblem | null = null): void {
    changeOwner(this.#store, owner, { state: 'paused', problem });
    this.#unload(owner);
    this.#active.ask(this.#active.of(owner), 'pause', when);
    this.#pauseUnwanted(when);
    this.#told(owner);
  }

  /** Ends it: what has not ended is cancelled. */
  stop(owner: Owner, when: StopWhen): void {
    const at = this.#options.now();
    const waiting = runsOf(this.#store, owner, ['waiting']);
    this.#store.transaction(() => {
      changeOwner(this.#store, owner, { state: 'stopped', endedAt: at });
      for (const run of waiting) this.#cancelWaiting(run, at);
    });
    this.#unload(owner);
    this.#active.ask(this.#active.of(owner), 'cancel', when);
    this.#cancelUnneeded(when);
    for (const { id } of waiting) this.#emit({ type: 'run', run: id });
    this.#told(owner);
  }

  /** Removes a study or re-run with its runs, also from their slots. */
  async remove(owner: Owner): Promise<void> {
    this.#unload(owner);
    this.#active.kill(this.#active.of(owner));
    if ('study' in owner) this.#judges.delete(owner.study);
    // Gone at once; to erase what it leaves takes a while.
    const erased =
      'study' in owner
        ? this.#store.removeStudy(owner.study)
        : this.#store.removeRerun(owner.rerun);
    this.#cancelUnneeded('now');
    this.#emit({ type: 'slots' });
    this.#wake();
    await erased;
  }

  /** Takes up a changed name, priority or number of trials of one that runs. */
  changed(owner: Owner): void {
    const work = this.#works.get(ownerKey(owner));
    if (work) {
      work.renew(recordOf(this.#store, owner));
      this.#settle(work);
      this.#wake();
    } else {
      this.#told(owner);
    }
  }

  /** Stops one run for good; the others of its study go on. */
  stopRun(id: number, when: StopWhen): void {
    const live = this.#active.get(id);
    this.#store.transaction(() => {
      this.#store.changeRun(id, { dismissed: true });
      if (!live) this.#cancelWaiting(this.#store.run(id), this.#options.now());
    });
    if (live) {
      live.ask('cancel', when);
      return;
    }
    const run = this.#store.run(id);
    const work = this.#workFor(ownerOf(run));
    work?.forget(id);
    if (work) this.#settle(work);
    this.#emit({ type: 'run', run: id });
    if (run.kind === 'pretrain') this.#pretrainingEnded(run);
  }

  /** Lets all runs that failed wait for another start, but for those that a person has stopped. */
  #takeUpFailed(owner: Owner): void {
    const ended = runsOf(this.#store, owner, ['failed', 'out-of-memory']);
    const failed = ended.filter((each) => !each.dismissed);
    this.#store.transaction(() => {
      for (const { id } of failed)
        this.#store.changeRun(id, { state: 'waiting', failure: null, endedAt: null });
    });
    for (const { id } of failed) {
      this.#enqueue(this.#store.run(id));
      this.#emit({ type: 'run', run: id });
    }
  }

  /** Tries a run again that failed or was cancelled. */
  retryRun(id: number): void {
    if (this.#store.run(id).kind === 'pretrain') this.#pretraining.retry(id, true);
    else
      this.#store.changeRun(id, {
        state: 'waiting',
        failure: null,
        dismissed: false,
        endedAt: null,
      });
    const run = this.#store.run(id);
    this.#emit({ type: 'run', run: id });
    const owner = ownerOf(run);
    const state = owner && recordOf(this.#store, owner).state;
    if (owner && state === 'completed') this.resume(owner);
    else this.#enqueue(run);
    this.#wake();
  }

  /** Keeps, or keeps no longer, a run's weights whatever becomes of it. */
  pin(id: number, pinned: boolean): Run {
    this.#store.changeRun(id, { pinned });
    const run = this.#store.run(id);
    tidy(this.#store, run);
    this.#emit({ type: 'run', run: id });
    return run;
  }

  /** Trains a network alone, whether or not a study waits for it. */
  pretrain(model: string, training: TrainingPlan, seed: number): Pretrained {
    const wish = { model, training, seed, study: null, asked: true };
    const pretrained = this.#pretraining.add(wish, this.#options.now());
    this.#emit({ type: 'pretrained' });
    this.#wake();
    return pretrained;
  }

  /** Pretrained networks have come or gone otherwise than by training. */
  pretrainedChanged(): void {
    for (const work of [...this.#works.values()]) this.#requireTeachers(work);
    this.#pauseUnwanted('now');
    this.#emit({ type: 'pretrained' });
    this.#wake();
  }

  /** What the slots are doing. */
  occupations(): Occupation[] {
    return this.#active.occupations();
  }

  /** Why nothing can run; null when all is well. */
  get trouble(): LabProblem | null {
    return this.#trouble;
  }

  setCheckpointEvery(seconds: number): void {
    this.#options.checkpointEvery = seconds;
  }

  /** Seconds until a running study or re-run is done; null when that is not known. */
  timeLeft(owner: Owner): number | null {
    const work = this.#works.get(ownerKey(owner));
    return work ? timeLeft(outlookOf(this.#store, work, this.#active.usable().length)) : null;
  }

  /**
   * Ends all work. `save` lets workers hand over a checkpoint first; `at-once` does not wait.
   * Either way everything goes on when the lab is next opened. Does not close store or runner. A
   * second call with `at-once` ends the first sooner.
   */
  async close(how: 'save' | 'at-once'): Promise<void> {
    this.#closed = true;
    this.#undoSlots();
    this.#active.close();
    this.#backoff.clear();
    this.#pretraining.close();
    for (const work of this.#works.values()) work.close();
    if (how === 'save') await this.#active.interrupt();
    this.#active.kill();
    try {
      recover(this.#store);
    } catch (error) {
      // A store that refuses changes is put in order when it is next opened.
      if (!(error instanceof LabError)) throw error;
    }
  }

  #emit(event: SchedulerEvent): void {
    this.#options.onEvent(event);
  }

  #told(owner: Owner): void {
    this.#emit('study' in owner ? { type: 'study', ...owner } : { type: 'rerun', ...owner });
  }

  // Slots.

  /** Fills free slots, soon: many events in one turn of the loop lead to one look. */
  #wake(): void {
    if (this.#waking || this.#closed || this.#trouble) return;
    this.#waking = true;
    setImmediate(() => {
      this.#waking = false;
      this.#guarded(() => {
        this.#fill();
      });
    });
  }

  #fill(): void {
    if (this.#closed || this.#trouble) return;
    this.#fillLastTries();
    const free = this.#active
      .free()
      .filter((slot) => !this.#backoff.isResting(slot) && !this.#lastTries.reserves(slot));
    let begun = 0;
    for (const [index, slot] of free.entries()) {
      if (this.#fillOne({ slot, isLast: index === free.length - 1 })) begun++;
      else if (!this.#backoff.avoidsAny) break;
    }
    if (begun === free.length) return;
    // The last trials drawn may have been duplicates or rejected.
    for (const work of [...this.#works.values()]) if (work.isDone) this.#settle(work);
    // What was kept for another slot, which was given away then, goes on one that was left.
    if (begun > 0 && this.#backoff.avoidsAny) this.#wake();
  }

  /** Starts the trials that have waited for their device to be free of others. */
  #fillLastTries(): void {
    const works = [...this.#works.values()];
    const isWanted = (id: number): boolean =>
      works.some(({ live, waiting }) => live.has(id) || waiting.includes(id));
    for (const { run: id, slot } of this.#lastTries.ready(isWanted)) {
      const run = this.#store.run(id);
      if (this.#workFor(ownerOf(run))!.take((each) => each === id) === undefined) continue;
      const attempt = this.#store.transaction(() => this.#claim(run, slot));
      this.#begin(run, slot, attempt);
    }
  }

  /** True when there was a run for a free slot. */
  #fillOne(vacancy: Vacancy): boolean {
    const drawn: Run[] = [];
    // Drawing a trial and giving it its slot is one change.
    const begun = this.#store.transaction(() => {
      const run = this.#next(vacancy, drawn);
      return run && { run, attempt: this.#claim(run, vacancy.slot) };
    });
    for (const { id } of drawn) this.#emit({ type: 'run', run: id });
    if (begun) this.#begin(begun.run, vacancy.slot, begun.attempt);
    return begun !== null;
  }

  /**
   * The run that a free slot should work on: by priority, among equals pretraining first, then who
   * has least.
   */
  #next(vacancy: Vacancy, drawn: Run[]): Run | null {
    const pretraining = this.#pretraining.next(
      this.#needed(),
      (run) => vacancy.isLast || this.#suits(run, vacancy.slot),
    );
    const works = [...this.#works.values()].sort(
      (a, b) => b.priority - a.priority || a.live.size - b.live.size,
    );
    for (const work of works) {
      if (pretraining && pretraining.priority >= work.priority) return pretraining.run;
      const run = this.#nextOf(work, vacancy, drawn);
      if (run) return run;
    }
    return pretraining?.run ?? null;
  }

  /**
   * Where there are others, a run is not started again on the slot where it failed, as long as that
   * has other work.
   */
  #suits(run: number, slot: string): boolean {
    if (this.#lastTries.has(run)) return false;
    if (!this.#backoff.avoids(run, slot)) return true;
    return this.#active.usable().filter((each) => !this.#backoff.isResting(each)).length === 1;
  }

  /** @param drawn gets the trials that were drawn on the way */
  #nextOf(work: Work, { slot, isLast }: Vacancy, drawn: Run[]): Run | null {
    const ready = work.take((run) => this.#suits(run, slot));
    if (ready !== undefined) return this.#store.run(ready);
    const fresh = this.#draw(work, drawn);
    if (fresh || !isLast) return fresh;
    const unsuited = work.take((run) => !this.#lastTries.has(run));
    return unsuited === undefined ? null : this.#store.run(unsuited);
  }

  /** Draws a study's next trial that can start at once, if any. */
  #draw(work: Work, drawn: Run[]): Run | null {
    if (!('study' in work.owner) || !work.plan) return null;
    for (let count = 0; work.nextTrial < work.trials && work.heldCount < LOOK_AHEAD; count++) {
      if (count === DRAWN_PER_TURN) {
        this.#wake();
        return null;
      }
      const at = this.#options.now();
      const wasExhausted = work.past.isExhausted;
      const run = addTrial(this.#store, work.owner.study, work.plan, work.nextTrial, work.past, at);
      if (work.past.isExhausted && !wasExhausted) this.#emit(exhaustedEntry(work.owner.study, run));
      drawn.push(run);
      work.nextTrial++;
      countTrial(work.pace, run);
      if (run.state !== 'waiting') continue;
      if (this.#teachersReady(run)) return run;
      work.hold(run.id);
    }
    return null;
  }

  /** Notes that a run is on a slot now. Gives the number of the attempt. */
  #claim(run: Run, slot: string): number {
    const at = this.#options.now();
    this.#backoff.placed(run.id);
    this.#store.changeRun(run.id, {
      state: 'running',
      failure: null,
      ...(run.startedAt === null && { startedAt: at }),
    });
    return this.#store.addAttempt(run.id, slot, at).number;
  }

  #begin(run: Run, slot: string, attempt: number): void {
    const work = this.#workFor(ownerOf(run));
    work?.live.add(run.id);
    this.#emit({ type: 'run', run: run.id });
    this.#emit({ type: 'slots' });
    this.#active.begin(run, slot, attempt, work, this.#options.checkpointEvery);
  }

  #liveEvents(): LiveRunEvents {
    return {
      now: () => this.#options.now(),
      progressed: () => {
        this.#emit({ type: 'slots' });
      },
      reported: (live, metrics, { go, decisions }, at) => {
        this.#backoff.reported(live.slot);
        this.#troublePause = TROUBLE_PAUSE;
        const work = this.#workFor(live.owner);
        if (work) {
          countEpoch(work.pace, metrics, decisions);
          work.failuresInARow = 0;
        }
        this.#emit({ type: 'epoch', run: live.run, metrics });
        for (const decision of decisions) {
          if (live.owner && 'study' in live.owner)
            this.#emit({ type: 'decision', run: live.run, study: live.owner.study, decision, at });
        }
        if (!go) this.#emit({ type: 'run', run: live.run });
      },
      left: (live, leaving) => {
        this.#guarded(() => {
          this.#leave(live, leaving);
        });
      },
      log: (live, level, text) => {
        this.#emit({
          type: 'log',
          level,
          study: this.#store.run(live.run).study,
          run: live.run,
          text,
        });
      },
      trouble: (error) => {
        this.#meetTrouble(error);
      },
    };
  }

  #leave(live: LiveRun, leaving: Leaving): void {
    const work = this.#workFor(live.owner);
    work?.live.delete(live.run);
    this.#lastTries.left(live.run);
    if (typeof leaving === 'object') this.#fail(live, leaving);
    const run = this.#store.run(live.run);
    tidy(this.#store, run);
    if (run.state === 'waiting' && typeof leaving === 'string') this.#enqueue(run);
    this.#emit({ type: 'run', run: run.id });
    this.#emit({ type: 'slots' });
    if (run.kind === 'pretrain' && hasEnded(run.state)) this.#pretrainingEnded(run);
    if (work) this.#settle(work);
    else if (live.owner) this.#told(live.owner);
    this.#wake();
  }

  #fail(live: LiveRun, failure: Failure): void {
    const run = this.#store.run(live.run);
    const work = this.#workFor(live.owner);
    const cancelled = live.asked === 'cancel';
    const wake = (): void => {
      this.#wake();
    };
    const resting =
      maySlotBeToBlame(failure.kind) && !cancelled
        ? this.#backoff.failed(live.slot, run.id, this.#active.usable(), wake)
        : null;
    const action = recordFailure(this.#store, run, live.attempt, failure, {
      retries: live.owner ? retriesOf(recordOf(this.#store, live.owner)) : PRETRAINING_RETRIES,
      hasNeighbours: live.owner !== null && this.#active.hasNeighbours(live.slot),
      isSuspect: (slot) => this.#backoff.isSuspect(slot),
      cancelled,
      at: this.#options.now(),
    });
    const level = action.do === 'give-up' ? 'error' : 'warning';
    this.#emit({ type: 'log', level, study: run.study, run: run.id, text: failure.message });
    if (cancelled) return;
    if (resting)
      this.#emit({
        type: 'log',
        level: 'warning',
        study: null,
        run: null,
        text: restText(live.slot, resting),
      });
    if (action.do === 'retry' && action.alone) {
      this.#lastTries.consider(this.#store.run(run.id));
      const device = this.#active.deviceOf(live.slot);
      const text = `It was out of memory twice. The other slots of ${device} rest for its last try.`;
      this.#emit({ type: 'log', level: 'warning', study: run.study, run: run.id, text });
    }
    if (action.do === 'retry') {
      this.#backoff.avoid(run.id, live.slot);
      const milliseconds = (action.afterSeconds * 1000) / this.#options.delayDivisor;
      if (run.kind === 'pretrain') this.#pretraining.rest(run.id, milliseconds, wake);
      else work?.delay(run.id, milliseconds, wake);
    }
    if (!work) return;
    if (action.do === 'pause') this.pause(work.owner, 'now', problemOf(failure));
    else if (maySlotBeToBlame(failure.kind) && (resting?.times ?? 1) === 1)
      this.#pauseWhenHopeless(work, failure);
  }

  #pauseWhenHopeless(work: Work, failure: Failure): void {
    work.failuresInARow++;
    if (work.failuresInARow < Math.max(HOPELESS, 2 * this.#active.usable().length)) return;
    this.pause(work.owner, 'now', {
      code: 'search.workers-keep-failing',
      message: `${work.failuresInARow} starts failed one after another, the last with: ${failure.message}`,
      next:
        failure.kind === 'out-of-memory'
          ? `${MEMORY_ADVICE} Then resume.`
          : 'Look at the log, run `ktg doctor`, and resume.',
    });
  }

  // What there is to do.

  /** Reads what is to be done for a study or re-run that is running. */
  #load(owner: Owner): void {
    if (this.#works.has(ownerKey(owner))) return;
    const record = recordOf(this.#store, owner);
    const work = new Work(owner, record, this.#judgeOf(record), this.#store.pace(owner));
    this.#works.set(ownerKey(owner), work);
    this.#active.stay(true);
    if ('study' in owner) work.nextTrial = this.#store.trialsSoFar(owner.study);
    for (const run of runsOf(this.#store, owner, ['waiting', 'running'])) {
      if (run.state === 'waiting') this.#enqueue(run);
      // It was asked to pause and has not yet: it waits as soon as it has.
      else work.live.add(run.id);
    }
    this.#requireTeachers(work);
    this.#settle(work);
  }

  #judgeOf(record: ReturnType<typeof recordOf>): Judge | null {
    if (!('plan' in record)) return null;
    const judge = this.#judges.get(record.id) ?? judgeOf(this.#store, record.id, record.plan);
    this.#judges.set(record.id, judge);
    return judge;
  }

  #unload(owner: Owner): void {
    this.#works.get(ownerKey(owner))?.close();
    this.#works.delete(ownerKey(owner));
    this.#active.stay(this.#works.size > 0);
  }

  #workFor(owner: Owner | null): Work | null {
    return (owner && this.#works.get(ownerKey(owner))) ?? null;
  }

  #enqueue(run: Run): void {
    this.#lastTries.consider(run);
    const work = this.#workFor(ownerOf(run));
    if (this.#teachersReady(run)) work?.enqueue(run.id);
    else work?.hold(run.id);
  }

  /** Completes a study or re-run that has nothing left to do. */
  #settle(work: Work): void {
    if (this.#closed || this.#workFor(work.owner) !== work) return;
    if (work.isDone) {
      changeOwner(this.#store, work.owner, { state: 'completed', endedAt: this.#options.now() });
      this.#unload(work.owner);
    }
    this.#told(work.owner);
  }

  #cancelWaiting(run: Run, at: number): void {
    this.#store.changeRun(run.id, { state: 'cancelled', endedAt: at });
    tidy(this.#store, this.#store.run(run.id));
  }

  // Pretrained networks.

  /** Networks that running studies and re-runs wait for, with the highest priority of those. */
  #needed(): Map<number, number> {
    const needed = new Map<number, number>();
    for (const { needs, priority } of this.#works.values())
      for (const id of needs) needed.set(id, Math.max(priority, needed.get(id) ?? -Infinity));
    return needed;
  }

  #requireTeachers(work: Work): void {
    const record = recordOf(this.#store, work.owner);
    const study = 'study' in work.owner ? work.owner.study : null;
    const missing = this.#pretraining.require(
      teachersOf(record),
      trainingOf(record),
      study,
      this.#options.now(),
    );
    work.needs.clear();
    for (const { id } of missing) work.needs.add(id);
    work.release((id) => this.#teachersReady(this.#store.run(id)));
    this.#spare(
      this.#active.pretraining().filter((live) => missing.some(({ run }) => run === live.run)),
    );
    if (missing.length > 0) this.#emit({ type: 'pretrained' });
  }

  #teachersReady(run: Run): boolean {
    // One that is missing for good comes out when the run is started.
    return teacherNodes(run.graph).every(
      (teacher) =>
        teacher.checkpoint !== undefined ||
        usualTeacher(this.#store, teacher.model, run.training)?.checkpoint != null,
    );
  }

  #pauseUnwanted(when: StopWhen): void {
    const { unwanted } = this.#pretraining.divide(this.#needed());
    this.#active.ask(
      unwanted.flatMap(({ id }) => this.#active.get(id) ?? []),
      'pause',
      when,
    );
  }

  /** Ends pretraining that nobody waits for, not even a study or re-run that is paused. */
  #cancelUnneeded(when: StopWhen): void {
    this.#pauseUnwanted(when);
    const paused = [...this.#store.studies(), ...this.#store.reruns()].filter(
      ({ state }) => state === 'paused',
    );
    const awaited = paused.flatMap((record) =>
      usualTeachersOf(this.#store, record).map(({ id }) => id),
    );
    const { unwanted } = this.#pretraining.divide(new Set([...this.#needed().keys(), ...awaited]));
    for (const { id } of unwanted) {
      const live = this.#active.get(id);
      if (live) {
        live.ask('cancel', when);
        continue;
      }
      this.#cancelWaiting(this.#store.run(id), this.#options.now());
      this.#emit({ type: 'run', run: id });
      this.#pretrainingEnded(this.#store.run(id));
    }
  }

  #pretrainingEnded(run: Run): void {
    const made = this.#pretraining.ended(run.id);
    this.#emit({ type: 'pretrained' });
    if (!made) return;
    for (const work of [...this.#works.values()].filter((each) => each.needs.has(made.id))) {
      work.needs.delete(made.id);
      if (run.state === 'completed') {
        work.release((id) => this.#teachersReady(this.#store.run(id)));
      } else {
        this.pause(work.owner, 'after-epoch', {
          code: 'search.teacher-failed',
          message: `The pretraining of ${made.model} did not come to its end (${run.state})${run.failure ? `: ${run.failure.message}` : '.'}`,
          next: 'Resume to train it again, or import its weights.',
        });
      }
    }
  }

  // Trouble with the store.

  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#meetTrouble(error);
    }
  }

  /** The store refused a change: nothing that goes on now would be recorded, so nothing goes on. */
  #meetTrouble(error: unknown): void {
    if (!(error instanceof LabError)) throw error;
    if (this.#trouble || this.#closed) return;
    this.#trouble = { code: error.code, message: messageOf(error), next: error.next };
    this.#active.kill();
    for (const work of [...this.#works.values()]) this.#unload(work.owner);
    this.#judges.clear();
    this.#pretraining.close();
    this.#emit({ type: 'trouble', problem: this.#trouble });
    if (mayPass(this.#trouble)) this.#tryAgainSoon();
  }

  #tryAgainSoon(): void {
    const pause = this.#troublePause / this.#options.delayDivisor;
    this.#troublePause = Math.min(2 * this.#troublePause, LONGEST_TROUBLE_PAUSE);
    setTimeout(() => {
      if (this.#closed) return;
      try {
        this.#overcomeTrouble();
      } catch (error) {
        if (!(error instanceof LabError)) throw error;
        this.#tryAgainSoon();
      }
    }, pause).unref();
  }

  /**
   * Tries whether the store takes changes again, and goes on where it was. Throws what the store
   * throws.
   */
  #overcomeTrouble(): void {
    if (!this.#trouble) return;
    recover(this.#store);
    this.#trouble = null;
    this.#emit({ type: 'trouble', problem: null });
    this.open();
  }
}

/** A free slot that is to get a run. */
interface Vacancy {
  slot: string;
  /** No other is free after it. */
  isLast: boolean;
}

/** Says once that a study has tried what its space holds. */
const exhaustedEntry = (study: number, { id, number }: Run): SchedulerEvent => ({
  type: 'log',
  level: 'warning',
  study,
  run: id,
  text:
    `No graph was found for trial ${number} that no earlier trial has: the space is exhausted. ` +
    'This trial and later ones are duplicates and are not trained. Open more of the space in a new study.',
});

/** Throws LabError `space.impossible` for a study that would draw for ever. */
function requireDrawable(store: Store, owner: Owner): void {
  if ('study' in owner) requirePossible(store.study(owner.study).plan.space);
}
