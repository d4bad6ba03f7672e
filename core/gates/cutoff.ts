import type { Gate } from './gate.ts';

/** Equation 4: no loss passes. A node whose incoming edges are all Cutoff is frozen. */
export const cutoff = {
  name: 'cutoff',
  letter: 'X',
  title: 'Cutoff',
  formula: 'G(a) = 0',
  symbols: '',
  summary: 'Cuts the edge: nothing is learned over it.',
  color: '#8b9097',
  dash: '1 7',
  weight: () => 0,
  onlyCorrect: false,
  over: 'batch',
} as const satisfies Gate;
