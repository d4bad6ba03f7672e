import type { RandomStream } from '../base/random.ts';
import type { Graph } from '../graph/graph.ts';
import { dimensions } from '../graph/space.ts';
import type { Dimension, SearchSpace } from '../graph/space.ts';

/** A trial that has ended, as the sampler sees it. */
export interface Observation {
  /** One choice (by index) per dimension of the space. */
  picks: readonly number[];
  /** Epochs done. */
  epoch: number;
  /** Target's accuracy at the last of them. */
  accuracy: number;
}

/** Trials that are drawn at random before the first is proposed. */
const STARTUP = 10;
/** Share of the trials that count as good, and how many at most. */
const GOOD_SHARE = 0.1;
const MOST_GOOD = 25;
/** Proposals of which the most promising is taken. */
const CANDIDATES = 24;

/**
 * Tree-structured Parzen estimator for categorical choices (Bergstra et al., NeurIPS 2011; sizes as in Optuna's TPESampler):
 * each dimension's choices are drawn as often as good trials have them, and of some proposals the one is taken that good
 * trials have most often compared with the others. A trial is better that came farther, or as far with a higher accuracy.
 */
export function propose(
  space: SearchSpace,
  observations: readonly Observation[],
  random: RandomStream,
): number[] {
  const choices = dimensions(space).map((dimension) => dimension.choices.length);
  if (observations.length < STARTUP) return choices.map((count) => random.below(count));
  const ranked = observations.toSorted((a, b) => b.epoch - a.epoch || b.accuracy - a.accuracy);
  const good = Math.min(MOST_GOOD, Math.ceil(GOOD_SHARE * ranked.length));
  const likely = sharesOf(ranked.slice(0, good), choices);
  const unlikely = sharesOf(ranked.slice(good), choices);

  let best: { picks: number[]; promise: number } | undefined;
  for (let candidate = 0; candidate < CANDIDATES; candidate++) {
    const picks = likely.map((shares) => drawn(shares, random));
    const promise = picks.reduce(
      (sum, pick, at) => sum + Math.log(likely[at]![pick]! / unlikely[at]![pick]!),
      0,
    );
    if (!best || promise > best.promise) best = { picks, promise };
  }
  return best!.picks;
}

/** How often each choice of each dimension comes up, with one more trial that had all choices in equal parts. */
const sharesOf = (observations: readonly Observation[], choices: readonly number[]): number[][] =>
  choices.map((count, at) => {
    const shares = new Array<number>(count).fill(1 / count);
    for (const { picks } of observations) shares[picks[at]!]!++;
    return shares.map((share) => share / (observations.length + 1));
  });

function drawn(shares: readonly number[], random: RandomStream): number {
  let rest = random.uniform();
  for (const [choice, share] of shares.entries()) {
    rest -= share;
    if (rest < 0) return choice;
  }
  return shares.length - 1;
}

/** The choices that make a drawn graph; the inverse of `graphAt`. */
export const picksOf = (space: SearchSpace, graph: Graph): number[] =>
  dimensions(space).map((dimension, at) => choiceIn(graph, dimension, at - space.nodes.length));

function choiceIn(graph: Graph, dimension: Dimension, edge: number): number {
  return dimension.kind === 'model'
    ? dimension.choices.indexOf(graph.nodes[dimension.node - 1]!.model)
    : dimension.choices.indexOf(graph.edges[edge]!.gate);
}
