import { type Graph, goalOf } from '../graph/graph.ts';
import { picksIn } from '../graph/picks.ts';
import type { Picks } from '../graph/space.ts';
import type { Store } from '../store/store.ts';
import { orderedEpoch } from '../study/order.ts';
import type { StudyPlan } from '../study/plan.ts';
import type { OpenTrial, Run } from '../study/run.ts';
import type { LiveKnowledge, TrialRecords } from './knowledge.ts';
import type { KnownTrial } from './samplers/_base.ts';

type Ordered = Pick<StudyPlan, 'space' | 'rule' | 'training' | 'duplicates'>;

interface OrderedTrial {
  readonly number: number;
  readonly id: number;
  readonly picks: Picks;
  /** Its accuracy at the epoch that counts; null when it has none. */
  readonly value: number | null;
  /**
   * - `comes`: its value may still be reported.
   * - `missing`: it failed or was cancelled without one; a retry may bring it.
   * - `settled`: later records change nothing.
   */
  readonly state: 'comes' | 'missing' | 'settled';
  /** It is a graph of its own: no earlier trial has the same, or equal ones are trained again. */
  readonly counts: boolean;
}

/**
 * The trials of a study for draws in order: trial i knows the graphs of all earlier trials, and of
 * those up to i - `lag` the accuracy at `orderedEpoch`. So a draw does not depend on the order and
 * speed of workers.
 */
export class InOrder implements LiveKnowledge {
  readonly awaitedEpoch: number;
  readonly #picksOf: (graph: Graph) => Picks;
  readonly #lag: number;
  readonly #reusesEqual: boolean;
  /** By number. */
  readonly #trials: OrderedTrial[] = [];
  /** Canonical keys of the graphs. */
  readonly #keys = new Set<string>();
  #isExhausted = false;

  constructor(plan: Ordered, lag: number) {
    this.awaitedEpoch = orderedEpoch(plan);
    this.#picksOf = picksIn(plan.space);
    this.#lag = lag;
    this.#reusesEqual = plan.duplicates === 'reuse';
  }

  /** Restores the state in which a trial was drawn, as `knowledgeAt`. */
  static at(
    plan: Ordered,
    lag: number,
    records: TrialRecords,
    number: number,
    open: readonly OpenTrial[],
  ): InOrder {
    const restored = new InOrder(plan, lag);
    const missing = new Set(open.map(([trial]) => trial));
    for (const run of records.trials) {
      if (run.number >= number) break;
      const isKnown = run.number <= number - lag && !missing.has(run.number);
      restored.#push(run, isKnown ? records.accuracyAt(run, restored.awaitedEpoch) : NaN);
    }
    return restored;
  }

  update(store: Store, study: number): void {
    if (this.#trials.length === 0) {
      for (const run of store.runs({ study, kind: 'trial' }))
        this.#push(run, accuracyIn(store, run, this.awaitedEpoch));
      return;
    }
    for (const [at, trial] of this.#trials.entries()) {
      if (!this.#isDue(trial)) break;
      if (trial.state === 'settled') continue;
      const run = store.run(trial.id);
      const value = accuracyIn(store, run, this.awaitedEpoch);
      this.#trials[at] = { ...trial, ...resultOf(run, value) };
    }
  }

  add(run: Run): void {
    this.#push(run, NaN);
  }

  get known(): KnownTrial[] {
    return this.#trials
      .filter(({ counts }) => counts)
      .map((trial) => {
        const { picks, value } = trial;
        const isKnown = this.#isDue(trial) && value !== null;
        return { picks, values: new Map(isKnown ? [[this.awaitedEpoch, value]] : []) };
      });
  }

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  get isExhausted(): boolean {
    return this.#isExhausted;
  }

  get open(): OpenTrial[] {
    return this.#trials
      .filter((trial) => this.#isDue(trial) && trial.state === 'missing')
      .map(({ number }) => [number, -1]);
  }

  get isReady(): boolean {
    return this.#trials.every((trial) => !this.#isDue(trial) || trial.state !== 'comes');
  }

  /** The next draw uses the result of the trial. */
  #isDue({ number }: Pick<OrderedTrial, 'number'>): boolean {
    const next = (this.#trials.at(-1)?.number ?? -1) + 1;
    return number <= next - this.#lag;
  }

  #push(run: Run, accuracy: number): void {
    const { number, id, key, graph, state } = run;
    const isRepeat = this.#reusesEqual && this.#keys.has(key);
    this.#isExhausted ||= isRepeat;
    if (state !== 'rejected') this.#keys.add(key);
    this.#trials.push({
      number,
      id,
      picks: this.#picksOf(graph),
      counts: state !== 'rejected' && !isRepeat,
      ...resultOf(run, accuracy),
    });
  }
}

/** @param accuracy at the epoch that counts; NaN while it is not known */
function resultOf({ state }: Run, accuracy: number): Pick<OrderedTrial, 'value' | 'state'> {
  if (!Number.isNaN(accuracy)) return { value: accuracy, state: 'settled' };
  if (state === 'waiting' || state === 'running') return { value: null, state: 'comes' };
  const mayCome = ['failed', 'out-of-memory', 'cancelled'].includes(state);
  return { value: null, state: mayCome ? 'missing' : 'settled' };
}

/** Accuracy of the node that counts after an epoch; NaN before, and where it was no number. */
export const accuracyIn = (store: Store, { id, graph, epoch }: Run, wanted: number): number =>
  epoch < wanted ? NaN : (store.curve(id)[goalOf(graph) - 1]?.[wanted - 1] ?? NaN);
