import type { GateName } from '../gates/gates.ts';
import { edgeOf, makeGraph, nodeOf, temperatureOf } from './graph.ts';
import type { Carried, Graph, GraphNode } from './graph.ts';

/**
 * Changes of a graph. Each returns a new graph in normal form.
 *
 * @throws RangeError for a node or edge that does not exist
 */

const keep = (graph: Graph, source: number, destination: number): Carried => {
  const edge = edgeOf(graph, source, destination);
  return { gate: edge.gate, temperature: temperatureOf(edge) };
};

/** Sets the gate of an edge. Cutoff removes the edge's temperature. */
export const withGate = (
  graph: Graph,
  source: number,
  destination: number,
  gate: GateName,
): Graph =>
  withEdge(graph, source, destination, {
    gate,
    temperature: temperatureOf(edgeOf(graph, source, destination)),
  });

/** Sets the temperature of an open edge between networks; other edges have none. */
export const withTemperature = (
  graph: Graph,
  source: number,
  destination: number,
  temperature: number,
): Graph =>
  withEdge(graph, source, destination, {
    gate: edgeOf(graph, source, destination).gate,
    temperature,
  });

function withEdge(graph: Graph, source: number, destination: number, carried: Carried): Graph {
  const changed = (s: number, t: number): Carried =>
    s === source && t === destination ? carried : keep(graph, s, t);
  return makeGraph(graph.nodes, changed, graph.name);
}

/** Replaces a node's model and checkpoint. */
export function withNode(graph: Graph, number: number, node: GraphNode): Graph {
  nodeOf(graph, number);
  return makeGraph(graph.nodes.with(number - 1, node), (s, t) => keep(graph, s, t), graph.name);
}

/**
 * Appends a node that learns from the label and teaches no other node. The caller checks MAX_NODES.
 */
export function addNode(graph: Graph, node: GraphNode): Graph {
  const added = graph.nodes.length + 1;
  const carried = (s: number, t: number): Carried => {
    if (t === added) return s === 0 ? 'through' : 'cutoff';
    return s === added ? 'cutoff' : keep(graph, s, t);
  };
  return makeGraph([...graph.nodes, node], carried, graph.name);
}

/** Removes a node and its edges; the numbers of later nodes decrease by one. */
export function removeNode(graph: Graph, number: number): Graph {
  nodeOf(graph, number);
  const before = (at: number): number => (at < number ? at : at + 1);
  return makeGraph(
    graph.nodes.toSpliced(number - 1, 1),
    (s, t) => keep(graph, before(s), before(t)),
    graph.name,
  );
}
