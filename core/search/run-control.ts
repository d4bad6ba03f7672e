import type { Run, StopWhen } from '../study/run.ts';
import { ownerOf, recordOf, runsOf } from './owner.ts';
import type { Owner } from './owner.ts';
import { cancelWaiting, tidy } from './retention.ts';
import type { SchedulerParts } from './scheduler-parts.ts';

export interface RunControlOptions extends SchedulerParts {
  resume: (owner: Owner) => void;
}

/** Stops, retries and pins single runs. */
export class RunControl {
  readonly #options: RunControlOptions;

  constructor(options: RunControlOptions) {
    this.#options = options;
  }

  /** As `Scheduler.stopRun`. */
  stop(id: number, when: StopWhen): void {
    const { store, active, works, pretraining, emit, now, wake } = this.#options;
    const live = active.get(id);
    store.transaction(() => {
      store.changeRun(id, { dismissed: true });
      if (!live) cancelWaiting(store, store.run(id), now());
    });
    if (live) {
      live.ask('cancel', when);
      return;
    }
    const run = store.run(id);
    const work = works.of(ownerOf(run));
    work?.forget(id);
    if (work) works.settle(work);
    emit({ type: 'run', run: id });
    if (run.kind === 'pretrain') pretraining.ended(run);
    // A draw in order may have waited for its result.
    wake();
  }

  /** Lets all runs that failed wait for another start, except those that a person has stopped. */
  retryFailed(owner: Owner): void {
    const { store, works, emit } = this.#options;
    const ended = runsOf(store, owner, ['failed', 'out-of-memory']);
    const failed = ended.filter(({ dismissed }) => !dismissed);
    store.transaction(() => {
      for (const { id } of failed)
        store.changeRun(id, { state: 'waiting', failure: null, endedAt: null });
    });
    for (const { id } of failed) {
      works.enqueue(store.run(id));
      emit({ type: 'run', run: id });
    }
  }

  /** As `Scheduler.retryRun`. */
  retry(id: number): void {
    const { store, works, pretraining, emit, wake, resume } = this.#options;
    if (store.run(id).kind === 'pretrain') pretraining.retry(id, true);
    else store.changeRun(id, { state: 'waiting', failure: null, dismissed: false, endedAt: null });
    const run = store.run(id);
    emit({ type: 'run', run: id });
    const owner = ownerOf(run);
    if (owner && recordOf(store, owner).state === 'completed') resume(owner);
    else works.enqueue(run);
    wake();
  }

  /** As `Scheduler.pin`. */
  pin(id: number, pinned: boolean): Run {
    const { store, emit } = this.#options;
    store.changeRun(id, { pinned });
    const run = store.run(id);
    tidy(store, run);
    emit({ type: 'run', run: id });
    return run;
  }
}
