import type { Tolerances } from './compare.ts';

/**
 * Deviations of steps in bfloat16 from the fixtures, in the measures of `tolerances.json`: at most
 * twice the largest that were measured. Activations and their gradients have 8 bits.
 */
const residual: Tolerances = {
  ...{ logits: 0.012, eval_logits: 0.02, loss: 1.5e-3 },
  ...{ 'param.n': 2e-4, 'param.p': 5e-4, 'param.h': 1.5e-3 },
  ...{ 'momentum.n': 0.05, 'momentum.p': 0.25, 'momentum.h': 0.75 },
  ...{ 'stats.n': 2.5e-3, 'stats.p': 0.01, 'stats.h': 0.015 },
};

/** Networks without shortcuts, and norms over 2 x 2 pixels, amplify rounding. */
const others: Tolerances = {
  ...residual,
  ...{ logits: 0.015, loss: 0.013 },
  ...{ 'param.n': 4e-4, 'param.p': 1.4e-3, 'param.h': 0.01 },
  ...{ 'stats.n': 4e-3 },
};

/** Returns the allowed deviations of a fixture with networks of these names. */
export const bfloat16Tolerances = (models: readonly string[]): Tolerances =>
  models.every((name) => /^(resnet|wrn)/.test(name)) ? residual : others;
