import { stream } from '../base/random.ts';
import { paperSpace } from '../graph/space.ts';
import { PAPER_EPOCHS, type StudyPlan, paperRule, recipeFor } from './plan.ts';

/** A seed for a person who has no wish: small enough to be read aloud. */
export const freshSeed = (): number => stream('study', Date.now(), performance.now()).below(1_000_000);

/** What all plans begin with that nobody has thought about. */
const usual = {
  rule: paperRule,
  sampler: 'random',
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

/**
 * Small enough for three to four minutes on two processor cores (24 such trials took 5.5 minutes of processor time), real enough to
 * show everything: rungs, stops, gates, frozen nodes aside.
 */
export const quickLook = (seed: number): StudyPlan => ({
  ...usual,
  seed,
  trials: 32,
  space: { ...paperSpace(2, 'resnet8', ['resnet8', 'resnet14']), frozen: false },
  training: trainingOn('synthetic', 8),
});

/** The paper's search over `nodes` networks. */
export const paperPlan = (seed: number, nodes: number): StudyPlan => ({
  ...usual,
  seed,
  trials: 1500,
  space: paperSpace(nodes),
  training: trainingOn('cifar100', PAPER_EPOCHS),
});
