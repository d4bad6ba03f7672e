import type { TrialRow } from '../../core/lab/api.ts';
import { percent } from '../parts/format.ts';
import { runStates } from '../parts/states.ts';
import { reasonOf } from './columns.ts';

/** A trial in the three lines of a tooltip. */
export const trialTip = (row: TrialRow): string[] =>
  [
    `Trial ${row.number}: ${percent(row.accuracy)}`,
    `${runStates[row.state].title}, epoch ${row.epoch} of ${row.epochs}`,
    reasonOf(row),
  ].filter(Boolean);
