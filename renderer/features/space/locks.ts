/** A search space as a figure: an example graph whose single-choice edges are locked. */
import type { GateName } from '../../../core/gates/gates.ts';
import { edgeOf, makeGraph, type Graph } from '../../../core/graph/graph.ts';
import {
  paperSpace,
  withGates,
  withModels,
  withTemperatures,
  type SearchSpace,
} from '../../../core/graph/space.ts';
import { edgeKey, partKey } from '../graph/part.ts';

/**
 * One graph of the space to look at: the first model of every node, the first gate of every edge.
 */
export const exampleOf = (space: SearchSpace): Graph =>
  makeGraph(
    space.nodes.map(({ models }) => ({ model: models[0]! })),
    (source, destination) => choicesOf(space, source, destination)[0]!,
  );

export const choicesOf = (
  space: SearchSpace,
  source: number,
  destination: number,
): readonly GateName[] =>
  space.edges.find((edge) => edge.source === source && edge.destination === destination)?.gates ??
  [];

/** Edges with a single choice. */
export const locksOf = (space: SearchSpace): Set<string> =>
  new Set(space.edges.filter(({ gates }) => gates.length === 1).map(edgeKey));

/** Edges and nodes (`partKey`) with several choices, and how many. */
export const undecidedOf = ({ edges, nodes }: SearchSpace): Map<string, number> =>
  new Map(
    [
      ...edges.map((edge) => [edgeKey(edge), edge.gates.length] as const),
      ...nodes.map(({ models }, i) => [partKey({ node: i + 1 }), models.length] as const),
    ].filter(([, choices]) => choices > 1),
  );

/** The space around a graph: its networks, its gates on locked edges, every gate on the others. */
export function spaceAround(graph: Graph, locks: readonly string[]): SearchSpace {
  let space = paperSpace(graph.nodes.length);
  graph.nodes.forEach(({ model }, i) => (space = withModels(space, i + 1, [model])));
  for (const { source, destination } of space.edges) {
    if (locks.includes(edgeKey({ source, destination }))) {
      space = withGates(space, source, destination, [edgeOf(graph, source, destination).gate]);
    }
  }
  return space;
}

/**
 * The space with another number of nodes: what both have stays; new auxiliary nodes may be what the
 * last one may be.
 */
export function resized(space: SearchSpace, count: number): SearchSpace {
  const last = space.nodes.at(-1)!.models;
  const fallback = space.nodes.length > 1 ? last : paperSpace(2).nodes[1]!.models;
  let next: SearchSpace = { ...paperSpace(count), frozen: space.frozen };
  for (let node = 1; node <= count; node++)
    next = withModels(next, node, space.nodes[node - 1]?.models ?? fallback);
  for (const { source, destination, gates, temperatures } of space.edges) {
    if (source > count || destination > count) continue;
    next = withGates(next, source, destination, gates);
    if (temperatures) next = withTemperatures(next, temperatures, { source, destination });
  }
  return next;
}
