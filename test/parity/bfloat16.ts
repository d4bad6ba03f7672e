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

/** Only a finite number is asked for. */
const finite = { n: Infinity, p: Infinity, h: Infinity };

const withPrefix = (quantity: string, { n, p, h }: typeof finite): Tolerances => ({
  [`${quantity}.n`]: n,
  [`${quantity}.p`]: p,
  [`${quantity}.h`]: h,
});

/**
 * Deviations of one pass of a network whose norms keep their results away from the kink of the ReLU
 * (`calm`): at most twice the largest that were measured. `grad` without a measure is the norm of
 * all gradients of the network together.
 */
const calm: Tolerances = {
  ...{ logits: 0.04, eval_logits: 0.06, loss: 1.2e-3, grad: 7e-4, grad_zero: 0.007 },
  ...withPrefix('grad', { n: 0.2, p: 0.44, h: 1.3 }),
  ...withPrefix('stats', { n: 3e-3, p: 0.014, h: 0.018 }),
  ...withPrefix('stage', { n: 4e-4, p: 0.013, h: 0.03 }),
};

/**
 * Rounding decides there which pixels a ReLU cuts off, and that decides most gradients of single
 * tensors: even float32 has a class of its own for these files (`kink`).
 */
const plain: Tolerances = {
  ...{ logits: 0.28, eval_logits: 0.04, loss: 7e-3, grad: 0.033, grad_zero: 0.005 },
  ...withPrefix('grad', finite),
  ...withPrefix('stats', { n: 5e-3, p: 0.1, h: 0.06 }),
  ...withPrefix('stage', { n: 1.3e-3, p: 0.3, h: 0.13 }),
};

/** 54 and more norms in a row carry a rounding on. */
const deep: Tolerances = {
  ...plain,
  ...{ logits: 0.24, eval_logits: 0.24, loss: 8e-3, grad: 0.067 },
  ...withPrefix('stats', { n: 0.015, p: 0.05, h: 0.18 }),
};

/** Norms over a few cells of 2 to 4 images turn a rounding into another value of their maps. */
const mobile: Tolerances = {
  ...plain,
  ...{ logits: Infinity, eval_logits: 0.22, loss: 0.03, grad: 0.2, grad_zero: 0.015 },
  ...withPrefix('stats', { n: 0.03, p: 0.32, h: 0.66 }),
  ...withPrefix('stage', { n: 6.4e-3, p: Infinity, h: Infinity }),
};

/**
 * Returns the allowed deviations of one pass of a network.
 *
 * @param file name of the fixture
 * @param exact the limits for initial values and images, which are made in float32
 */
export function bfloat16PassTolerances(file: string, exact: Tolerances): Tolerances {
  const made = Object.entries(exact).filter(([name]) => /^(init|image)/.test(name));
  return { ...Object.fromEntries(made), ...passOf(file) };
}

function passOf(file: string): Tolerances {
  if (file.includes('mobilenet')) return mobile;
  if (file.includes('resnet110')) return deep;
  return file.endsWith('_calm') ? calm : plain;
}

/** Returns the allowed deviations of networks from PyTorch's files; weights are read exactly. */
export const bfloat16TorchTolerances = (exact: Tolerances): Tolerances => ({
  ...exact,
  eval_logits: 0.015,
});
