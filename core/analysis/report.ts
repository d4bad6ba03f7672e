import { type Effect, mainEffects } from './effects.ts';
import { type Importance, importanceOf } from './importance.ts';
import { type Interaction, interactions } from './interactions.ts';
import { type Lift, type SuggestedLock, liftOf, suggestedLocks } from './lift.ts';
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
}

/** Most reported pairs. */
const PAIRS = 20;

/** Computes all analyses of a table, in some tens of milliseconds for thousands of trials. */
export function effectsReport(table: Table): EffectsReport {
  const lifts = liftOf(table);
  return {
    effects: mainEffects(table),
    importance: importanceOf(table),
    interactions: interactions(table).slice(0, PAIRS),
    lifts,
    locks: suggestedLocks(lifts),
  };
}
