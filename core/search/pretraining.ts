import type { Store } from '../store/store.ts';
import { hasEnded, mayMoveRun } from '../study/moves.ts';
import type { TrainingPlan } from '../study/plan.ts';
import type { Pretrained } from '../study/pretrained.ts';
import type { Run } from '../study/run.ts';
import { addPretraining, usualTeacher } from './teachers.ts';
import type { PretrainingWish } from './teachers.ts';

/** A run that a free slot may work on. */
export interface Candidate {
  run: Run;
  /** The highest of who waits for it. */
  priority: number;
}

/** Priority of what a person asked for. */
const ASKED = 0;

/**
 * Networks that are being trained alone, for a study or re-run that waits for them or because a
 * person asked.
 */
export class Pretraining {
  readonly #store: Store;
  /** Runs that have not ended. */
  readonly #runs = new Set<number>();
  /** Runs that wait after a failure. */
  readonly #resting = new Map<number, NodeJS.Timeout>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Takes up what the store holds. */
  load(): void {
    this.close();
    for (const run of this.#store.runs({ kind: 'pretrain', states: ['waiting', 'running'] }))
      this.#runs.add(run.id);
  }

  /** Trains one more network. */
  add(wish: PretrainingWish, at: number): Pretrained {
    const { pretrained, run } = addPretraining(this.#store, wish, at);
    this.#runs.add(run.id);
    return pretrained;
  }

  /**
   * Sees to it that the usual networks of these models are there or will be; one that failed is
   * tried again.
   *
   * @returns those that have to be waited for
   */
  require(
    models: readonly string[],
    training: TrainingPlan,
    study: number | null,
    at: number,
  ): Pretrained[] {
    return models.flatMap((model) => {
      const known = usualTeacher(this.#store, model, training);
      if (known && known.checkpoint !== null) return [];
      const wish = { model, training, study, asked: false };
      if (known?.run == null) return [this.add(wish, at)];
      const { state } = this.#store.run(known.run);
      if (!hasEnded(state)) return [known];
      // Its weights were removed, or it cannot be tried again: a new one takes its place.
      if (!mayMoveRun(state, 'waiting')) return [this.add(wish, at)];
      this.retry(known.run, false);
      return [known];
    });
  }

  /** @param asked by a person, who then need not have a study that waits for it */
  retry(run: number, asked: boolean): void {
    const network = this.#store.allPretrained().find((each) => each.run === run);
    if (asked && network) this.#store.changePretrained(network.id, { asked });
    this.#store.changeRun(run, {
      state: 'waiting',
      failure: null,
      dismissed: false,
      endedAt: null,
    });
    this.#runs.add(run);
  }

  /**
   * Runs that make needed networks, or those that a person asked for; and those that nobody wants
   * now.
   */
  divide(needed: Pick<ReadonlySet<number>, 'has'>): { wanted: Run[]; unwanted: Run[] } {
    if (this.#runs.size === 0) return { wanted: [], unwanted: [] };
    const networks = this.#store.allPretrained().filter(({ id, asked }) => asked || needed.has(id));
    const making = new Set(networks.map((network) => network.run));
    const runs = [...this.#runs].map((id) => this.#store.run(id));
    return {
      wanted: runs.filter((run) => making.has(run.id)),
      unwanted: runs.filter((run) => !making.has(run.id)),
    };
  }

  /**
   * The most important one that can be started and suits, if any.
   *
   * @param needed priorities of who waits for networks, by network
   */
  next(
    needed: ReadonlyMap<number, number>,
    suits: (run: number) => boolean,
  ): Candidate | undefined {
    const { wanted } = this.divide(needed);
    const ready = wanted.filter(
      ({ id, state }) => state === 'waiting' && !this.#resting.has(id) && suits(id),
    );
    if (ready.length === 0) return undefined;
    const networks = this.#store.allPretrained();
    const priorityOf = (run: Run): number =>
      Math.max(
        ...networks
          .filter((network) => network.run === run.id)
          .flatMap(({ id, asked }) => [needed.get(id) ?? -Infinity, asked ? ASKED : -Infinity]),
      );
    return ready
      .map((run) => ({ run, priority: priorityOf(run) }))
      .reduce((first, each) => (each.priority > first.priority ? each : first));
  }

  /** Lets a run wait after a failure. */
  rest(run: number, milliseconds: number, wake: () => void): void {
    const timer = setTimeout(() => {
      this.#resting.delete(run);
      wake();
    }, milliseconds);
    this.#resting.set(run, timer);
  }

  /** Its run has ended. Gives the network that it was to make. */
  ended(run: number): Pretrained | undefined {
    this.#runs.delete(run);
    return this.#store.allPretrained().find((each) => each.run === run);
  }

  close(): void {
    for (const timer of this.#resting.values()) clearTimeout(timer);
    this.#resting.clear();
    this.#runs.clear();
  }
}
