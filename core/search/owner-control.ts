import { LabError, problemOf } from '../base/errors.ts';
import { requirePossible } from '../graph/space-size.ts';
import { isDamaged } from '../store/refusals.ts';
import type { Store } from '../store/store.ts';
import type { LabProblem } from '../base/problem.ts';
import type { StopWhen } from '../study/run.ts';
import { changeOwner, recordOf, runsOf } from './owner.ts';
import type { Owner } from './owner.ts';
import { cancelWaiting } from './retention.ts';
import { ownerChanged } from './scheduler-events.ts';
import type { SchedulerParts } from './scheduler-parts.ts';

/** Starts, pauses, stops and removes studies and re-runs. */
export class OwnerControl {
  readonly #options: SchedulerParts;

  constructor(options: SchedulerParts) {
    this.#options = options;
  }

  /** Continues the studies and re-runs that ran when the lab last ended. */
  openAll(): void {
    const { store } = this.#options;
    for (const { id, state } of store.studies()) if (state === 'running') this.#goOn({ study: id });
    for (const { id, state } of store.reruns()) if (state === 'running') this.#goOn({ rerun: id });
  }

  /** As `Scheduler.resume`. */
  resume(owner: Owner): void {
    const { store, active, works, emit, now, wake } = this.#options;
    const { state, startedAt } = recordOf(store, owner);
    if (state !== 'running' && !this.#isOver(owner)) {
      requireDrawable(store, owner);
      store.transaction(() => {
        changeOwner(store, owner, {
          state: 'running',
          problem: null,
          endedAt: null,
          ...(startedAt === null && { startedAt: now() }),
        });
        for (const { id, dismissed } of runsOf(store, owner, ['cancelled']))
          if (!dismissed) store.changeRun(id, { state: 'waiting', endedAt: null });
      });
      this.#load(owner);
      works.keep(active.of(owner));
    }
    emit(ownerChanged(owner));
    wake();
  }

  /** As `Scheduler.pause`. */
  pause(owner: Owner, when: StopWhen, problem: LabProblem | null = null): void {
    const { store, active, works, pretraining, emit } = this.#options;
    changeOwner(store, owner, { state: 'paused', problem });
    works.drop(owner);
    active.ask(active.of(owner), 'pause', when);
    pretraining.pauseUnneeded(when);
    emit(ownerChanged(owner));
  }

  /** As `Scheduler.stop`. */
  stop(owner: Owner, when: StopWhen): void {
    const { store, active, works, pretraining, emit, now } = this.#options;
    const at = now();
    const waiting = runsOf(store, owner, ['waiting']);
    store.transaction(() => {
      changeOwner(store, owner, { state: 'stopped', endedAt: at });
      for (const run of waiting) cancelWaiting(store, run, at);
    });
    works.drop(owner);
    active.ask(active.of(owner), 'cancel', when);
    pretraining.cancelUnneeded(when);
    for (const { id } of waiting) emit({ type: 'run', run: id });
    emit(ownerChanged(owner));
  }

  /** As `Scheduler.remove`. */
  async remove(owner: Owner): Promise<void> {
    const { store, active, works, pretraining, emit, wake } = this.#options;
    works.drop(owner);
    active.kill(active.of(owner));
    if ('study' in owner) works.dropJudge(owner.study);
    // The record is gone at once; erasing its epochs and checkpoints takes a while.
    const erased =
      'study' in owner ? store.removeStudy(owner.study) : store.removeRerun(owner.rerun);
    pretraining.cancelUnneeded('now');
    emit({ type: 'slots' });
    wake();
    await erased;
  }

  /** As `Scheduler.changed`. */
  changed(owner: Owner): void {
    const { store, works, emit, wake } = this.#options;
    const work = works.of(owner);
    if (work) {
      work.renew(recordOf(store, owner));
      works.settle(work);
      wake();
    } else {
      emit(ownerChanged(owner));
    }
  }

  /** True of a completed one that has no new run. */
  #isOver(owner: Owner): boolean {
    const { store } = this.#options;
    const record = recordOf(store, owner);
    if (record.state !== 'completed' || runsOf(store, owner, ['waiting']).length > 0) return false;
    return !('plan' in record) || store.trialsSoFar(record.id) >= record.plan.trials;
  }

  /** Continues one that ran when the lab last ended, or pauses it when that is impossible. */
  #goOn(owner: Owner): void {
    try {
      requireDrawable(this.#options.store, owner);
    } catch (error) {
      if (!(error instanceof LabError)) throw error;
      this.pause(owner, 'now', problemOf(error));
      return;
    }
    this.#load(owner);
  }

  /** Pauses one that waits for a network whose record is damaged. */
  #load(owner: Owner): void {
    const { works, pretraining } = this.#options;
    const work = works.add(owner);
    if (!work) return;
    try {
      pretraining.require(work);
    } catch (error) {
      if (!isDamaged(error)) throw error;
      this.pause(owner, 'now', problemOf(error));
      return;
    }
    works.settle(work);
  }
}

/** Throws LabError `space.impossible` for a study whose space has no graph that can be trained. */
function requireDrawable(store: Store, owner: Owner): void {
  if ('study' in owner) requirePossible(store.study(owner.study).plan.space);
}
