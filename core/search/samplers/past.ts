import type { Graph } from '../../graph/graph.ts';
import { dimensions } from '../../graph/space.ts';
import type { Dimension, SearchSpace } from '../../graph/space.ts';

/** A trial that has ended, as the sampler sees it. */
export interface Observation {
  /** One choice (by index) per dimension of the space. */
  picks: readonly number[];
  /** Epochs done. */
  epoch: number;
  /** Target's accuracy at the last of them. */
  accuracy: number;
}

/** Share of the trials that count as good, and how many at most. */
const GOOD_SHARE = 0.1;
const MOST_GOOD = 25;

/**
 * What is known of the trials that have ended, kept up with each of them: how often each choice came up, and which were the best.
 * A trial is better that came farther, or as far with a higher accuracy; of equal ones the earlier.
 */
export class Past {
  #size = 0;
  /** By dimension and choice. */
  readonly #counts: number[][] = [];
  /** Best first, never more than can count as good. */
  readonly #best: Observation[] = [];

  constructor(observations: Iterable<Observation> = []) {
    for (const observation of observations) this.add(observation);
  }

  add(observation: Observation): void {
    this.#size++;
    for (const [at, pick] of observation.picks.entries()) {
      const counts = (this.#counts[at] ??= []);
      counts[pick] = (counts[pick] ?? 0) + 1;
    }
    const place = this.#best.findIndex((other) => isBetter(observation, other));
    this.#best.splice(place < 0 ? this.#best.length : place, 0, observation);
    this.#best.splice(MOST_GOOD);
  }

  get size(): number {
    return this.#size;
  }

  get good(): readonly Observation[] {
    return this.#best.slice(0, Math.ceil(GOOD_SHARE * this.#size));
  }

  /** How many trials had a choice. */
  count(dimension: number, choice: number): number {
    return this.#counts[dimension]?.[choice] ?? 0;
  }
}

const isBetter = (a: Observation, b: Observation): boolean =>
  a.epoch === b.epoch ? a.accuracy > b.accuracy : a.epoch > b.epoch;

/** The choices that make a drawn graph; the inverse of `graphAt`. */
export const picksOf = (space: SearchSpace, graph: Graph): number[] =>
  dimensions(space).map((dimension, at) => choiceIn(graph, dimension, at - space.nodes.length));

function choiceIn(graph: Graph, dimension: Dimension, edge: number): number {
  return dimension.kind === 'model'
    ? dimension.choices.indexOf(graph.nodes[dimension.node - 1]!.model)
    : dimension.choices.indexOf(graph.edges[edge]!.gate);
}
