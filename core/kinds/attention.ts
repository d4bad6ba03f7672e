import type { Kind } from './kind.ts';

/** Attention transfer (Zagoruyko 2017) in RepDistiller's form; its published weight is 1000. */
export const attention = {
  name: 'attention',
  code: 'a',
  title: 'Attention',
  formula: 'a = Σ_stages mean_cells (q_t − q_s)²',
  symbols: 'q: attention map of a stage, the mean over channels of its squared output, of length 1',
  summary: 'The destination looks at the same places of an image as the source, stage by stage.',
  compares: 'stages',
  repels: false,
  sign: 'A',
} as const satisfies Kind;
