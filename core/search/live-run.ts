import { nextSteps } from '../base/command-words.ts';
import { LabError, messageOf, problemOf } from '../base/errors.ts';
import type { Store } from '../store/store.ts';
import type { Environment } from '../study/environment.ts';
import type { EpochMetrics } from '../study/metrics.ts';
import type { Failure, FailureKind, Run, StopWhen } from '../study/run.ts';
import { complete } from './completion.ts';
import type { Judge } from './judge.ts';
import { receive } from './report.ts';
import type { Reception } from './report.ts';
import { ownerOf } from './owner.ts';
import type { Owner } from './owner.ts';
import { isOtherData } from './same-data.ts';
import { keepsCheckpoint, tidy } from './retention.ts';
import type {
  IncomingCheckpoint,
  JobEnd,
  JobHandle,
  JobListener,
  Progress,
  Verdict,
} from './runner.ts';

/** Requests to a run on a slot: wait, be cancelled, or continue when the lab is next opened. */
export type Ask = 'pause' | 'cancel' | 'interrupt';

/** How a run left its slot: an orderly end is in the store already, a failure is not. */
export type Leaving = 'completed' | 'stopped' | 'paused' | 'cancelled' | 'interrupted' | Failure;

/** Events of a run on a slot. */
export interface LiveRunEvents {
  now(): number;
  /** The run has done more steps of its epoch, or has compiled for longer. */
  progressed(live: LiveRun): void;
  reported(live: LiveRun, metrics: EpochMetrics, reception: Reception, at: number): void;
  left(live: LiveRun, leaving: Leaving): void;
  log(live: LiveRun, level: 'info' | 'warning' | 'error', text: string): void;
  /** The store refused a change. */
  trouble(error: unknown): void;
}

/** One run while it is on a slot: stores each report of its worker before it answers. */
export class LiveRun implements JobListener {
  readonly run: number;
  readonly owner: Owner | null;
  readonly slot: string;
  readonly attempt: number;
  progressSeen: Progress | null = null;
  readonly #store: Store;
  /** Whose runs must learn from the same data. */
  readonly #data: Pick<Run, 'study' | 'rerun'>;
  readonly #judge: Judge | null;
  readonly #events: LiveRunEvents;
  #handle: JobHandle | null = null;
  #asked: Ask | null = null;
  #askedWhen: StopWhen = 'now';
  /** The environment until the store has it. */
  #environment: Environment | null = null;
  /** The rule has stopped the run: an end or failure of its worker changes nothing any more. */
  #stopped = false;
  #over = false;
  /** Checks since the last sign of life. */
  #silent = 0;

  constructor(
    store: Store,
    judge: Judge | null,
    place: { run: Run; slot: string; attempt: number },
    events: LiveRunEvents,
  ) {
    this.#store = store;
    this.#judge = judge;
    this.#events = events;
    this.run = place.run.id;
    this.#data = { study: place.run.study, rerun: place.run.rerun };
    this.owner = ownerOf(place.run);
    this.slot = place.slot;
    this.attempt = place.attempt;
  }

  /** The runner has taken the job. */
  begun(handle: JobHandle): void {
    this.#handle = handle;
  }

  get asked(): Ask | null {
    return this.#asked;
  }

  ask(what: Ask, when: StopWhen): void {
    // A cancel is never downgraded to a pause.
    if (this.#asked !== 'cancel') this.#asked = what;
    this.#askedWhen = when;
    this.#handle?.stop(when, this.#asked !== 'cancel');
  }

  /** Turns a cancel into a pause: the run is wanted after all. */
  pauseInstead(): void {
    if (this.#asked !== 'cancel') return;
    this.#asked = 'pause';
    this.#handle?.stop(this.#askedWhen, true);
  }

  /** Lets the worker go on without the lab where it can, else ends it; no event follows. */
  leave(): void {
    this.#over = true;
    if (this.#handle?.leave) this.#handle.leave();
    else this.#handle?.kill();
  }

  /** Whether the worker can go on without the lab. */
  get canBeLeft(): boolean {
    return this.#handle?.leave !== undefined;
  }

  /** Ends the worker; no event of this run follows. */
  kill(): void {
    this.#over = true;
    this.#handle?.kill();
  }

  /**
   * Called at regular times; true when the worker was silent for more than `checks` calls. Counting
   * calls, not time, leaves out the hours in which a computer sleeps.
   */
  isSilentFor(checks: number): boolean {
    return ++this.#silent > checks;
  }

  /** Ends a worker that was silent for too long. */
  hang(checks: number): void {
    this.kill();
    this.#lose('hang', `The worker on ${this.slot} did not respond to ${checks} checks in a row.`);
  }

  started(environment: Environment): void {
    this.#hear(() => {
      if (!isOtherData(this.#store, this.#data, environment.data)) {
        this.#environment = environment;
        return;
      }
      const { epoch, training } = this.#store.run(this.run);
      const problem = problemOf(new LabError('data.changed/study', { data: training.data }));
      this.kill();
      this.#fail({ kind: 'data', ...problem, epoch: epoch + 1 });
    });
  }

  progress(progress: Progress): void {
    this.#hear(() => {
      const before = this.progressSeen;
      this.progressSeen = progress;
      const { epoch, step, steps, compiling } = progress;
      if (
        before?.epoch !== epoch ||
        before.step !== step ||
        before.steps !== steps ||
        before.compiling !== compiling
      )
        this.#events.progressed(this);
    });
  }

  epoch(metrics: EpochMetrics): Verdict {
    return (
      this.#hear(() => {
        const at = this.#events.now();
        const { run, attempt } = this;
        const reporter = { run, attempt, environment: this.#environment };
        const reception = receive(this.#store, this.#judge, reporter, metrics, at);
        if (reception.fresh) this.#environment = null;
        if (reception.fresh) this.#events.reported(this, metrics, reception, at);
        if (reception.go) return 'go-on';
        this.#stopped = true;
        return reception.pinned ? 'save-and-stop' : 'stop';
      }) ?? 'stop'
    );
  }

  async checkpoint(incoming: IncomingCheckpoint): Promise<void> {
    if (this.#over) throw notWanted(this.run);
    this.#silent = 0;
    try {
      await this.#store.saveCheckpoint({ ...incoming, run: this.run }, this.#events.now());
    } catch (error) {
      this.log(
        'warning',
        `The checkpoint of epoch ${incoming.epoch} was not saved: ${messageOf(error)}`,
      );
      // The run cannot be completed without its final weights, and is not to blame.
      if (incoming.purpose === 'final' && isRefusal(error)) this.#events.trouble(error);
      throw error;
    }
    const run = this.#store.run(this.run);
    // It may have been stopped or removed while its weights were on their way.
    if (!keepsCheckpoint(run)) tidy(this.#store, run);
  }

  log(level: 'info' | 'warning' | 'error', text: string): void {
    this.#hear(() => {
      this.#events.log(this, level, text);
    });
  }

  ended(end: JobEnd): void {
    this.#hear(() => {
      const at = this.#events.now();
      if (this.#stopped) this.#leave('stopped');
      else if (end === 'halted' && this.#asked) this.#halted(this.#asked, at);
      else if (end === 'completed' && complete(this.#store, this.run, this.attempt, at))
        this.#leave('completed');
      else
        this.#leave(
          this.#failure('protocol', `The worker sent an unexpected message: the run is ${end}.`),
        );
    });
  }

  failed(failure: Failure): void {
    this.#hear(() => {
      this.#fail(failure);
    });
  }

  /** Its worker is gone: everything that the store holds already stays valid. */
  #fail(failure: Failure): void {
    if (this.#stopped) this.#leave('stopped');
    // All epochs and the final weights are stored; only the last message is missing.
    else if (complete(this.#store, this.run, this.attempt, this.#events.now()))
      this.#leave('completed');
    else this.#leave(failure);
  }

  /** Fails the run of a worker that was killed. */
  #lose(kind: FailureKind, message: string): void {
    try {
      this.#fail(this.#failure(kind, message));
    } catch (error) {
      this.#events.trouble(error);
    }
  }

  #halted(asked: Ask, at: number): void {
    const outcome = asked === 'cancel' ? 'cancelled' : asked === 'pause' ? 'paused' : 'interrupted';
    this.#store.transaction(() => {
      this.#store.changeAttempt(this.run, this.attempt, { endedAt: at, outcome });
      if (asked === 'cancel') this.#store.changeRun(this.run, { state: 'cancelled', endedAt: at });
      else this.#store.changeRun(this.run, { state: 'waiting' });
    });
    this.#leave(outcome);
  }

  #leave(leaving: Leaving): void {
    this.#over = true;
    if (this.#environment)
      this.#store.changeAttempt(this.run, this.attempt, {
        environment: this.#store.addEnvironment(this.#environment),
      });
    this.#events.left(this, leaving);
  }

  /**
   * Listens to a sign of life. What breaks the contract fails the run; what the store refuses is
   * the lab's trouble.
   */
  #hear<T>(work: () => T): T | undefined {
    if (this.#over) return undefined;
    this.#silent = 0;
    try {
      return work();
    } catch (error) {
      if (error instanceof LabError && !isRefusal(error)) {
        this.kill();
        this.#lose('protocol', error.message);
      } else {
        this.#events.trouble(error);
      }
      return undefined;
    }
  }

  #failure(kind: FailureKind, message: string): Failure {
    const { epoch } = this.#store.run(this.run);
    return { kind, code: '', message, ...nextSteps({ do: 'open-log' }), epoch: epoch + 1 };
  }
}

/** True when the store could not take a change that was valid in itself. */
const isRefusal = (error: unknown): boolean =>
  error instanceof LabError &&
  error.code.startsWith('store.') &&
  error.code !== 'store.checkpoint-damaged';

const notWanted = (run: number): LabError => new LabError('search.not-wanted', { run });

export const failureOf = (kind: FailureKind, error: unknown, epoch: number): Failure => ({
  kind,
  ...(error instanceof LabError
    ? problemOf(error)
    : { code: '', message: messageOf(error), ...nextSteps({ do: 'open-log' }) }),
  epoch,
});
