import type { Graph } from '../graph/graph.ts';
import { picksIn } from '../graph/picks.ts';
import type { Picks } from '../graph/space.ts';
import type { Store } from '../store/store.ts';
import type { StudyPlan } from '../study/plan.ts';
import type { OpenTrial, Run } from '../study/run.ts';
import type { LiveKnowledge, RungValue, TrialRecords } from './knowledge.ts';
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

/**
 * The trials of a study for its sampler, with every result that is known; read from the store again
 * where they may have changed.
 */
export class Past implements LiveKnowledge {
  /** A draw never waits. */
  readonly isReady = true;
  readonly awaitedEpoch = null;
  readonly #picksOf: (graph: Graph) => Picks;
  /** By number. */
  readonly #trials = new Map<number, PastTrial>();
  /** Graphs of trials that count, by canonical key. */
  readonly #keys = new Map<string, number>();
  #isExhausted = false;

  constructor({ space }: Pick<StudyPlan, 'space'>) {
    this.#picksOf = picksIn(space);
  }

  /** Restores the state in which a trial was drawn, as `knowledgeAt`. */
  static at(
    plan: Pick<StudyPlan, 'space'>,
    { trials, decisions }: TrialRecords,
    number: number,
    open: readonly OpenTrial[],
  ): Past {
    const past = new Past(plan);
    const epochs = new Map(open);
    for (const run of trials) {
      if (run.number >= number) break;
      const seen = decisions.get(run.id) ?? [];
      const epoch = epochs.get(run.number);
      if (epoch === undefined) past.#take(run, seen);
      else {
        const state = epoch < 0 ? 'failed' : 'running';
        // An open trial may have become an audit later.
        past.#take(
          { ...run, state, audit: null },
          seen.filter(({ rung }) => rung <= epoch),
        );
      }
    }
    return past;
  }

  /**
   * Reads the changes since the last call; only open trials are read again.
   */
  update(store: Store, study: number): void {
    if (this.#trials.size === 0) {
      const decisions = Map.groupBy(store.decisions({ study }), ({ run }) => run);
      for (const run of store.runs({ study, kind: 'trial' }))
        this.#take(run, decisions.get(run.id) ?? []);
      return;
    }
    for (const { id, isOpen } of this.#trials.values())
      if (isOpen) this.#take(store.run(id), store.decisions({ run: id }));
  }

  add(run: Run): void {
    this.#take(run, []);
  }

  /** A trial was drawn as a duplicate: none but its graph was found. */
  get isExhausted(): boolean {
    return this.#isExhausted;
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

  #take(run: Run, decisions: readonly RungValue[]): void {
    this.#isExhausted ||= run.state === 'duplicate';
    this.#set(run.number, trialOf(run, decisions, this.#picksOf));
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
  decisions: readonly RungValue[],
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
  decisions: readonly RungValue[],
): Map<number, number> {
  const values = decisions.flatMap(({ rung, value }) =>
    value === null ? [] : [[rung, value] as const],
  );
  const end = state === 'completed' && accuracy !== null ? [[epoch, accuracy] as const] : [];
  return new Map([...values, ...end]);
}
