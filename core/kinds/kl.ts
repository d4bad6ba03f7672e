import type { Kind } from './kind.ts';

/** The paper's edge between networks (equation 1), with the softened answers of Hinton 2015. */
export const kl = {
  name: 'kl',
  code: '',
  title: 'KL',
  formula: 'a = T² KL(p_s ‖ p_t)',
  symbols: 'p = softmax(z / T): the answer, softened by the temperature T',
  summary: 'The destination imitates the answers of the source.',
  compares: 'answers',
  repels: false,
  sign: '',
} as const satisfies Kind;
