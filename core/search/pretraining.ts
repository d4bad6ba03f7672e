import type { Store } from '../store/store.ts';
import { hasEnded, mayMoveRun } from '../study/moves.ts';
import type { TrainingPlan } from '../study/plan.ts';
import type { Pretrained } from '../study/pretrained.ts';
import type { Run } from '../study/run.ts';
import { addPretraining, usualTeacher } from './teachers.ts';
import type { PretrainingWish } from './teachers.ts';

/** Networks that are being trained alone, for a study or re-run that waits for them or because a person asked. */
export class Pretraining {
  readonly #store: Store;
  /** Runs that have not ended. */
  readonly #runs = new Set<number>();
  /** Runs that wait after a crash. */
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
   * Sees to it that the usual networks of these models are there or will be; one that failed is tried again.
   *
   * @returns those that have to be waited for
   */
  require(models: readonly string[], training: TrainingPlan, study: number | null, at: number): Pretrained[] {
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
    this.#store.changeRun(run, { state: 'waiting', failure: null, dismissed: false, endedAt: null });
    this.#runs.add(run);
  }

  /** Runs that make needed networks, or those that a person asked for; and those that nobody wants now. */
  divide(needed: ReadonlySet<number>): { wanted: Run[]; unwanted: Run[] } {
    if (this.#runs.size === 0) return { wanted: [], unwanted: [] };
    const networks = this.#store.allPretrained().filter(({ id, asked }) => asked || needed.has(id));
    const making = new Set(networks.map((network) => network.run));
    const runs = [...this.#runs].map((id) => this.#store.run(id));
    return {
      wanted: runs.filter((run) => making.has(run.id)),
      unwanted: runs.filter((run) => !making.has(run.id)),
    };
  }

  /** The next one to be started, if any. */
  next(needed: ReadonlySet<number>): Run | undefined {
    const { wanted } = this.divide(needed);
    return wanted.find((run) => run.state === 'waiting' && !this.#resting.has(run.id));
  }

  /** Lets a run wait after a crash. */
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
