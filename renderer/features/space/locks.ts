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
 * One graph of the space to look at: the first model of every node, the first gate of every edge.
 * Kinds, weights and temperatures are the usual ones where several are open.
 */
export function exampleOf(space: SearchSpace): Graph {
  const shown = { ...space, edges: space.edges.map(withoutOpenLists) };
  return graphAt(
    shown,
    dimensions(shown).map(() => 0),
  );
}

function withoutOpenLists(edge: EdgeChoice): EdgeChoice {
  const { kinds, weights, temperatures, ...rest } = edge;
  return {
    ...rest,
    ...(kinds?.length === 1 && { kinds }),
    ...(weights?.length === 1 && { weights }),
    ...(temperatures?.length === 1 && { temperatures }),
  };
}

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
 * edges, its gates on locked edges, every gate of the paper and its own on the others. So the graph
 * is one of the space.
 */
export function spaceAround(graph: Graph, locks: readonly string[]): SearchSpace {
  let space = paperSpace(graph.nodes.length);
  graph.nodes.forEach(({ model }, i) => (space = withModels(space, i + 1, [model])));
  if (graph.ensemble) space = withSpaceEnsemble(space, graph.ensemble);
  for (const { source, destination } of space.edges) {
    const edge = edgeOf(graph, source, destination);
    const isLocked = locks.includes(edgeKey(edge));
    const gates = choicesOf(space, source, destination);
    if (isLocked) space = withGates(space, source, destination, [edge.gate]);
    else if (!gates.includes(edge.gate))
      space = withGates(space, source, destination, [...gates, edge.gate]);
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
