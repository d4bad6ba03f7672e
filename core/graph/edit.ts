import type { GateName } from '../gates/gates.ts';
import type { KindName } from '../kinds/kinds.ts';
import { edgeOf, ensembleNumber, makeGraph, nodeOf, partsOf } from './graph.ts';
import type { Carried, CarriedParts, Ensemble, Graph, GraphNode } from './graph.ts';

/**
 * Changes of a graph. Each returns a new graph in normal form.
 *
 * @throws RangeError for a node or edge that does not exist
 */

const keep = (graph: Graph, source: number, destination: number): Carried =>
  partsOf(edgeOf(graph, source, destination));

/** Sets the gate of an edge. Cutoff removes the edge's kind, weight and temperature. */
export const withGate = (
  graph: Graph,
  source: number,
  destination: number,
  gate: GateName,
): Graph => withParts(graph, source, destination, { gate });

/** Sets the temperature of an open edge that compares answers; other edges have none. */
export const withTemperature = (
  graph: Graph,
  source: number,
  destination: number,
  temperature: number,
): Graph => withParts(graph, source, destination, { temperature });

/** Sets the kind of an open edge between networks. */
export const withKind = (
  graph: Graph,
  source: number,
  destination: number,
  kind: KindName,
): Graph => withParts(graph, source, destination, { kind });

/** Sets the weight of an open edge; 0 makes it a Cutoff. */
export const withWeight = (
  graph: Graph,
  source: number,
  destination: number,
  weight: number,
): Graph => withParts(graph, source, destination, { weight });

function withParts(
  graph: Graph,
  source: number,
  destination: number,
  parts: Partial<CarriedParts>,
): Graph {
  const carried = { ...partsOf(edgeOf(graph, source, destination)), ...parts };
  const changed = (s: number, t: number): Carried =>
    s === source && t === destination ? carried : keep(graph, s, t);
  return makeGraph(graph.nodes, changed, graph.name, graph.ensemble);
}

/** Adds, changes or (null) removes the ensemble; the edges of a new one are Cutoff. */
export function withEnsemble(graph: Graph, ensemble: Ensemble | null): Graph {
  const known = ensembleNumber(graph);
  const count = graph.nodes.length;
  const carried = (s: number, t: number): Carried =>
    s > count && known === undefined ? 'cutoff' : keep(graph, s, t);
  return makeGraph(graph.nodes, carried, graph.name, ensemble ?? undefined);
}

/** Replaces a node's model and checkpoint. */
export function withNode(graph: Graph, number: number, node: GraphNode): Graph {
  nodeOf(graph, number);
  return makeGraph(
    graph.nodes.with(number - 1, node),
    (s, t) => keep(graph, s, t),
    graph.name,
    graph.ensemble,
  );
}

/**
 * Appends a node that learns from the label and teaches no other node; it votes where all do. The
 * caller checks MAX_NODES.
 */
export function addNode(graph: Graph, node: GraphNode): Graph {
  const added = graph.nodes.length + 1;
  const carried = (s: number, t: number): Carried => {
    if (t === added) return s === 0 ? 'through' : 'cutoff';
    if (s === added) return 'cutoff';
    return keep(graph, s > added ? s - 1 : s, t);
  };
  return makeGraph([...graph.nodes, node], carried, graph.name, graph.ensemble);
}

/**
 * Removes a node, its edges and its vote; the numbers of later nodes decrease by one. An ensemble
 * without voters goes too.
 */
export function removeNode(graph: Graph, number: number): Graph {
  nodeOf(graph, number);
  const before = (at: number): number => (at < number ? at : at + 1);
  const { ensemble } = graph;
  const voters = ensemble?.voters
    ?.filter((voter) => voter !== number)
    .map((voter) => (voter > number ? voter - 1 : voter));
  const left =
    voters?.length === 0 ? undefined : ensemble && { ...ensemble, ...(voters && { voters }) };
  return makeGraph(
    graph.nodes.toSpliced(number - 1, 1),
    (s, t) => keep(graph, before(s), before(t)),
    graph.name,
    left,
  );
}
