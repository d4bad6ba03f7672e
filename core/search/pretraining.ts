import type { Lifetime } from '../base/lifetime.ts';
import type { Store } from '../store/store.ts';
import { withoutPlace } from '../study/plan.ts';
import type { Pretrained } from '../study/pretrained.ts';
import type { LabProblem } from '../base/problem.ts';
import type { Run, StopWhen } from '../study/run.ts';
import type { ActiveRuns } from './active-runs.ts';
import { Delays } from './delays.ts';
import type { Owner } from './owner.ts';
import { recordOf, teachersOf, trainingOf, usualTeachersOf } from './owner.ts';
import {
  divideByNeed,
  neededNetworks,
  queuedPretrainings,
  teacherFailed,
  teacherStep,
} from './pretraining-needs.ts';
import type { QueuedPretraining } from './queue.ts';
import { cancelWaiting } from './retention.ts';
import type { Emit } from './scheduler-events.ts';
import { addPretraining, teachersReady, usualTeacher } from './teachers.ts';
import type { PretrainingWish } from './teachers.ts';
import type { Work } from './work.ts';
import type { Works } from './works.ts';

export interface PretrainingOptions {
  lifetime: Lifetime;
  store: Store;
  active: ActiveRuns;
  works: Works;
  emit: Emit;
  now: () => number;
  /** Pauses a study or re-run whose network has not come into being. */
  pause: (owner: Owner, when: StopWhen, problem: LabProblem) => void;
}

/**
 * Networks that are trained alone, because a study or re-run waits for them or a person asked for
 * them.
 */
export class Pretraining {
  readonly #options: PretrainingOptions;
  /** Runs that have not ended. */
  readonly #runs = new Set<number>();
  /** Runs that wait after a failure. */
  readonly #delayed: Delays<number>;

  constructor(options: PretrainingOptions) {
    this.#options = options;
    this.#delayed = new Delays(options.lifetime, { keepsProcess: true });
  }

  /** Reads the pretraining runs of the store that have not ended. */
  load(): void {
    this.close();
    for (const run of this.#store.runs({ kind: 'pretrain', states: ['waiting', 'running'] }))
      this.#runs.add(run.id);
  }

  /** Trains one more network. */
  add(wish: PretrainingWish): Pretrained {
    const { pretrained, run } = addPretraining(this.#store, wish, this.#options.now());
    this.#runs.add(run.id);
    return pretrained;
  }

  /** @param asked a person asks: the network then needs no study that waits for it */
  retry(run: number, asked: boolean): void {
    const network = this.#networkOf(run);
    if (asked && network) this.#store.changePretrained(network.id, { asked });
    this.#store.changeRun(run, {
      state: 'waiting',
      failure: null,
      dismissed: false,
      endedAt: null,
    });
    this.#runs.add(run);
  }

  /** Makes a study or re-run wait for the usual networks of its models that have no weights. */
  require(work: Work): void {
    const { works, active, emit } = this.#options;
    const record = recordOf(this.#store, work.owner);
    const missing = teachersOf(record).flatMap((model) => this.#obtain(model, work) ?? []);
    work.needs.clear();
    for (const { id } of missing) work.needs.add(id);
    work.release((id) => teachersReady(this.#store, this.#store.run(id)));
    works.keep(active.pretraining().filter((live) => missing.some(({ run }) => run === live.run)));
    if (missing.length > 0) emit({ type: 'pretrained' });
  }

  /** Pretrainings that can start at once. */
  queued(): QueuedPretraining[] {
    if (this.#runs.size === 0) return [];
    return queuedPretrainings(
      this.#records(),
      this.#store.allPretrained(),
      neededNetworks(this.#options.works.all()),
      (run) => this.#delayed.has(run),
    );
  }

  /** Lets a run wait after a failure. */
  delay(run: number, milliseconds: number, wake: () => void): void {
    this.#delayed.start(run, milliseconds, wake);
  }

  /** Pauses pretraining that no running study or re-run needs and no person requested. */
  pauseUnneeded(when: StopWhen): void {
    const { active, works } = this.#options;
    const unneeded = this.#unneeded(neededNetworks(works.all()));
    active.ask(
      unneeded.flatMap(({ id }) => active.get(id) ?? []),
      'pause',
      when,
    );
  }

  /** Cancels pretraining that also no paused study or re-run needs, and pauses the other. */
  cancelUnneeded(when: StopWhen): void {
    const { active, works, emit, now } = this.#options;
    this.pauseUnneeded(when);
    const paused = [...this.#store.studies(), ...this.#store.reruns()].filter(
      ({ state }) => state === 'paused',
    );
    const awaited = paused.flatMap((record) =>
      usualTeachersOf(this.#store, record).map(({ id }) => id),
    );
    const needed = new Set([...neededNetworks(works.all()).keys(), ...awaited]);
    for (const { id } of this.#unneeded(needed)) {
      const live = active.get(id);
      if (live) {
        live.ask('cancel', when);
        continue;
      }
      cancelWaiting(this.#store, this.#store.run(id), now());
      emit({ type: 'run', run: id });
      this.ended(this.#store.run(id));
    }
  }

  /** Releases the runs that waited for a network, or pauses their studies when it failed. */
  ended(run: Run): void {
    const { works, emit, pause } = this.#options;
    this.#runs.delete(run.id);
    emit({ type: 'pretrained' });
    const made = this.#networkOf(run.id);
    if (!made) return;
    for (const work of works.all().filter((each) => each.needs.has(made.id))) {
      work.needs.delete(made.id);
      if (run.state === 'completed')
        work.release((id) => teachersReady(this.#store, this.#store.run(id)));
      else pause(work.owner, 'after-epoch', teacherFailed(made.model, run));
    }
  }

  close(): void {
    this.#delayed.clear();
    this.#runs.clear();
  }

  get #store(): Store {
    return this.#options.store;
  }

  #records(): Run[] {
    return [...this.#runs].map((id) => this.#store.run(id));
  }

  #networkOf(run: number): Pretrained | undefined {
    return this.#store.allPretrained().find((each) => each.run === run);
  }

  #unneeded(needed: Pick<ReadonlySet<number>, 'has'>): Run[] {
    if (this.#runs.size === 0) return [];
    return divideByNeed(this.#records(), this.#store.allPretrained(), needed).unneeded;
  }

  /** Sees to it that a network is trained; undefined when it has its weights. */
  #obtain(model: string, { owner }: Work): Pretrained | undefined {
    // All studies share it, so it may be trained anywhere.
    const training = withoutPlace(trainingOf(recordOf(this.#store, owner)));
    const known = usualTeacher(this.#store, model, training);
    const run = known?.run ?? null;
    const step = teacherStep(known, run === null ? null : this.#store.run(run).state);
    if (step.do === 'nothing') return undefined;
    if (step.do === 'retry') this.retry(run!, false);
    const study = 'study' in owner ? owner.study : null;
    return step.do === 'train' ? this.add({ model, training, study, asked: false }) : known;
  }
}
