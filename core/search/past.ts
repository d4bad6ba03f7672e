import type { Graph } from '../graph/graph.ts';
import { picksIn } from '../graph/picks.ts';
import type { Picks, SearchSpace } from '../graph/space.ts';
import type { Store } from '../store/store.ts';
import type { RungDecision } from '../study/decision.ts';
import type { OpenTrial, Run } from '../study/run.ts';
import type { KnownTrial } from './samplers/_base.ts';

/** A trial as `Past` keeps it. */
interface PastTrial extends KnownTrial {
  readonly id: number;
  readonly key: string;
  /** Its result can change: the trial runs, or ended without a result. */
  readonly isOpen: boolean;
  /** Its result counts, now or later. */
  readonly counts: boolean;
}

/** The trials of a study for its sampler, read from the store again where they may have changed. */
export class Past {
  /** By number. */
  readonly #trials = new Map<number, PastTrial>();
  /** Graphs of trials that count, by canonical key. */
  readonly #keys = new Map<string, number>();
  /** Every graph of the space has a trial. */
  isExhausted = false;

  /**
   * Reads the changes since the last call; only open trials are read again.
   */
  update(store: Store, study: number, space: SearchSpace): void {
    const picksOf = picksIn(space);
    if (this.#trials.size === 0) {
      const decisions = Map.groupBy(store.decisions({ study }), ({ run }) => run);
      for (const run of store.runs({ study, kind: 'trial' }))
        this.#set(run.number, trialOf(run, decisions.get(run.id) ?? [], picksOf));
      return;
    }
    for (const [number, { id, isOpen }] of this.#trials)
      if (isOpen) this.#set(number, trialOf(store.run(id), store.decisions({ run: id }), picksOf));
  }

  /**
   * Restores the state in which a trial was drawn: earlier trials with their whole records, open
   * ones with their records at that time.
   *
   * @param open as the trial's record says
   */
  recall(
    store: Store,
    study: number,
    space: SearchSpace,
    number: number,
    open: readonly OpenTrial[],
  ): void {
    const known = new Map(open);
    const picksOf = picksIn(space);
    const decisions = Map.groupBy(store.decisions({ study }), ({ run }) => run);
    for (const run of store.runs({ study, kind: 'trial' }).filter((each) => each.number < number)) {
      const epoch = known.get(run.number) ?? Infinity;
      const seen = (decisions.get(run.id) ?? []).filter(({ rung }) => rung <= epoch);
      const state = epoch === Infinity ? run.state : epoch < 0 ? 'failed' : 'running';
      this.#set(run.number, trialOf({ ...run, state }, seen, picksOf));
    }
  }

  /** A trial that was just drawn. */
  add(run: Run, space: SearchSpace): void {
    this.#set(run.number, trialOf(run, [], picksIn(space)));
  }

  /** Trials that count, by number. */
  get known(): KnownTrial[] {
    return [...this.#trials.values()].filter(({ counts }) => counts);
  }

  /** A trial that counts has this graph. */
  has(key: string): boolean {
    return (this.#keys.get(key) ?? 0) > 0;
  }

  /**
   * Trials whose result may change; with the records of all others they restore this state.
   */
  get open(): OpenTrial[] {
    return [...this.#trials]
      .filter(([, { isOpen }]) => isOpen)
      .map(([number, { counts, values }]) => [number, counts ? Math.max(0, ...values.keys()) : -1]);
  }

  #set(number: number, trial: PastTrial): void {
    const before = this.#trials.get(number);
    if (before?.counts) this.#keys.set(before.key, this.#keys.get(before.key)! - 1);
    if (trial.counts) this.#keys.set(trial.key, (this.#keys.get(trial.key) ?? 0) + 1);
    this.#trials.set(number, trial);
  }
}

function trialOf(
  run: Run,
  decisions: readonly RungDecision[],
  picksOf: (graph: Graph) => Picks,
): PastTrial {
  const { id, key, graph, audit } = run;
  // What runs on for the audit counts as what it is for the rule: stopped.
  const state = audit === null ? run.state : 'stopped';
  const counts = ['waiting', 'running', 'completed', 'stopped'].includes(state);
  const isOpen = !['completed', 'stopped', 'duplicate', 'rejected'].includes(state);
  return {
    id,
    key,
    picks: picksOf(graph),
    values: valuesOf(run, decisions),
    isOpen,
    counts,
  };
}

/** Accuracies by epoch: at the rungs, and at the end of a trial that came there. */
function valuesOf(
  { state, epoch, accuracy }: Pick<Run, 'state' | 'epoch' | 'accuracy'>,
  decisions: readonly RungDecision[],
): Map<number, number> {
  const values = decisions.flatMap(({ rung, value }) =>
    value === null ? [] : [[rung, value] as const],
  );
  const end = state === 'completed' && accuracy !== null ? [[epoch, accuracy] as const] : [];
  return new Map([...values, ...end]);
}
