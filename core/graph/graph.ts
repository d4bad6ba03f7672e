import type { GateName } from '../gates/gates.ts';

/**
 * A knowledge transfer graph (paper, section 3.1) as plain data; the form in memory is the form in
 * files. Nodes are numbered 1..M: `nodes[0]` is node 1, the target. Source 0 is the label. In
 * normal form (what `makeGraph` and `parseGraph` give) all M * M edges are there, ordered by
 * destination, then source, and an edge has a temperature only where it is not 1; in files a
 * missing edge is Cutoff.
 */
export interface Graph {
  readonly format: typeof FORMAT;
  readonly version: typeof VERSION;
  /** For people; not part of what the graph is. */
  readonly name?: string;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly Edge[];
}

export interface GraphNode {
  /** Name of an architecture, as `architecture(name)` knows it: `resnet32`, `wrn-28-2`. */
  readonly model: string;
  /** The pretrained network that a frozen node loads: a file or an id in the lab's store. */
  readonly checkpoint?: string;
}

export interface Edge {
  /** 0 (the label) or the node that teaches. */
  readonly source: number;
  /** The node that learns; the only one that receives gradient. */
  readonly destination: number;
  readonly gate: GateName;
  /** T of the softened distributions; only on edges between networks, 1 when absent. */
  readonly temperature?: number;
}

export const FORMAT = 'ktg-graph';
export const VERSION = 1;
/** The source of label edges. */
export const LABEL = 0;
/** The node whose accuracy is optimised. */
export const TARGET = 1;
/** Networks a graph may have. */
export const MAX_NODES = 7;
export const MAX_TEMPERATURE = 1000;

/** What an edge carries; a bare gate name means temperature 1. */
export type Carried = GateName | { readonly gate: GateName; readonly temperature: number };

/**
 * Builds a graph in normal form, asking once per edge what it carries. A cut edge computes no loss,
 * so it keeps no temperature.
 */
export function makeGraph(
  nodes: readonly GraphNode[],
  carried: (source: number, destination: number) => Carried,
  name?: string,
): Graph {
  const edges: Edge[] = [];
  for (let destination = 1; destination <= nodes.length; destination++) {
    for (const source of sourcesOf(nodes.length, destination)) {
      const what = carried(source, destination);
      const { gate, temperature } =
        typeof what === 'string' ? { gate: what, temperature: 1 } : what;
      const softened = temperature !== 1 && source !== LABEL && gate !== 'cutoff';
      edges.push({ source, destination, gate, ...(softened && { temperature }) });
    }
  }
  return { format: FORMAT, version: VERSION, ...(name !== undefined && { name }), nodes, edges };
}

/** Sources that may teach a node of a graph of `count` nodes: the label, then every other node. */
export const sourcesOf = (count: number, destination: number): number[] =>
  Array.from({ length: count + 1 }, (_, source) => source).filter(
    (source) => source !== destination,
  );

/** Numbers of the nodes: 1..M. */
export const nodeNumbers = (graph: Graph): number[] => graph.nodes.map((_, index) => index + 1);

/** The node with this number. Throws a RangeError when there is none. */
export function nodeOf(graph: Graph, number: number): GraphNode {
  const node = graph.nodes[number - 1];
  if (!node) throw new RangeError(`No node ${number} in a graph of ${graph.nodes.length}`);
  return node;
}

/** The edge from source to destination. Throws a RangeError when the graph has no such pair. */
export function edgeOf(graph: Graph, source: number, destination: number): Edge {
  const row = (destination - 1) * graph.nodes.length;
  const edge = graph.edges[row + (source < destination ? source : source - 1)];
  if (edge?.source !== source || edge.destination !== destination) {
    throw new RangeError(`No edge ${source} -> ${destination} in a graph of ${graph.nodes.length}`);
  }
  return edge;
}

export const temperatureOf = (edge: Edge): number => edge.temperature ?? 1;

/** Edges that end in a node, from the label first. */
export const edgesInto = (graph: Graph, destination: number): Edge[] =>
  graph.edges.filter((edge) => edge.destination === destination);

/**
 * Is the node pretrained and never updated? So it is when all its incoming edges, the label's too,
 * are Cutoff.
 */
export const isFrozen = (graph: Graph, node: number): boolean =>
  edgesInto(graph, node).every((edge) => edge.gate === 'cutoff');

/**
 * Does a path of edges that are not Cutoff lead from the node (or the label) to the target? The
 * target reaches itself.
 */
export const reachesTarget = (graph: Graph, node: number): boolean =>
  upstream(graph, TARGET).has(node);

/**
 * Everything whose knowledge can arrive at a node: itself, and sources with a path to it, the label
 * among them.
 */
export function upstream(graph: Graph, node: number): Set<number> {
  const found = new Set([node]);
  for (const destination of found) {
    // A Set's iteration also visits what is added on the way: this walks backwards along the edges.
    for (const edge of edgesInto(graph, destination))
      if (edge.gate !== 'cutoff') found.add(edge.source);
  }
  return found;
}
