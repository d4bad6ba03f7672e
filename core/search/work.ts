import type { Lifetime } from '../base/lifetime.ts';
import type { Pace } from '../store/store.ts';
import type { RungDecision } from '../study/decision.ts';
import type { EpochMetrics } from '../study/metrics.ts';
import type { StudyPlan, TrainingPlan } from '../study/plan.ts';
import type { Rerun } from '../study/rerun.ts';
import type { Run } from '../study/run.ts';
import type { Study } from '../study/study.ts';
import type { Judge } from './judge.ts';
import { type Owner, trainingOf } from './owner.ts';
import { Delays } from './delays.ts';
import type { LiveKnowledge } from './knowledge.ts';
import { knowledgeOf } from './recall.ts';
import { samplerOf } from './samplers/samplers.ts';

/** Runs that may wait for pretrained networks before no more trials are drawn. */
const LOOK_AHEAD = 32;

/** A study or re-run that runs, in memory; all of it can be read from the store again. */
export class Work {
  readonly owner: Owner;
  /** Decides at rungs; null for re-runs. */
  readonly judge: Judge | null;
  /** The study's plan; null for re-runs. */
  readonly plan: StudyPlan | null;
  /** How all its runs are trained. */
  readonly training: TrainingPlan;
  title = '';
  priority = 0;
  /** Number of the next trial to be drawn, below `trials`. Re-runs draw none. */
  nextTrial = 0;
  trials = 0;
  /** Earlier trials, for a sampler that learns; null for one that does not. */
  readonly past: LiveKnowledge | null;
  /** The epoch whose reports let the next trial be drawn; null while no draw waits. */
  awaitedEpoch: number | null = null;
  /** Runs that are on slots. */
  readonly live = new Set<number>();
  /** Pretrained networks that it waits for. */
  readonly needs = new Set<number>();
  /** Failed starts since the last epoch of any run, without those on slots that have rested. */
  failuresInARow = 0;
  /** Brought up to date with each report. */
  readonly pace: Pace;
  readonly #ready: number[] = [];
  /** Runs that wait after a failure. */
  readonly #delayed: Delays<number>;
  /** Runs that wait for pretrained networks. */
  readonly #held = new Set<number>();

  /** @param lifetime no delay of a run outlives it */
  constructor(
    owner: Owner,
    record: Study | Rerun,
    judge: Judge | null,
    pace: Pace,
    lifetime: Lifetime,
  ) {
    this.owner = owner;
    this.#delayed = new Delays(lifetime, { keepsProcess: true });
    this.judge = judge;
    this.pace = pace;
    this.plan = 'plan' in record ? record.plan : null;
    this.past = this.plan && samplerOf(this.plan.sampler).learns ? knowledgeOf(this.plan) : null;
    this.training = trainingOf(record);
    this.renew(record);
  }

  /** Takes up what a person may change while it runs. */
  renew(record: Study | Rerun): void {
    this.title = 'plan' in record ? `Study "${record.name}"` : `Re-run "${record.name}"`;
    this.priority = record.priority;
    this.trials = 'plan' in record ? record.plan.trials : 0;
  }

  /** True when there is nothing left to do. */
  get isDone(): boolean {
    return this.nextTrial >= this.trials && !this.#isAnyWaiting && this.live.size === 0;
  }

  /** Runs that are not on a slot. */
  get waiting(): number[] {
    return [...this.#ready, ...this.#delayed.keys(), ...this.#held];
  }

  get #isAnyWaiting(): boolean {
    return this.#ready.length + this.#delayed.size + this.#held.size > 0;
  }

  /** Runs that can start at once, ascending: earlier ones go first. */
  get ready(): readonly number[] {
    return this.#ready;
  }

  /** True of a study that may draw another trial. */
  get canDraw(): boolean {
    return this.plan !== null && this.nextTrial < this.trials && this.#held.size < LOOK_AHEAD;
  }

  /** Takes a run out of those that can start at once; false when it is none of them. */
  take(run: number): boolean {
    const at = this.#ready.indexOf(run);
    if (at >= 0) this.#ready.splice(at, 1);
    return at >= 0;
  }

  enqueue(run: number): void {
    const at = this.#ready.findIndex((other) => other > run);
    if (at < 0) this.#ready.push(run);
    else this.#ready.splice(at, 0, run);
  }

  /** Lets a run wait for pretrained networks. */
  hold(run: number): void {
    this.#held.add(run);
  }

  /** Enqueues the held runs that are ready now. */
  release(isReady: (run: number) => boolean): void {
    for (const run of [...this.#held].filter(isReady)) {
      this.#held.delete(run);
      this.enqueue(run);
    }
  }

  /** Enqueues a run later. */
  delay(run: number, milliseconds: number, wake: () => void): void {
    this.#delayed.start(run, milliseconds, () => {
      this.enqueue(run);
      wake();
    });
  }

  /** Drops a run that no longer waits. */
  forget(run: number): void {
    this.#delayed.cancel(run);
    this.#held.delete(run);
    this.take(run);
  }

  close(): void {
    this.#delayed.clear();
  }
}

/** Counts a new trial. */
export function countTrial(pace: Pace, { state }: Pick<Run, 'state'>): void {
  pace.drawn++;
  if (state !== 'duplicate' && state !== 'rejected') pace.trainable++;
}

/** Counts a new epoch. */
export function countEpoch(
  pace: Pace,
  { seconds }: EpochMetrics,
  decisions: readonly RungDecision[],
): void {
  pace.epochs++;
  pace.seconds += seconds;
  for (const decision of decisions) countDecision(pace, decision);
}

function countDecision({ survival }: Pace, { rung, go }: Pick<RungDecision, 'rung' | 'go'>): void {
  let count = survival.find((each) => each.rung === rung);
  if (!count) survival.push((count = { rung, decided: 0, wentOn: 0 }));
  count.decided++;
  if (go) count.wentOn++;
}
