import type { TrialRow } from '../../core/lab/api.ts';
import { percent } from '../ui/format.ts';
import { runStates } from './states.ts';
import { reasonOf } from './trial-columns.ts';

/** A trial in the three lines of a tooltip. */
export const trialTip = (row: TrialRow): string[] =>
  [
    `Trial ${row.number}: ${percent(row.accuracy)}`,
    `${runStates[row.state].title}, epoch ${row.epoch} of ${row.epochs}`,
    reasonOf(row),
  ].filter(Boolean);
