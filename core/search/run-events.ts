import { hasEnded } from '../study/moves.ts';
import type { Failure } from '../study/run.ts';
import { hopeless, maySlotBeToBlame, problemOfFailure, recordFailure } from './failures.ts';
import type { FailureAction } from './failures.ts';
import type { Leaving, LiveRun, LiveRunEvents } from './live-run.ts';
import type { Outages } from './outages.ts';
import { recordOf, retriesOf } from './owner.ts';
import { tidy } from './retention.ts';
import { ownerChanged } from './scheduler-events.ts';
import type { SlotParts } from './scheduler-parts.ts';
import { restText } from './slot-backoff.ts';
import type { SlotRest } from './slot-backoff.ts';
import { countEpoch } from './work.ts';
import type { Work } from './work.ts';

/** How often pretraining is started again after a crash. */
const PRETRAINING_RETRIES = 2;

export interface RunEventsOptions extends SlotParts {
  outages: Outages;
}

/** Acts on what the runs on slots report, and on how they leave their slots. */
export class RunEvents {
  readonly #options: RunEventsOptions;
  readonly events: LiveRunEvents;

  constructor(options: RunEventsOptions) {
    this.#options = options;
    const { store, outages, emit, now } = options;
    this.events = {
      now,
      progressed: () => {
        emit({ type: 'slots' });
      },
      reported: (live, metrics, { go, decisions }, at) => {
        options.backoff.reported(live.slot);
        outages.recorded();
        const work = options.works.of(live.owner);
        if (work) {
          countEpoch(work.pace, metrics, decisions);
          work.failuresInARow = 0;
          if (metrics.epoch === work.awaitedEpoch) options.wake();
        }
        emit({ type: 'epoch', run: live.run, metrics });
        for (const decision of decisions) {
          if (live.owner && 'study' in live.owner)
            emit({ type: 'decision', run: live.run, study: live.owner.study, decision, at });
        }
        if (!go) emit({ type: 'run', run: live.run });
      },
      left: (live, leaving) => {
        outages.watch(() => {
          this.#leave(live, leaving);
        });
      },
      log: (live, level, text) => {
        emit({ type: 'log', level, study: store.run(live.run).study, run: live.run, text });
      },
      trouble: (error) => {
        outages.meet(error);
      },
    };
  }

  #leave(live: LiveRun, leaving: Leaving): void {
    const { store, lastTries, works, pretraining, emit, wake } = this.#options;
    const work = works.of(live.owner);
    work?.live.delete(live.run);
    lastTries.left(live.run);
    if (typeof leaving === 'object') this.#fail(live, leaving);
    const run = store.run(live.run);
    tidy(store, run);
    if (run.state === 'waiting' && typeof leaving === 'string') works.enqueue(run);
    emit({ type: 'run', run: run.id });
    emit({ type: 'slots' });
    if (run.kind === 'pretrain' && hasEnded(run.state)) pretraining.ended(run);
    if (work) works.settle(work);
    else if (live.owner) emit(ownerChanged(live.owner));
    wake();
  }

  #fail(live: LiveRun, failure: Failure): void {
    const { store, active, backoff, suitability, works, emit, now, wake } = this.#options;
    const run = store.run(live.run);
    const work = works.of(live.owner);
    const { slot } = live;
    const usable = active.usable();
    const suitsElsewhere = suitability.failed(failure.kind, slot, run.training, usable, wake);
    const cancelled = live.asked === 'cancel';
    const rest =
      maySlotBeToBlame(failure.kind) && !cancelled
        ? backoff.failed(slot, run.id, usable, wake)
        : null;
    const action = recordFailure(store, run, live.attempt, failure, {
      retries: live.owner ? retriesOf(recordOf(store, live.owner)) : PRETRAINING_RETRIES,
      hasNeighbours: () => live.owner !== null && active.hasNeighbours(live.slot),
      isSuspect: (each) => backoff.isSuspect(each),
      suitsElsewhere,
      cancelled,
      at: now(),
    });
    const level = action.do === 'give-up' ? 'error' : 'warning';
    emit({ type: 'log', level, study: run.study, run: run.id, text: failure.message });
    if (cancelled) return;
    if (rest)
      emit({
        type: 'log',
        level: 'warning',
        study: null,
        run: null,
        text: restText(live.slot, rest),
      });
    if (action.do === 'retry') this.#retry(live, work, action);
    if (!work) return;
    if (action.do === 'pause') this.#options.pause(work.owner, 'now', problemOfFailure(failure));
    else this.#countFailure(work, failure, rest);
  }

  /** Lets a run wait before its next start, which should be on another slot. */
  #retry(
    live: LiveRun,
    work: Work | null,
    { afterSeconds, alone }: FailureAction & { do: 'retry' },
  ): void {
    const { store, active, backoff, lastTries, pretraining, emit, wake } = this.#options;
    const run = store.run(live.run);
    if (alone) {
      lastTries.consider(run);
      const device = active.deviceOf(live.slot);
      const text = `It ran out of memory twice. The other slots of ${device} pause during its last attempt.`;
      emit({ type: 'log', level: 'warning', study: run.study, run: run.id, text });
    }
    backoff.avoid(run.id, live.slot);
    const milliseconds = (afterSeconds * 1000) / this.#options.delayDivisor;
    if (run.kind === 'pretrain') pretraining.delay(run.id, milliseconds, wake);
    else work?.delay(run.id, milliseconds, wake);
  }

  /** Pauses a study when start after start fails; a slot that has rested before does not count. */
  #countFailure(work: Work, failure: Failure, rest: SlotRest | null): void {
    if (!maySlotBeToBlame(failure.kind) || (rest?.times ?? 1) !== 1) return;
    const problem = hopeless(++work.failuresInARow, this.#options.active.usable().length, failure);
    if (problem) this.#options.pause(work.owner, 'now', problem);
  }
}
