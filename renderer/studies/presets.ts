/** Plans to start from. */
import { stream } from '../../core/base/random.ts';
import { paperSpace } from '../../core/graph/space.ts';
import { PAPER_EPOCHS, paperRule, recipeFor, type StudyPlan } from '../../core/lab/api.ts';

/** A seed for a person who has no wish: small enough to be read aloud. */
export const freshSeed = (): number => stream('study', Date.now(), performance.now()).below(1_000_000);

/**
 * Small enough for three to four minutes on two processor cores (24 such trials took 5.5 minutes of processor time), real enough to
 * show everything: rungs, stops, gates, frozen nodes aside.
 */
export const quickLook = (seed: number): StudyPlan => ({
  seed,
  trials: 32,
  space: { ...paperSpace(2, 'resnet8', ['resnet8', 'resnet14']), frozen: false },
  rule: paperRule,
  sampler: 'random',
  training: {
    data: 'synthetic',
    protocol: 'held-out',
    purpose: 'search',
    splitSeed: 0,
    epochs: 8,
    recipe: recipeFor(8),
  },
  rejected: 'resample',
  duplicates: 'reuse',
  retries: 2,
});

/** The paper's search over `nodes` networks, with the protocol that keeps the test images for the end. */
export const paperPlan = (seed: number, nodes: number): StudyPlan => ({
  seed,
  trials: 1500,
  space: paperSpace(nodes),
  rule: paperRule,
  sampler: 'random',
  training: {
    data: 'cifar100',
    protocol: 'held-out',
    purpose: 'search',
    splitSeed: 0,
    epochs: PAPER_EPOCHS,
    recipe: recipeFor(PAPER_EPOCHS),
  },
  rejected: 'resample',
  duplicates: 'reuse',
  retries: 2,
});
