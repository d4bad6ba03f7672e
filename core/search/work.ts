import type { RungDecision } from '../study/decision.ts';
import type { EpochMetrics } from '../study/metrics.ts';
import type { StudyPlan } from '../study/plan.ts';
import type { Rerun } from '../study/rerun.ts';
import type { Run } from '../study/run.ts';
import type { Study } from '../study/study.ts';
import type { Judge } from './judge.ts';
import type { Survival } from './time-left.ts';

/** Whose runs are scheduled. */
export type Owner = { study: number } | { rerun: number };

export const ownerKey = (owner: Owner): string =>
  'study' in owner ? `study ${owner.study}` : `rerun ${owner.rerun}`;

/** Whose run it is; null for pretraining, which may serve many. */
export function ownerOf({ kind, study, rerun }: Run): Owner | null {
  if (kind === 'trial') return { study: study! };
  if (kind === 'repeat') return { rerun: rerun! };
  return null;
}

/** What the scheduler keeps in memory of a study or re-run that is being worked on; all of it can be read again. */
export interface Work {
  readonly owner: Owner;
  title: string;
  priority: number;
  retries: number;
  /** Starts nothing while false; its runs that are on slots finish what they were asked. */
  open: boolean;
  /** The study's rule; null for re-runs. */
  readonly judge: Judge | null;
  /** What its trials are drawn from; null for re-runs. */
  readonly plan: StudyPlan | null;
  /** Number of the next trial to be drawn, of how many. Re-runs draw none. */
  nextTrial: number;
  trials: number;
  /** Runs that can start at once, in order. */
  readonly ready: number[];
  /** Runs that wait after a crash, with their timers. */
  readonly delayed: Map<number, NodeJS.Timeout>;
  /** Runs that wait for pretrained networks. */
  readonly held: Set<number>;
  readonly live: Set<number>;
  /** Pretrained networks that it waits for. */
  readonly needs: Set<number>;
  /** Failed starts since the last epoch of any run: when nothing works, it stops trying. */
  crashesInARow: number;
  readonly pace: Pace;
}

/** What the time left is estimated from. */
export interface Pace {
  epochs: number;
  seconds: number;
  /** Trials drawn, and how many of them were trained or are to be. */
  drawn: number;
  trainable: number;
  readonly survival: Map<number, Survival>;
}

export function newWork(owner: Owner, of: Study | Rerun, judge: Judge | null): Work {
  return {
    owner,
    title: 'study' in owner ? `Study "${of.name}"` : `Re-run "${of.name}"`,
    priority: of.priority,
    retries: 'plan' in of ? of.plan.retries : of.retries,
    open: false,
    judge,
    plan: 'plan' in of ? of.plan : null,
    nextTrial: 0,
    trials: 'plan' in of ? of.plan.trials : 0,
    ready: [],
    delayed: new Map(),
    held: new Set(),
    live: new Set(),
    needs: new Set(),
    crashesInARow: 0,
    pace: { epochs: 0, seconds: 0, drawn: 0, trainable: 0, survival: new Map() },
  };
}

/** True when there is nothing left to do. */
export const isDone = (work: Work): boolean =>
  work.nextTrial >= work.trials &&
  work.ready.length + work.delayed.size + work.held.size + work.live.size === 0;

/** Counts a new epoch. */
export function keepPace(pace: Pace, metrics: EpochMetrics, decisions: readonly RungDecision[]): void {
  pace.epochs++;
  pace.seconds += metrics.seconds;
  for (const decision of decisions) countDecision(pace, decision);
}

export function countDecision({ survival }: Pace, { rung, go }: Pick<RungDecision, 'rung' | 'go'>): void {
  const { decided, wentOn } = survival.get(rung) ?? { decided: 0, wentOn: 0 };
  survival.set(rung, { rung, decided: decided + 1, wentOn: wentOn + (go ? 1 : 0) });
}
