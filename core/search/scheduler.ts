import { LabError, messageOf } from '../base/errors.ts';
import type { Store } from '../store/store.ts';
import type { RungDecision } from '../study/decision.ts';
import type { EpochMetrics } from '../study/metrics.ts';
import { hasEnded } from '../study/moves.ts';
import type { TrainingPlan } from '../study/plan.ts';
import type { Pretrained } from '../study/pretrained.ts';
import type { LabProblem } from '../study/problem.ts';
import type { Failure, Run, StopWhen } from '../study/run.ts';
import type { JobState, Study } from '../study/study.ts';
import { countsAsFailure, memoryAdvice, remedyFor } from './failures.ts';
import type { Remedy } from './failures.ts';
import { judgeOf } from './judge.ts';
import type { Judge } from './judge.ts';
import { LiveRun, failureOf } from './live-run.ts';
import type { Leaving, LiveRunEvents } from './live-run.ts';
import { recover } from './recovery.ts';
import { tidy } from './retention.ts';
import type { Job, Progress, Runner, WeightsSource } from './runner.ts';
import { Pretraining } from './pretraining.ts';
import { teacherFor, teacherModels, teacherNodes, usualTeacher } from './teachers.ts';
import { timeLeft } from './time-left.ts';
import { addTrial } from './trial.ts';
import { countDecision, isDone, keepPace, newWork, ownerKey, ownerOf } from './work.ts';
import type { Owner, Work } from './work.ts';

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
  /** The store refuses changes: nothing runs until `resume`, or by itself when it was only busy. null: it is over. */
  | { type: 'trouble'; problem: LabProblem | null };

export interface SchedulerOptions {
  onEvent?: (event: SchedulerEvent) => void;
  /** Seconds of training between checkpoints of a run. */
  checkpointEvery?: number;
  /** Seconds without a sign of life after which a worker is killed. */
  hangAfter?: number;
  /** Divides the delays before retries. */
  haste?: number;
  /** Milliseconds since 1970, for records only: nothing is decided by it. */
  now?: () => number;
}

/** What a slot is doing. */
export interface Occupation {
  slot: string;
  run: number;
  progress: Progress | null;
}

/** Milliseconds between two looks at silent workers. */
const LOOK = 1000;
const HANG_AFTER = 60;
const CHECKPOINT_EVERY = 60;
/** Runs that may wait for pretrained networks before no more trials are drawn. */
const LOOK_AHEAD = 32;
/** Trials drawn in one turn of the event loop: most may be duplicates that need no slot. */
const DRAWN_PER_TURN = 32;
/** Starts that fail one after another, whatever the run, before a study is paused; at least two for each slot. */
const HOPELESS = 8;
/** Milliseconds until a store that was busy is tried again. */
const BUSY_PAUSE = 5000;
/** Milliseconds that workers get to hand over their checkpoints when the lab is closed. */
const CLOSE_PATIENCE = 60_000;

/**
 * Gives free slots their next runs and takes what comes of them: reports are judged and recorded, checkpoints stored,
 * crashes tried again. Driven by events; what it answers or tells is in the store before, so that a kill at any moment
 * costs at most the epochs since a run's last checkpoint.
 */
export class Scheduler {
  readonly #store: Store;
  readonly #runner: Runner;
  readonly #options: Required<SchedulerOptions>;
  readonly #works = new Map<string, Work>();
  readonly #live = new Map<number, LiveRun>();
  readonly #pretraining: Pretraining;
  /** A study's rule, kept while runs of an earlier start may still report. */
  readonly #judges = new Map<number, Judge>();
  readonly #undoSlots: () => void;
  readonly #looks: NodeJS.Timeout;
  #waking = false;
  #closed = false;
  #trouble: LabProblem | null = null;
  #onEmpty: (() => void) | null = null;

  constructor(store: Store, runner: Runner, options: SchedulerOptions = {}) {
    this.#store = store;
    this.#runner = runner;
    this.#pretraining = new Pretraining(store);
    this.#options = {
      onEvent: () => undefined,
      checkpointEvery: CHECKPOINT_EVERY,
      hangAfter: HANG_AFTER,
      haste: 1,
      now: Date.now,
      ...options,
    };
    this.#undoSlots = runner.onSlots(() => {
      this.#emit({ type: 'slots' });
      this.#wake();
    });
    this.#looks = setInterval(() => {
      this.#killSilent();
    }, LOOK).unref();
  }

  /**
   * Takes up what was running when the lab was last ended, and goes on with it.
   *
   * @returns the runs that were interrupted, as they were
   */
  open(): Run[] {
    const interrupted = recover(this.#store);
    this.#pretraining.load();
    for (const { id, state } of this.#store.studies()) if (state === 'running') this.#load({ study: id });
    for (const { id, state } of this.#store.reruns()) if (state === 'running') this.#load({ rerun: id });
    this.#wake();
    return interrupted;
  }

  /** Starts a study or re-run, or goes on with a paused, stopped or completed one; its cancelled runs are taken up again. */
  resume(owner: Owner): void {
    this.#overcomeTrouble();
    const { state } = this.#record(owner);
    if (state !== 'running') {
      this.#store.transaction(() => {
        this.#change(owner, {
          state: 'running',
          problem: null,
          endedAt: null,
          ...(this.#record(owner).startedAt === null && { startedAt: this.#options.now() }),
        });
        for (const run of this.#store.runs({ ...owner, kind: kindOf(owner), states: ['cancelled'] }))
          this.#store.changeRun(run.id, { state: 'waiting', endedAt: null });
      });
    }
    this.#load(owner);
    this.#told(owner);
    this.#wake();
  }

  /** Starts no more of its runs; those on slots keep a checkpoint and wait. */
  pause(owner: Owner, when: StopWhen, problem: LabProblem | null = null): void {
    this.#change(owner, { state: 'paused', problem });
    this.#unload(owner);
    for (const live of this.#liveOf(owner)) live.ask('pause', when);
    this.#pauseUnwanted(when);
    this.#told(owner);
  }

  /** Ends it: what has not ended is cancelled. */
  stop(owner: Owner, when: StopWhen): void {
    const at = this.#options.now();
    this.#store.transaction(() => {
      this.#change(owner, { state: 'stopped', endedAt: at });
      for (const run of this.#store.runs({ ...owner, kind: kindOf(owner), states: ['waiting'] }))
        this.#cancelWaiting(run, at);
    });
    this.#unload(owner);
    for (const live of this.#liveOf(owner)) live.ask('cancel', when);
    this.#pauseUnwanted(when);
    this.#told(owner);
  }

  /** Takes up changed priorities and numbers of trials. More trials than before make a completed study run on. */
  changed(owner: Owner): void {
    const work = this.#works.get(ownerKey(owner));
    const record = this.#record(owner);
    if (work) {
      work.priority = record.priority;
      if ('plan' in record) work.trials = record.plan.trials;
      this.#settle(work);
      this.#wake();
    }
    this.#told(owner);
  }

  /** Stops one run for good; the others of its study go on. */
  stopRun(id: number, when: StopWhen): void {
    const live = this.#live.get(id);
    if (live) {
      live.ask('cancel', when);
      return;
    }
    const run = this.#store.run(id);
    this.#cancelWaiting(run, this.#options.now());
    const work = this.#workOf(run);
    if (work) {
      this.#forget(work, id);
      this.#settle(work);
    }
    this.#emit({ type: 'run', run: id });
  }

  /** Tries a run again that failed or was cancelled. */
  retryRun(id: number): void {
    if (this.#store.run(id).kind === 'pretrain') this.#pretraining.retry(id);
    else this.#store.changeRun(id, { state: 'waiting', failure: null, endedAt: null });
    const run = this.#store.run(id);
    this.#emit({ type: 'run', run: id });
    const owner = ownerOf(run);
    if (owner) {
      const { state } = this.#record(owner);
      if (state === 'completed') this.resume(owner);
      else if (state === 'running') this.#enqueue(run);
    }
    this.#wake();
  }

  /** Keeps, or keeps no longer, a run's weights whatever becomes of it. */
  pin(id: number, pinned: boolean): Run {
    const run = this.#store.changeRun(id, { pinned });
    tidy(this.#store, run);
    this.#emit({ type: 'run', run: id });
    return run;
  }

  /** Trains a network alone, whether or not a study waits for it. */
  pretrain(model: string, training: TrainingPlan, seed: number): Pretrained {
    const pretrained = this.#pretraining.add(model, training, null, this.#options.now(), seed);
    this.#emit({ type: 'pretrained' });
    this.#wake();
    return pretrained;
  }

  /** What the slots are doing. */
  occupations(): Occupation[] {
    return [...this.#live.values()].map(({ slot, run, progressSeen }) => ({
      slot,
      run,
      progress: progressSeen,
    }));
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
    if (!work) return null;
    const { training, expectedShare } = this.#expectations(owner);
    const { pace } = work;
    const underWay = [...work.ready, ...work.delayed.keys(), ...work.held, ...work.live].map(
      (id) => this.#store.run(id).epoch,
    );
    const undrawn = Math.max(0, work.trials - work.nextTrial);
    const before = [...work.needs].map((id) => this.#store.pretrained(id).run);
    return timeLeft({
      epochs: training.epochs,
      survival: [...pace.survival.values()],
      expectedShare,
      fresh: (undrawn * (pace.trainable + 1)) / (pace.drawn + 1),
      underWay,
      before: before.reduce<number>(
        (sum, run) => sum + (run === null ? 0 : training.epochs - this.#store.run(run).epoch),
        0,
      ),
      secondsPerEpoch: pace.epochs === 0 ? null : pace.seconds / pace.epochs,
      slots: this.#runner.slots().filter((slot) => slot.state !== 'retired' && slot.state !== 'broken')
        .length,
    });
  }

  /**
   * Ends all work. `save` lets workers hand over a checkpoint first; `at-once` does not wait. Either way everything goes on
   * when the lab is next opened. Does not close store or runner. Idempotent; a second call with `at-once` hastens the first.
   */
  async close(how: 'save' | 'at-once'): Promise<void> {
    this.#closed = true;
    clearInterval(this.#looks);
    this.#undoSlots();
    this.#pretraining.close();
    for (const work of this.#works.values()) for (const timer of work.delayed.values()) clearTimeout(timer);
    if (how === 'save' && this.#live.size > 0) {
      for (const live of this.#live.values()) live.ask('interrupt', 'now');
      await new Promise<void>((resolve) => {
        const patience = setTimeout(resolve, CLOSE_PATIENCE);
        this.#onEmpty = () => {
          clearTimeout(patience);
          resolve();
        };
      });
    }
    for (const live of this.#live.values()) live.kill();
    this.#live.clear();
    this.#onEmpty?.();
    if (!this.#trouble) recover(this.#store);
  }

  // From here on: what it does by itself.

  #emit(event: SchedulerEvent): void {
    this.#options.onEvent(event);
  }

  #told(owner: Owner): void {
    this.#emit('study' in owner ? { type: 'study', ...owner } : { type: 'rerun', ...owner });
  }

  #log(level: 'info' | 'warning' | 'error', run: Run | null, text: string): void {
    this.#emit({ type: 'log', level, study: run?.study ?? null, run: run?.id ?? null, text });
  }

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
    const taken = new Set([...this.#live.values()].map((live) => live.slot));
    for (const slot of this.#runner.slots()) {
      if (slot.state !== 'ready' || taken.has(slot.name)) continue;
      const drawn: Run[] = [];
      // Drawing a trial and giving it its slot is one change.
      const begun = this.#store.transaction(() => {
        const run = this.#next(drawn);
        return run && { run, attempt: this.#claim(run, slot.name) };
      });
      for (const { id } of drawn) this.#emit({ type: 'run', run: id });
      if (!begun) {
        // The last trials drawn may have been duplicates or rejected.
        for (const work of [...this.#works.values()]) if (isDone(work)) this.#settle(work);
        return;
      }
      this.#begin(begun.run, slot.name, begun.attempt);
    }
  }

  /** The run that the next free slot should work on: pretraining first, then by priority, then who has least. */
  #next(drawn: Run[]): Run | null {
    const pretraining = this.#pretraining.next(this.#needed());
    if (pretraining) return pretraining;
    const works = [...this.#works.values()].sort(
      (a, b) => b.priority - a.priority || a.live.size - b.live.size,
    );
    for (const work of works) {
      const run = this.#nextOf(work, drawn);
      if (run) return run;
    }
    return null;
  }

  /** @param drawn gets the trials that were drawn on the way */
  #nextOf(work: Work, drawn: Run[]): Run | null {
    const ready = work.ready.shift();
    if (ready !== undefined) return this.#store.run(ready);
    if (!('study' in work.owner) || !work.plan) return null;
    for (let count = 0; work.nextTrial < work.trials && work.held.size < LOOK_AHEAD; count++) {
      if (count === DRAWN_PER_TURN) {
        this.#wake();
        return null;
      }
      const at = this.#options.now();
      const run = addTrial(this.#store, work.owner.study, work.plan, work.nextTrial, at);
      drawn.push(run);
      work.nextTrial++;
      work.pace.drawn++;
      if (run.state !== 'waiting') continue;
      work.pace.trainable++;
      if (this.#teachersReady(run)) return run;
      work.held.add(run.id);
    }
    return null;
  }

  /** Notes that a run is on a slot now. Gives the number of the attempt. */
  #claim(run: Run, slot: string): number {
    const at = this.#options.now();
    this.#store.changeRun(run.id, {
      state: 'running',
      failure: null,
      ...(run.startedAt === null && { startedAt: at }),
    });
    return this.#store.addAttempt(run.id, slot, at).number;
  }

  #begin(run: Run, slot: string, attempt: number): void {
    const work = this.#workOf(run);
    work?.live.add(run.id);
    const live = new LiveRun(this.#store, work?.judge ?? null, { run, slot, attempt }, this.#liveEvents);
    this.#live.set(run.id, live);
    this.#emit({ type: 'run', run: run.id });
    this.#emit({ type: 'slots' });
    try {
      live.begun(this.#runner.start(slot, this.#jobOf(run, attempt, work), live));
    } catch (error) {
      const epoch = this.#store.run(run.id).epoch + 1;
      live.failed(failureOf(isTeacherProblem(error) ? 'teacher' : 'crash', error, epoch));
    }
  }

  #jobOf(run: Run, attempt: number, work: Work | null): Job {
    const checkpoint = attempt > 1 ? this.#store.checkpointOf(run.id) : undefined;
    return {
      run: run.id,
      attempt,
      title: titleOf(run, work),
      graph: run.graph,
      seed: run.seed,
      training: run.training,
      rungs: work?.judge?.rungs ?? [],
      resume: checkpoint?.purpose === 'resume' ? this.#weights(checkpoint.id) : null,
      teachers: teacherNodes(run.graph).map((teacher) => {
        const pretrained = teacherFor(this.#store, teacher, run.training);
        if (pretrained?.checkpoint == null) throw noTeacher(teacher.model);
        return { node: teacher.node, weights: this.#weights(pretrained.checkpoint) };
      }),
      checkpointEvery: this.#options.checkpointEvery,
    };
  }

  #weights(id: number): WeightsSource {
    const { epoch, bytes, sha256, run } = this.#store.checkpoint(id);
    const store = this.#store;
    return {
      epoch,
      bytes,
      sha256,
      async *chunks() {
        try {
          yield* store.readCheckpoint(id);
        } catch (error) {
          // Damaged on the disk: without it the run starts again from its first epoch.
          if (error instanceof LabError && error.code === 'store.checkpoint-damaged' && run !== null)
            store.dropCheckpoint(id);
          throw error;
        }
      },
    };
  }

  readonly #liveEvents: LiveRunEvents = {
    now: () => this.#options.now(),
    reported: (live, metrics, { go, decisions }, at) => {
      const work = this.#workFor(live.owner);
      if (work) {
        keepPace(work.pace, metrics, decisions);
        work.crashesInARow = 0;
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
      this.#log(level, this.#store.run(live.run), text);
    },
    trouble: (error) => {
      this.#meetTrouble(error);
    },
  };

  #leave(live: LiveRun, leaving: Leaving): void {
    this.#live.delete(live.run);
    const work = this.#workFor(live.owner);
    work?.live.delete(live.run);
    if (typeof leaving === 'object') this.#fail(this.#store.run(live.run), live, work, leaving);
    const run = this.#store.run(live.run);
    tidy(this.#store, run);
    if (run.state === 'waiting' && typeof leaving === 'string') this.#enqueue(run);
    this.#emit({ type: 'run', run: run.id });
    this.#emit({ type: 'slots' });
    if (run.kind === 'pretrain' && hasEnded(run.state)) this.#pretrainingEnded(run);
    if (work) this.#settle(work);
    if (live.owner && !work) this.#told(live.owner);
    if (this.#live.size === 0) this.#onEmpty?.();
    this.#wake();
  }

  #fail(run: Run, live: LiveRun, work: Work | null, failure: Failure): void {
    const at = this.#options.now();
    const earlier = this.#store.attempts({ run: run.id }).filter((each) => countsAsFailure(each.outcome));
    const advised = remedyFor(failure, earlier.length, work?.retries ?? DEFAULT_RETRIES);
    // Pretraining has no study to pause: those that wait for it are when it fails.
    const remedy: Remedy =
      advised.do === 'pause' && run.kind === 'pretrain' ? { do: 'give-up', state: 'failed' } : advised;
    const told = remedy.do === 'give-up' && remedy.state === 'out-of-memory' ? withAdvice(failure) : failure;
    this.#store.transaction(() => {
      this.#store.changeAttempt(run.id, live.attempt, { endedAt: at, outcome: failure.kind });
      if (live.asked === 'cancel') this.#store.changeRun(run.id, { state: 'cancelled', endedAt: at });
      else if (remedy.do === 'give-up')
        this.#store.changeRun(run.id, { state: remedy.state, failure: told, endedAt: at });
      else this.#store.changeRun(run.id, { state: 'waiting', failure: told });
    });
    this.#log(remedy.do === 'give-up' ? 'error' : 'warning', run, told.message);
    if (remedy.do === 'retry' && run.kind === 'pretrain')
      this.#pretraining.rest(run.id, this.#milliseconds(remedy.afterSeconds), () => {
        this.#wake();
      });
    if (!work || live.asked !== null) return;
    if (remedy.do === 'pause') {
      this.pause(work.owner, 'now', {
        code: failure.code || `search.${failure.kind}`,
        message: failure.message,
        next: failure.next || 'Mend it and resume.',
      });
    } else if (remedy.do === 'retry') {
      this.#delay(work, run.id, remedy.afterSeconds);
    }
    if (countsAsFailure(failure.kind)) this.#giveUpWhenHopeless(work, failure);
  }

  #delay(work: Work, run: number, seconds: number): void {
    const timer = setTimeout(() => {
      work.delayed.delete(run);
      insert(work.ready, run);
      this.#wake();
    }, this.#milliseconds(seconds));
    work.delayed.set(run, timer);
  }

  #milliseconds(seconds: number): number {
    return (seconds * 1000) / this.#options.haste;
  }

  #giveUpWhenHopeless(work: Work, failure: Failure): void {
    work.crashesInARow++;
    if (!work.open || work.crashesInARow < Math.max(HOPELESS, 2 * this.#runner.slots().length)) return;
    this.pause(work.owner, 'now', {
      code: 'search.workers-keep-failing',
      message: `${work.crashesInARow} starts failed one after another, the last with: ${failure.message}`,
      next: 'Look at the log, run `ktg doctor`, and resume.',
    });
  }

  /** Completes a study or re-run that has nothing left to do. */
  #settle(work: Work): void {
    if (!work.open || this.#closed) return;
    if (isDone(work)) {
      this.#change(work.owner, { state: 'completed', endedAt: this.#options.now() });
      this.#unload(work.owner);
    }
    this.#told(work.owner);
  }

  #enqueue(run: Run): void {
    const work = this.#workOf(run);
    if (!work?.open) return;
    if (this.#teachersReady(run)) insert(work.ready, run.id);
    else work.held.add(run.id);
  }

  #cancelWaiting(run: Run, at: number): void {
    const cancelled = this.#store.changeRun(run.id, { state: 'cancelled', endedAt: at });
    tidy(this.#store, cancelled);
    this.#emit({ type: 'run', run: run.id });
  }

  #forget(work: Work, run: number): void {
    clearTimeout(work.delayed.get(run));
    work.delayed.delete(run);
    work.held.delete(run);
    const at = work.ready.indexOf(run);
    if (at >= 0) work.ready.splice(at, 1);
  }

  // Pretrained networks.

  /** Networks that open studies and re-runs wait for. */
  #needed(): Set<number> {
    return new Set([...this.#works.values()].flatMap((work) => [...work.needs]));
  }

  #requireTeachers(work: Work): void {
    const { training } = this.#expectations(work.owner);
    const models = this.#teacherModels(work.owner);
    const study = 'study' in work.owner ? work.owner.study : null;
    const missing = this.#pretraining.require(models, training, study, this.#options.now());
    for (const { id } of missing) work.needs.add(id);
    if (missing.length > 0) this.#emit({ type: 'pretrained' });
  }

  #teacherModels(owner: Owner): string[] {
    if ('study' in owner) return teacherModels(this.#store.study(owner.study).plan.space);
    const { variants } = this.#store.rerun(owner.rerun);
    const wanted = variants
      .flatMap(({ graph }) => teacherNodes(graph))
      .filter((teacher) => teacher.checkpoint === undefined);
    return [...new Set(wanted.map((teacher) => teacher.model))];
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
    const wanted = new Set(this.#pretraining.wanted(this.#needed()).map((run) => run.id));
    for (const live of this.#live.values()) {
      if (this.#store.run(live.run).kind === 'pretrain' && !wanted.has(live.run)) live.ask('pause', when);
    }
  }

  #pretrainingEnded(run: Run): void {
    const made = this.#pretraining.ended(run.id);
    this.#emit({ type: 'pretrained' });
    if (!made) return;
    for (const work of [...this.#works.values()].filter((each) => each.needs.has(made.id))) {
      work.needs.delete(made.id);
      if (run.state === 'completed') this.#release(work);
      else {
        this.pause(work.owner, 'after-epoch', {
          code: 'search.teacher-failed',
          message: `The pretraining of ${made.model} is ${run.state}${run.failure ? `: ${run.failure.message}` : ''}.`,
          next: 'Resume to train it again, or import its weights.',
        });
      }
    }
  }

  /** Lets those runs go on whose pretrained networks are there now. */
  #release(work: Work): void {
    for (const id of [...work.held]) {
      if (!this.#teachersReady(this.#store.run(id))) continue;
      work.held.delete(id);
      insert(work.ready, id);
    }
  }

  // Records in memory.

  /** Reads what is to be done for a study or re-run that is running. */
  #load(owner: Owner): void {
    if (this.#works.has(ownerKey(owner))) return;
    const record = this.#record(owner);
    const work = newWork(owner, record, 'plan' in record ? this.#judgeOf(record) : null);
    this.#works.set(ownerKey(owner), work);
    work.open = true;
    for (const run of this.#store.runs({ ...owner, kind: kindOf(owner) })) {
      if (run.kind === 'trial') work.nextTrial = run.number + 1;
      work.pace.drawn++;
      work.pace.epochs += run.epoch;
      work.pace.seconds += run.seconds;
      if (run.state !== 'duplicate' && run.state !== 'rejected') work.pace.trainable++;
      if (run.state === 'waiting') this.#enqueue(run);
      // It was asked to pause and has not yet: it waits as soon as it has.
      if (run.state === 'running') work.live.add(run.id);
    }
    if ('study' in owner) for (const each of this.#store.decisions(owner)) countDecision(work.pace, each);
    this.#requireTeachers(work);
    this.#settle(work);
  }

  #judgeOf({ id, plan }: Study): Judge {
    const judge = this.#judges.get(id) ?? judgeOf(this.#store, id, plan);
    this.#judges.set(id, judge);
    return judge;
  }

  #unload(owner: Owner): void {
    const work = this.#works.get(ownerKey(owner));
    if (!work) return;
    work.open = false;
    for (const timer of work.delayed.values()) clearTimeout(timer);
    this.#works.delete(ownerKey(owner));
  }

  #workOf(run: Run): Work | null {
    return this.#workFor(ownerOf(run));
  }

  #workFor(owner: Owner | null): Work | null {
    return (owner && this.#works.get(ownerKey(owner))) ?? null;
  }

  #liveOf(owner: Owner): LiveRun[] {
    return [...this.#live.values()].filter((live) => live.owner && ownerKey(live.owner) === ownerKey(owner));
  }

  #record(owner: Owner) {
    return 'study' in owner ? this.#store.study(owner.study) : this.#store.rerun(owner.rerun);
  }

  #change(
    owner: Owner,
    change: {
      state: JobState;
      problem?: LabProblem | null;
      startedAt?: number;
      endedAt?: number | null;
    },
  ): void {
    if ('study' in owner) this.#store.changeStudy(owner.study, change);
    else this.#store.changeRerun(owner.rerun, change);
  }

  #expectations(owner: Owner): { training: TrainingPlan; expectedShare: number } {
    if ('rerun' in owner) return { training: this.#store.rerun(owner.rerun).training, expectedShare: 1 };
    const { training, rule } = this.#store.study(owner.study).plan;
    return { training, expectedShare: rule.kind === 'asha' ? 1 / rule.reductionFactor : 0.5 };
  }

  // Trouble.

  #killSilent(): void {
    const looks = Math.max(2, Math.ceil((this.#options.hangAfter * 1000) / LOOK));
    for (const live of [...this.#live.values()]) {
      if (!live.isSilentFor(looks)) continue;
      this.#guarded(() => {
        live.kill();
        const epoch = this.#store.run(live.run).epoch + 1;
        const silence = new Error(`Its worker on ${live.slot} gave no sign of life for ${looks} s.`);
        this.#leave(live, failureOf('hang', silence, epoch));
      });
    }
  }

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
    for (const live of this.#live.values()) live.kill();
    this.#live.clear();
    for (const work of [...this.#works.values()]) this.#unload(work.owner);
    this.#judges.clear();
    this.#pretraining.close();
    this.#emit({ type: 'trouble', problem: this.#trouble });
    if (error.code === 'store.busy')
      setTimeout(() => {
        if (!this.#closed) this.#overcomeTrouble();
      }, BUSY_PAUSE).unref();
  }

  /** Tries whether the store takes changes again, and goes on where it was. Throws what the store throws. */
  #overcomeTrouble(): void {
    if (!this.#trouble) return;
    recover(this.#store);
    this.#trouble = null;
    this.#emit({ type: 'trouble', problem: null });
    this.open();
  }
}

const DEFAULT_RETRIES = 2;

const kindOf = (owner: Owner): 'trial' | 'repeat' => ('study' in owner ? 'trial' : 'repeat');

function titleOf(run: Run, work: Work | null): string {
  if (run.kind === 'pretrain') return `Pretraining of ${run.graph.nodes[0]!.model}`;
  const what = run.kind === 'trial' ? `trial ${run.number}` : `${run.variant}, seed ${run.number + 1}`;
  return `${work?.title ?? 'Lab'}, ${what}`;
}

/** Keeps a list of ids ascending: earlier runs go first. */
function insert(ids: number[], id: number): void {
  const at = ids.findIndex((other) => other > id);
  if (at < 0) ids.push(id);
  else ids.splice(at, 0, id);
}

const noTeacher = (model: string): LabError =>
  new LabError(
    'search.teacher-missing',
    `A frozen ${model} has no pretrained weights yet.`,
    'Pretrain or import it first.',
  );

const isTeacherProblem = (error: unknown): boolean =>
  error instanceof LabError && error.code.startsWith('search.teacher-');

const withAdvice = (failure: Failure): Failure => ({ ...failure, next: failure.next || memoryAdvice });
