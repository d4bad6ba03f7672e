/** Legends of charts: on screen and in saved figures. */
import type { RunState, TrialRow } from '../../core/lab/api.ts';
import { runStates } from '../parts/states.ts';
import type { Mark } from './marks.ts';
import type { Theme } from './theme.ts';

/** States that occur among some trials, in their usual order. */
export const statesOf = (rows: readonly TrialRow[]): RunState[] => {
  const found = new Set(rows.map((row) => row.state));
  return (Object.keys(runStates) as RunState[]).filter((state) => found.has(state));
};

/** A dot and a word for each state that occurs. */
export const stateLegend =
  (rows: readonly TrialRow[]) =>
  (theme: Theme): { text: string; mark: Mark }[] =>
    statesOf(rows).map((state) => ({
      text: runStates[state].title,
      mark: { kind: 'dot', x: 0, y: 0, radius: 4, fill: theme.states[state] },
    }));
