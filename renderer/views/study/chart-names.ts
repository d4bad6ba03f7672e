/** The charts of a study's trials, in the order of their tabs. */
export const charts = {
  tournament: 'Tournament',
  history: 'Best so far',
  curves: 'Curves',
  gates: 'Gates',
  map: 'Map',
  parallel: 'Parallel',
  timeline: 'Timeline',
} as const;
export type ChartName = keyof typeof charts;
