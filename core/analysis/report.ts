import { type Audit, type AuditedTrial, auditOf } from './audit.ts';
import { type Effect, mainEffects } from './effects.ts';
import { type Importance, importanceOf } from './importance.ts';
import { type Interaction, interactions } from './interactions.ts';
import { type Lift, type SuggestedLock, liftOf, suggestedLocks } from './lift.ts';
import { type RungAdvice, rungAdvice } from './rung-choice.ts';
import type { Table } from './table.ts';

/** All analyses of a table of trials. */
export interface EffectsReport {
  effects: Effect[];
  /** By dimension. */
  importance: Importance[];
  /** Strongest pairs first. */
  interactions: Interaction[];
  lifts: Lift[];
  locks: SuggestedLock[];
  /** How well the stopping rule decides, and which one would decide better. */
  audit: RuleAudit;
}

/** How well a stopping rule decides, and which one would decide better. */
export interface RuleAudit extends Audit {
  advice: RungAdvice;
}

/** What a report is computed from. */
export interface ReportInput {
  /** All trials at one rung. */
  table: Table;
  /**
   * The trials whose shares of choices say something by themselves: a random sample. For importance
   * and lifts.
   */
  sample: Table;
  audited: readonly AuditedTrial[];
  /** Epochs of a complete trial. */
  epochs: number;
}

/** Most reported pairs. */
const PAIRS = 20;

/** Computes all analyses, in some tens of milliseconds for thousands of trials. */
export function effectsReport({ table, sample, audited, epochs }: ReportInput): EffectsReport {
  const lifts = liftOf(sample);
  return {
    effects: mainEffects(table),
    importance: importanceOf(sample),
    interactions: interactions(table).slice(0, PAIRS),
    lifts,
    locks: suggestedLocks(lifts),
    audit: { ...auditOf(audited), advice: rungAdvice(audited, epochs) },
  };
}
