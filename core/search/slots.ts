import { problem } from '../base/errors.ts';
import { HERE, type Place, placeText } from '../study/place.ts';
import type { Run } from '../study/run.ts';
import { Delays } from './delays.ts';
import { ownerKey, ownerOf } from './owner.ts';
import { nextInQueue } from './queue.ts';
import type { SchedulerEvent } from './scheduler-events.ts';
import type { SlotParts } from './scheduler-parts.ts';
import { type Fit, fitOf } from './slot-choice.ts';
import { teachersReady } from './teachers.ts';
import { addTrial, mayDraw } from './trial.ts';
import { type Work, countTrial } from './work.ts';

/** Runs started in one turn of the event loop: hundreds of slots may be free at once. */
const STARTED_PER_TURN = 16;
/** Trials drawn in one turn of the event loop: most may be duplicates that need no slot. */
const DRAWN_PER_TURN = 32;

export interface SlotsOptions extends SlotParts {
  /** Seconds of training between checkpoints of a run. */
  checkpointEvery: () => number;
}

/** Milliseconds without a slot that suits a study, after which it pauses: a machine may come yet. */
const UNSUITED_TIME = 60_000;

/** Gives free slots their next runs. */
export class Slots {
  readonly #options: SlotsOptions;
  /** Studies and re-runs for which no slot suits. */
  readonly #unsuited: Delays<string>;
  /** Those whose place may come yet, and whose log says so. */
  readonly #said = new Set<string>();

  constructor(options: SlotsOptions) {
    this.#options = options;
    this.#unsuited = new Delays(options.lifetime, { keepsProcess: false });
  }

  /** Fills the free slots as far as there is work for them. */
  fill(): void {
    const { active, backoff, lastTries, works, wake } = this.#options;
    this.#startLastTries();
    const isTrivial = this.#isTrivial();
    const free = active
      .free()
      .filter((slot) => !backoff.isResting(slot) && !lastTries.reserves(slot));
    let begun = 0;
    for (const [index, slot] of free.entries()) {
      if (begun === STARTED_PER_TURN) {
        wake();
        return;
      }
      if (!isTrivial && !this.#hasWorkFor(slot)) continue;
      if (this.#fillOne(slot, index === free.length - 1)) begun++;
      else if (!backoff.avoidsAny && isTrivial) break;
    }
    if (!isTrivial) this.#watchUnsuited();
    if (begun === free.length) return;
    // The last trials drawn may have been duplicates or rejected.
    for (const work of works.all()) if (work.isDone) works.settle(work);
    // A run that waited for another slot may start on one that is left, now that it is taken.
    if (begun > 0 && backoff.avoidsAny) wake();
  }

  /** True while every slot suits all work. */
  #isTrivial(): boolean {
    const { works, suitability } = this.#options;
    return suitability.isTrivialFor(works.all().map(({ training }) => training));
  }

  /** Looks without a transaction: hundreds of slots of other machines may have nothing to do. */
  #hasWorkFor(slot: string): boolean {
    const { works, pretraining, suitability } = this.#options;
    return (
      works
        .all()
        .some(
          ({ ready, canDraw, training }) =>
            (ready.length > 0 || canDraw) && suitability.suits(slot, training),
        ) || pretraining.queued().some(({ run }) => this.#suits(run, slot))
    );
  }

  /** Pauses studies for which no slot suits for a while; a person may not look for days. */
  #watchUnsuited(): void {
    const { active, suitability, works, delayDivisor } = this.#options;
    const usable = active.usable();
    for (const { owner, training, live, ready, canDraw } of works.all()) {
      const key = ownerKey(owner);
      const waits = live.size === 0 && (ready.length > 0 || canDraw) && usable.length > 0;
      const isUnsuited = waits && !usable.some((slot) => suitability.suits(slot, training));
      if (!isUnsuited || suitability.obstacle(usable, training) === 'coming') {
        this.#unsuited.cancel(key);
        this.#said.delete(key);
      } else if (!this.#unsuited.has(key))
        this.#unsuited.start(key, UNSUITED_TIME / delayDivisor, () => {
          const work = works.of(owner);
          if (work) this.#unsuitedFor(work);
        });
    }
  }

  /** Pauses a study that no slot suits; one whose place may come yet only says that it waits. */
  #unsuitedFor({ owner, title, training }: Work): void {
    const { active, suitability, pause, emit } = this.#options;
    const { data, place } = training;
    const why = suitability.obstacle(active.usable(), training);
    if (why === 'coming') return;
    if (why !== null) {
      pause(owner, 'now', why);
    } else if (place === undefined) {
      pause(owner, 'now', problem('search.no-slot-suits', { data }));
    } else if (!this.#mayCome(place)) {
      pause(owner, 'now', problem('search.no-slot-there', { place: placeText(place) }));
    } else if (!this.#said.has(ownerKey(owner))) {
      this.#said.add(ownerKey(owner));
      const study = 'study' in owner ? owner.study : null;
      const text = `${title} waits: no slot is on ${placeText(place)} now.`;
      emit({ type: 'log', level: 'warning', study, run: null, text });
    }
  }

  /** Other machines of the lab come and go, and jobs of a cluster may wait for hours. */
  #mayCome({ machine }: Place): boolean {
    const machines = this.#options.store.machines();
    return machine === undefined
      ? machines.length > 0
      : machine !== HERE && machines.some(({ id }) => id === machine);
  }

  /** Starts the runs that have waited for their device to be free of others. */
  #startLastTries(): void {
    const { store, works, lastTries } = this.#options;
    const all = works.all();
    const isWanted = (id: number): boolean =>
      all.some(({ live, waiting }) => live.has(id) || waiting.includes(id));
    for (const { run: id, slot } of lastTries.ready(isWanted)) {
      const run = store.run(id);
      if (!works.of(ownerOf(run))!.take(id)) continue;
      const attempt = store.transaction(() => this.#claim(run, slot));
      this.#begin(run, slot, attempt);
    }
  }

  /** True when there was a run for a free slot. */
  #fillOne(slot: string, isLast: boolean): boolean {
    const { store, emit } = this.#options;
    const drawn: Run[] = [];
    // Drawing a trial and giving it its slot is one change.
    const begun = store.transaction(() => {
      const run = this.#next(slot, isLast, drawn);
      return run && { run, attempt: this.#claim(run, slot) };
    });
    for (const { id } of drawn) emit({ type: 'run', run: id });
    if (begun) this.#begin(begun.run, slot, begun.attempt);
    return begun !== null;
  }

  /** @param drawn gets the trials that were drawn on the way */
  #next(slot: string, isLastSlot: boolean, drawn: Run[]): Run | null {
    const { store, works, pretraining, suitability } = this.#options;
    const all = works.all().filter(({ training }) => suitability.suits(slot, training));
    const pretrainings = pretraining
      .queued()
      .filter(({ run }) => suitability.isTrivialFor([]) || this.#suits(run, slot));
    /** Studies that gave no run when they drew. */
    const without = new Set<Work>();
    for (;;) {
      const next = nextInQueue({
        works: all,
        pretrainings,
        fitOf: (run) => this.#fitOf(run, slot),
        isLastSlot,
        mayDraw: (work) => work.canDraw && !without.has(work),
      });
      if (next.do === 'nothing') return null;
      if (next.do === 'pretrain') return store.run(next.run);
      if (next.do === 'start') {
        next.work.take(next.run);
        return store.run(next.run);
      }
      const run = this.#draw(next.work, drawn);
      if (run) return run;
      without.add(next.work);
    }
  }

  #suits(run: number, slot: string): boolean {
    const { store, suitability } = this.#options;
    return suitability.suits(slot, store.run(run).training);
  }

  #fitOf(run: number, slot: string): Fit {
    const { backoff, lastTries } = this.#options;
    const failedHere = backoff.avoids(run, slot);
    return fitOf({
      isLastTry: lastTries.has(run),
      hasFailedHere: failedHere,
      // Counted only where it matters.
      slotsInOrder: failedHere ? this.#countInOrder(run) : 1,
    });
  }

  /** Usable slots that suit a run and do not rest; more than two count as two. */
  #countInOrder(run: number): number {
    const { store, active, backoff, suitability } = this.#options;
    const { training } = store.run(run);
    let count = 0;
    for (const slot of active.usable()) {
      if (!backoff.isResting(slot) && suitability.suits(slot, training)) count++;
      if (count === 2) break;
    }
    return count;
  }

  /** Draws a study's next trial that can start at once, if any. */
  #draw(work: Work, drawn: Run[]): Run | null {
    const { store, emit, now, wake } = this.#options;
    if (!('study' in work.owner) || !work.plan) return null;
    for (let count = 0; work.canDraw; count++) {
      if (count === DRAWN_PER_TURN) {
        wake();
        return null;
      }
      const { study } = work.owner;
      const { plan, past, nextTrial } = work;
      past?.update(store, study);
      const isReady = mayDraw(plan, nextTrial, past);
      work.awaitedEpoch = isReady ? null : (past?.awaitedEpoch ?? null);
      if (!isReady) return null;
      const wasExhausted = past?.isExhausted;
      const run = addTrial(store, study, plan, nextTrial, past, now());
      if (past?.isExhausted && !wasExhausted) emit(spaceExhausted(study, run));
      drawn.push(run);
      work.nextTrial++;
      countTrial(work.pace, run);
      if (run.state !== 'waiting') continue;
      if (teachersReady(store, run)) return run;
      work.hold(run.id);
    }
    return null;
  }

  /** Records that a run is on a slot now. Returns the number of the attempt. */
  #claim(run: Run, slot: string): number {
    const { store, backoff, now } = this.#options;
    const at = now();
    backoff.placed(run.id);
    store.changeRun(run.id, {
      state: 'running',
      failure: null,
      ...(run.startedAt === null && { startedAt: at }),
    });
    return store.addAttempt(run.id, slot, at).number;
  }

  #begin(run: Run, slot: string, attempt: number): void {
    const { active, works, emit, checkpointEvery } = this.#options;
    const work = works.of(ownerOf(run));
    work?.live.add(run.id);
    emit({ type: 'run', run: run.id });
    emit({ type: 'slots' });
    active.begin(run, slot, attempt, work, checkpointEvery());
  }
}

/** Says once that a study has tried all graphs of its space. */
const spaceExhausted = (study: number, { id, number }: Run): SchedulerEvent => ({
  type: 'log',
  level: 'warning',
  study,
  run: id,
  text:
    `The search found no new graph for trial ${number}: the space is exhausted. ` +
    'This trial and later ones are duplicates and are not trained. Allow more choices in a new study.',
});
