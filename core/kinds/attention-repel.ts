import type { Kind } from './kind.ts';

/** Att(-) of "Deep Ensemble Collaborative Learning" (Okamoto 2022), on whole maps. */
export const attentionRepel = {
  name: 'attention-repel',
  code: 'ar',
  title: 'Attention, repel',
  formula: 'a = mean_stages q_t · q_s',
  symbols: 'q: attention map of a stage, the mean over channels of its squared output, of length 1',
  summary: 'The destination looks at other places of an image than the source.',
  compares: 'stages',
  repels: true,
  sign: 'A−',
} as const satisfies Kind;
