import type { Lifetime } from '../base/lifetime.ts';
import type { LabProblem } from '../base/problem.ts';
import type { Store } from '../store/store.ts';
import type { Run } from '../study/run.ts';
import type { ActiveRuns } from './active-runs.ts';
import { failDamaged } from './damaged-runs.ts';
import { judgeOf } from './judge.ts';
import type { Judge } from './judge.ts';
import type { LastTries } from './last-tries.ts';
import type { LiveRun } from './live-run.ts';
import { changeOwner, ownerKey, ownerOf, recordOf, runsOf } from './owner.ts';
import type { Owner } from './owner.ts';
import { type Emit, ownerChanged } from './scheduler-events.ts';
import { teachersReady } from './teachers.ts';
import { Work } from './work.ts';

export interface WorksOptions {
  lifetime: Lifetime;
  store: Store;
  active: ActiveRuns;
  lastTries: LastTries;
  emit: Emit;
  now: () => number;
}

/** The studies and re-runs that run, and the runs of each that wait. */
export class Works {
  readonly #options: WorksOptions;
  readonly #works = new Map<string, Work>();
  /** Rules by study, kept over pauses: runs that were asked to pause may still report. */
  readonly #judges = new Map<number, Judge>();

  constructor(options: WorksOptions) {
    this.#options = options;
  }

  all(): Work[] {
    return [...this.#works.values()];
  }

  /** null for one that does not run, and for pretraining. */
  of(owner: Owner | null): Work | null {
    return (owner && this.#works.get(ownerKey(owner))) ?? null;
  }

  /** Reads what is to be done for a study or re-run; null when it runs already. */
  add(owner: Owner): Work | null {
    if (this.of(owner)) return null;
    const { lifetime, store, active } = this.#options;
    const record = recordOf(store, owner);
    const judge = 'plan' in record ? this.#judgeOf(record.id) : null;
    const work = new Work(owner, record, judge, store.pace(owner), lifetime);
    this.#works.set(ownerKey(owner), work);
    active.stay(true);
    for (const { run, problem } of failDamaged(store, owner)) this.#tell(owner, run, problem);
    if ('study' in owner) work.nextTrial = store.trialsSoFar(owner.study);
    for (const run of runsOf(store, owner, ['waiting', 'running'])) {
      if (run.state === 'waiting') this.enqueue(run);
      // Its worker was asked to pause and has not yet: the run waits as soon as it has.
      else work.live.add(run.id);
    }
    return work;
  }

  /** Drops the state of a study or re-run that no longer runs. */
  drop(owner: Owner): void {
    this.of(owner)?.close();
    this.#works.delete(ownerKey(owner));
    this.#options.active.stay(this.#works.size > 0);
  }

  /** The rule of a study, also of one that does not run; null for re-runs and pretraining. */
  judgeOf(owner: Owner | null): Judge | null {
    return owner && 'study' in owner ? this.#judgeOf(owner.study) : null;
  }

  /** Drops the rule of a removed study. */
  dropJudge(study: number): void {
    this.#judges.delete(study);
  }

  /** Drops everything, also the rules: the store is read again. */
  clear(): void {
    for (const { owner } of this.all()) this.drop(owner);
    this.#judges.clear();
  }

  /** Lets a waiting run start when a slot is free and its teachers are there. */
  enqueue(run: Run): void {
    const { store, lastTries } = this.#options;
    lastTries.consider(run);
    const work = this.of(ownerOf(run));
    if (teachersReady(store, run)) work?.enqueue(run.id);
    else work?.hold(run.id);
  }

  /** Completes a study or re-run that has nothing left to do. */
  settle(work: Work): void {
    if (this.#options.lifetime.isOver || this.of(work.owner) !== work) return;
    const { store, emit, now } = this.#options;
    if (work.isDone) {
      changeOwner(store, work.owner, { state: 'completed', endedAt: now() });
      this.drop(work.owner);
    }
    emit(ownerChanged(work.owner));
  }

  /**
   * Lets runs that were to end with their study pause instead; a run that a person stopped ends.
   */
  keep(runs: readonly LiveRun[]): void {
    for (const live of runs) if (!this.#options.store.run(live.run).dismissed) live.pauseInstead();
  }

  /** Says of a run that cannot be read why it fails. */
  #tell(owner: Owner, run: number, { message, next }: LabProblem): void {
    const study = 'study' in owner ? owner.study : null;
    const text = `${message} ${next}`;
    this.#options.emit({ type: 'log', level: 'error', study, run, text });
  }

  #judgeOf(study: number): Judge {
    const { store } = this.#options;
    const judge = this.#judges.get(study) ?? judgeOf(store, study, store.study(study).plan);
    this.#judges.set(study, judge);
    return judge;
  }
}
