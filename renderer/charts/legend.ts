/** Legends of saved figures. */
import type { RunState, TrialRow } from '../../core/lab/api.ts';
import { runStates } from '../words/states.ts';
import type { LegendEntry } from './picture.ts';
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
    statesOf(rows).map((state) => ({
      text: runStates[state].title,
      mark: { kind: 'dot', x: 0, y: 0, radius: 4, fill: theme.states[state] },
    }));

const line = (text: string, stroke: string, width: number, dash?: string): LegendEntry => ({
  text,
  mark: { kind: 'line', points: [-10, 0, 10, 0], stroke, width, ...(dash && { dash }) },
});

const stoppedByRule = (theme: Theme): LegendEntry => ({
  text: 'stopped by the rule',
  mark: { kind: 'cross', x: 0, y: 0, radius: 3.5, stroke: theme.states.stopped, width: 1.4 },
});

export const historyLegend =
  (rows: readonly TrialRow[]) =>
  (theme: Theme): LegendEntry[] => [
    ...stateLegend(rows)(theme),
    line('best completed so far', theme.text, 1.8),
  ];

export const curvesLegend =
  (rows: readonly TrialRow[]) =>
  (theme: Theme): LegendEntry[] => [
    ...stateLegend(rows)(theme),
    ...(rows.some(({ state }) => state === 'stopped') ? [stoppedByRule(theme)] : []),
    line('best', theme.states.completed, 2.8),
    line('rung', theme.quiet, 1, '2 3'),
    line('needed there to continue', theme.text, 2.4),
  ];

export const tournamentLegend =
  (rows: readonly TrialRow[]) =>
  (theme: Theme): LegendEntry[] => [
    ...stateLegend(rows)(theme),
    line('needed there to continue', theme.focus, 1.8),
    line('way of the best', theme.text, 1.8),
  ];
