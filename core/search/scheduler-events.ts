import type { EpochMetrics } from '../study/metrics.ts';
import type { RungDecision } from '../study/decision.ts';
import type { LabProblem } from '../base/problem.ts';
import type { Owner } from './owner.ts';

/** A change of the lab; the store holds it before the event is sent. */
export type SchedulerEvent =
  | { type: 'study'; study: number }
  | { type: 'rerun'; rerun: number }
  | { type: 'run'; run: number }
  | { type: 'epoch'; run: number; metrics: EpochMetrics }
  | { type: 'decision'; run: number; study: number; decision: RungDecision; at: number }
  | { type: 'pretrained' }
  | { type: 'slots' }
  | {
      type: 'log';
      level: 'info' | 'warning' | 'error';
      study: number | null;
      run: number | null;
      text: string;
    }
  /**
   * The store refuses changes: nothing runs until `resume`, or until an outage that may pass is
   * over. null: it is over.
   */
  | { type: 'trouble'; problem: LabProblem | null };

export type Emit = (event: SchedulerEvent) => void;

/** A study or re-run has changed. */
export const ownerChanged = (owner: Owner): SchedulerEvent =>
  'study' in owner ? { type: 'study', ...owner } : { type: 'rerun', ...owner };
