import { stream } from '../base/random.ts';
import { paperSpace } from '../graph/space.ts';
import { samplerNames } from '../search/samplers/samplers.ts';
import { type StudyPlan, paperRule } from './plan.ts';
import { PAPER_EPOCHS, recipeFor } from './recipe.ts';
import { usualStart } from './start.ts';

/** A seed for a person who has no wish: small enough to be read aloud. */
export const freshSeed = (): number =>
  stream('study', Date.now(), performance.now()).below(1_000_000);

/** The paper's data set, by its name in core/data/sets: this file runs in the page too. */
export const PAPER_DATA = 'cifar100';

/**
 * Share of the graphs with a frozen node, where nobody asks for another one: chance makes one in 32
 * of three nodes, fewer than a search of some hundred trials can learn from.
 */
export const FROZEN_SHARE = 1 / 3;

/** Share of the stopped trials that run on, where nobody asks for another one. */
export const AUDIT_SHARE = 0.05;

/** What all plans begin with that nobody has thought about. */
const usual = {
  rule: paperRule,
  sampler: samplerNames[0]!,
  prior: { frozen: FROZEN_SHARE },
  start: usualStart,
  audit: AUDIT_SHARE,
  rejected: 'resample',
  duplicates: 'reuse',
  retries: 2,
} as const satisfies Partial<StudyPlan>;

/** The protocol that keeps the test images for the end. */
const trainingOn = (data: string, epochs: number): StudyPlan['training'] => ({
  data,
  protocol: 'held-out',
  purpose: 'search',
  splitSeed: 0,
  epochs,
  recipe: recipeFor(epochs),
});

/** Sizes of the quick look, the usual one first: a smaller one suits a slow machine. */
export const quickLookSizes = [
  { trials: 32, epochs: 8 },
  { trials: 16, epochs: 8 },
  { trials: 12, epochs: 4 },
  { trials: 6, epochs: 4 },
] as const;
export type QuickLookSize = (typeof quickLookSizes)[number];

/**
 * A small search that shows everything: rungs, stops, gates, frozen nodes aside. How long it takes
 * is measured before it starts (`search/time-probe.ts`).
 *
 * @param portable for the slow engine: smaller networks, fewer images, at most half the trials
 */
export function quickLook(
  seed: number,
  portable = false,
  { trials, epochs }: QuickLookSize = quickLookSizes[0],
): StudyPlan {
  const auxiliaries = portable ? ['resnet8'] : ['resnet8', 'resnet14'];
  const training = trainingOn(portable ? 'synthetic:train=640,test=200' : 'synthetic', epochs);
  return {
    ...usual,
    seed,
    trials: portable ? Math.min(16, trials) : trials,
    space: { ...paperSpace(2, 'resnet8', auxiliaries), frozen: false },
    training: portable ? { ...training, recipe: { ...training.recipe, batch: 32 } } : training,
  };
}

/** The paper's search over `nodes` networks. */
export const paperPlan = (seed: number, nodes: number): StudyPlan => ({
  ...usual,
  seed,
  trials: 1500,
  space: paperSpace(nodes),
  training: trainingOn(PAPER_DATA, PAPER_EPOCHS),
});
