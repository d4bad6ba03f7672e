import type { Gate } from './gate.ts';

/** Equation 3: the loss passes unchanged. */
export const through = {
  name: 'through',
  letter: 'T',
  title: 'Through',
  formula: 'G(a) = a',
  symbols: '',
  summary: 'Passes the loss of every sample unchanged.',
  color: '#9445d8',
  dash: 'none',
  weight: () => 1,
  onlyCorrect: false,
  over: 'batch',
} as const satisfies Gate;
