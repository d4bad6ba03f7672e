/** Legends of saved figures. */
import type { RunState, TrialRow } from '../../core/lab/api.ts';
import { runStates } from '../words/states.ts';
import { dotEntry, lineEntry, type LegendEntry } from './picture.ts';
import type { Theme } from '../ui/colors.ts';

/** States that occur among some trials, in their usual order. */
export const statesOf = (rows: readonly TrialRow[]): RunState[] => {
  const found = new Set(rows.map((row) => row.state));
  return (Object.keys(runStates) as RunState[]).filter((state) => found.has(state));
};

/** A dot and a word for each state that occurs. */
export const stateLegend =
  (rows: readonly TrialRow[]) =>
  (theme: Theme): LegendEntry[] =>
    statesOf(rows).map((state) => dotEntry(runStates[state].title, theme.states[state]));

const stoppedByRule = (theme: Theme): LegendEntry => ({
  text: 'stopped by the rule',
  mark: { kind: 'cross', x: 0, y: 0, radius: 3.5, stroke: theme.states.stopped, width: 1.4 },
});

export const historyLegend =
  (rows: readonly TrialRow[]) =>
  (theme: Theme): LegendEntry[] => [
    ...stateLegend(rows)(theme),
    lineEntry('best completed so far', theme.text, 1.8),
  ];

export const curvesLegend =
  (rows: readonly TrialRow[]) =>
  (theme: Theme): LegendEntry[] => [
    ...stateLegend(rows)(theme),
    ...(rows.some(({ state }) => state === 'stopped') ? [stoppedByRule(theme)] : []),
    lineEntry('best', theme.states.completed, 2.8),
    lineEntry('rung', theme.quiet, 1, '2 3'),
    lineEntry('needed there to continue', theme.text, 2.4),
  ];

export const tournamentLegend =
  (rows: readonly TrialRow[]) =>
  (theme: Theme): LegendEntry[] => [
    ...stateLegend(rows)(theme),
    lineEntry('needed there to continue', theme.focus, 1.8),
    lineEntry('way of the best', theme.text, 1.8),
  ];
