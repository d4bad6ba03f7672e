import type { Gate } from './gate.ts';

/** "Negative linear" of the re-implementation by Yuki: Linear in reverse, exactly 0 at the end. */
export const negativeLinear = {
  name: 'negative-linear',
  letter: 'N',
  title: 'Negative Linear',
  formula: 'G(a) = (1 − c / c_end) · a',
  symbols: 'c: updates so far, c_end: updates in the whole run',
  summary: 'Fades from full strength to nothing over the run, with every update.',
  color: '#546c9c',
  dash: '12 3 2 3',
  weight: (progress) => 1 - progress,
  onlyCorrect: false,
  over: 'batch',
} as const satisfies Gate;
