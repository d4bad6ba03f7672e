import type { Gate } from './gate.ts';

/** Equation 5: the weight grows with every update, from 1 / c_end at the first to 1 at the last. */
export const linear = {
  name: 'linear',
  letter: 'L',
  title: 'Linear',
  formula: 'G(a) = (c / c_end) · a',
  symbols: 'c: updates so far, c_end: updates in the whole run',
  summary: 'Grows from nothing to full strength over the run, with every update.',
  color: '#0f9158',
  dash: '9 5',
  weight: (progress) => progress,
  onlyCorrect: false,
  over: 'batch',
} as const satisfies Gate;
