import type { Kind } from './kind.ts';

/** Prob(-) of "Deep Ensemble Collaborative Learning" (Okamoto 2022): answers move apart. */
export const repel = {
  name: 'repel',
  code: 'r',
  title: 'Repel',
  formula: 'a = cos(p_s, p_t)',
  symbols: 'p = softmax(z / T): the answer, softened by the temperature T',
  summary: 'The destination moves its answers away from those of the source.',
  compares: 'answers',
  repels: true,
  sign: '−',
} as const satisfies Kind;
