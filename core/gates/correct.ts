import type { Gate } from './gate.ts';

/**
 * Equation 6: delta(label, argmax of the source) * a. Samples with a wrong source still count in
 * the mean, with 0.
 */
export const correct = {
  name: 'correct',
  letter: 'C',
  title: 'Correct',
  formula: 'G(a) = δ(ŷ, y_s) · a',
  symbols: 'δ(ŷ, y_s): 1 where the source’s answer y_s is the label ŷ, else 0',
  summary: 'Passes only the samples that the source classifies correctly.',
  color: '#e56f00',
  dash: '3 3',
  weight: () => 1,
  onlyCorrect: true,
  over: 'batch',
} as const satisfies Gate;
