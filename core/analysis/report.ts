import { type Effect, mainEffects } from './effects.ts';
import { type Importance, importanceOf } from './importance.ts';
import { type Interaction, interactions } from './interactions.ts';
import { type Lift, type SuggestedLock, liftOf, suggestedLocks } from './lift.ts';
import type { Table } from './table.ts';

/** Everything that a table of trials says about its choices. */
export interface EffectsReport {
  effects: Effect[];
  /** By dimension. */
  importance: Importance[];
  /** The strongest pairs first. */
  interactions: Interaction[];
  lifts: Lift[];
  locks: SuggestedLock[];
}

/** Pairs that are reported. */
const PAIRS = 20;

/** All analyses of one table; some tens of milliseconds for thousands of trials. */
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
