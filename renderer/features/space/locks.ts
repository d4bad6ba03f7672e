/** A search space as a figure: an example graph whose single-choice edges are locked. */
import type { GateName } from '../../../core/gates/gates.ts';
import {
  edgeOf,
  kindOf,
  LABEL,
  temperatureOf,
  weightOf,
  type Graph,
} from '../../../core/graph/graph.ts';
import {
  dimensions,
  graphAt,
  paperSpace,
  withGates,
  withLists,
  withModels,
  withSpaceEnsemble,
  type EdgeChoice,
  type SearchSpace,
} from '../../../core/graph/space.ts';
import { edgeForms } from '../../../core/graph/space-size.ts';
import { edgeKey, partKey } from '../graph/part.ts';

/**
 * One graph of the space to look at: the first model of every node, the first choice of every part
 * of every edge.
 */
export const exampleOf = (space: SearchSpace): Graph =>
  graphAt(
    space,
    dimensions(space).map(() => 0),
  );

export const choicesOf = (
  space: SearchSpace,
  source: number,
  destination: number,
): readonly GateName[] => listsOf(space, source, destination)?.gates ?? [];

/** Returns everything that an edge may be; undefined when there is no such edge. */
export const listsOf = (
  space: SearchSpace,
  source: number,
  destination: number,
): EdgeChoice | undefined =>
  space.edges.find((edge) => edge.source === source && edge.destination === destination);

/** Edges with a single choice. */
export const locksOf = (space: SearchSpace): Set<string> =>
  new Set(space.edges.filter((edge) => edgeForms(edge) === 1).map(edgeKey));

/** Edges and nodes (`partKey`) with several choices, and how many. */
export const undecidedOf = ({ edges, nodes }: SearchSpace): Map<string, number> =>
  new Map(
    [
      ...edges.map((edge) => [edgeKey(edge), edgeForms(edge)] as const),
      ...nodes.map(({ models }, i) => [partKey({ node: i + 1 }), models.length] as const),
    ].filter(([, choices]) => choices > 1),
  );

/**
 * The space around a graph: its networks, its ensemble, the kinds, weights and temperatures of its
 * edges, its gates on locked edges, every gate of the paper on the others.
 */
export function spaceAround(graph: Graph, locks: readonly string[]): SearchSpace {
  let space = paperSpace(graph.nodes.length);
  graph.nodes.forEach(({ model }, i) => (space = withModels(space, i + 1, [model])));
  if (graph.ensemble) space = withSpaceEnsemble(space, graph.ensemble);
  for (const { source, destination } of space.edges) {
    const edge = edgeOf(graph, source, destination);
    if (locks.includes(edgeKey(edge))) space = withGates(space, source, destination, [edge.gate]);
    const lists = {
      weights: [weightOf(edge)],
      ...(source !== LABEL && { kinds: [kindOf(edge)], temperatures: [temperatureOf(edge)] }),
    };
    if (edge.kind ?? edge.weight ?? edge.temperature)
      space = withLists(space, source, destination, lists);
  }
  return space;
}

/**
 * The space with another number of nodes: what both have stays; new auxiliary nodes may be what the
 * last one may be. An ensemble stays with its votes, and its edges become Cutoff.
 */
export function resized(space: SearchSpace, count: number): SearchSpace {
  const last = space.nodes.at(-1)!.models;
  const fallback = space.nodes.length > 1 ? last : paperSpace(2).nodes[1]!.models;
  let next: SearchSpace = { ...paperSpace(count), frozen: space.frozen };
  for (let node = 1; node <= count; node++)
    next = withModels(next, node, space.nodes[node - 1]?.models ?? fallback);
  for (const { source, destination, ...lists } of space.edges) {
    const both = Math.min(count, space.nodes.length);
    if (source <= both && destination <= both) next = withLists(next, source, destination, lists);
  }
  const { ensemble } = space;
  if (!ensemble) return next;
  const voters = ensemble.voters?.filter((voter) => voter <= count);
  return withSpaceEnsemble(next, { ...ensemble, ...(voters && voters.length > 0 && { voters }) });
}
