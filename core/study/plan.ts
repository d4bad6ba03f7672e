import type { Protocol, Purpose } from '../data/split.ts';
import type { SearchSpace } from '../graph/space.ts';
import { asha } from '../search/rules/asha.ts';
import type { Rule } from '../search/rules/rules.ts';
import type { SamplerName } from '../search/samplers/samplers.ts';
import type { RequestedComputation } from './computation.ts';

export type { Protocol, Purpose, Rule };

/**
 * How networks are updated: SGD with Nesterov momentum, coupled weight decay and a stepwise
 * learning rate.
 */
export interface Recipe {
  /** Images in a batch. */
  batch: number;
  learningRate: number;
  momentum: number;
  weightDecay: number;
  /** 1-based epochs from which the learning rate is multiplied by 0.1 once more. */
  drops: number[];
}

/** The authors' recipe (paper and published training code), for 200 epochs. */
export const paperRecipe: Recipe = {
  batch: 64,
  learningRate: 0.1,
  momentum: 0.9,
  weightDecay: 5e-4,
  drops: [60, 120, 180],
};

/** The authors' number of epochs. */
export const PAPER_EPOCHS = 200;

/**
 * The authors' recipe with its drops at the same shares of a run of another length: distinct,
 * increasing, at least two epochs apart and after the first epoch. A run too short for all of them
 * loses the first ones.
 */
export function recipeFor(epochs: number): Recipe {
  const drops = paperRecipe.drops.map((drop) => Math.floor((drop * epochs) / PAPER_EPOCHS + 0.5));
  while (drops.some((drop, i) => drop - (drops[i - 1] ?? 0) < 2)) drops.shift();
  return { ...paperRecipe, drops };
}

/**
 * How one graph is trained; together with graph, seed and engine it decides every number of a run.
 */
export interface TrainingPlan {
  /** Name of a data set that the lab knows (`cifar100`, `synthetic`) or the path of one. */
  data: string;
  protocol: Protocol;
  purpose: Purpose;
  /** Seed of the held-out split: the same for all runs that are compared. */
  splitSeed: number;
  /** Epochs of a whole run; Linear gates end there. */
  epochs: number;
  recipe: Recipe;
  /**
   * Where the device's usual way to make numbers is not wanted; no slot makes them in another way.
   */
  computation?: RequestedComputation;
}

/** The paper's rule: the worst half stops at epochs 1, 2, 4, ... */
export const paperRule = asha.usual;

/**
 * Everything that decides which trials a study has and what they are; fixed once it is created, but
 * for `trials`.
 */
export interface StudyPlan {
  /** Trial i's graph and training seed come from (seed, i) alone. */
  seed: number;
  /** T: how many graphs in all. May be raised later. */
  trials: number;
  space: SearchSpace;
  rule: Rule;
  sampler: SamplerName;
  training: TrainingPlan;
  /**
   * A drawn graph that cannot be trained (frozen target): draw again for the same trial, or let it
   * count as a trial.
   */
  rejected: 'resample' | 'count';
  /**
   * A graph that an earlier trial has already (same canonical key): take over its result, or train
   * it again.
   */
  duplicates: 'reuse' | 'train';
  /** How often a run that crashes is started again before it counts as failed. */
  retries: number;
}
