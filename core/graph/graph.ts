import type { GateName } from '../gates/gates.ts';

/**
 * A knowledge transfer graph (paper, section 3.1) as plain data; memory and files use the same
 * form. Nodes are numbered 1..M: `nodes[0]` is node 1, the target. Source 0 is the label. In normal
 * form (returned by `makeGraph` and `parseGraph`) all M * M edges are present, ordered by
 * destination, then source, and an edge has a temperature only when it differs from 1. In files a
 * missing edge is Cutoff.
 */
export interface Graph {
  readonly format: typeof FORMAT;
  readonly version: typeof VERSION;
  /** For people; not part of the graph's meaning. */
  readonly name?: string;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly Edge[];
}

export interface GraphNode {
  /** Name of an architecture, as accepted by `architecture(name)`: `resnet32`, `wrn-28-2`. */
  readonly model: string;
  /** The pretrained network of a frozen node: a file or an id in the lab's store. */
  readonly checkpoint?: string;
}

export interface Edge {
  /** 0 (the label) or the teaching node. */
  readonly source: number;
  /** The learning node; only it receives a gradient. */
  readonly destination: number;
  readonly gate: GateName;
  /** T of the softened distributions; only on edges between networks; absent means 1. */
  readonly temperature?: number;
}

export const FORMAT = 'ktg-graph';
export const VERSION = 1;
/** The source of label edges. */
export const LABEL = 0;
/** Number of the node whose accuracy is optimised. */
export const TARGET = 1;
/** Most networks of a graph. */
export const MAX_NODES = 7;
export const MAX_TEMPERATURE = 1000;

/** Gate and temperature of an edge; a gate name alone means temperature 1. */
export type Carried = GateName | { readonly gate: GateName; readonly temperature: number };

/**
 * Builds a graph in normal form; calls `carried` once per edge. A Cutoff edge computes no loss, so
 * its temperature is dropped.
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

/**
 * Returns the possible sources of a node in a graph of `count` nodes: the label, then every other
 * node.
 */
export const sourcesOf = (count: number, destination: number): number[] =>
  Array.from({ length: count + 1 }, (_, source) => source).filter(
    (source) => source !== destination,
  );

/** Returns the node numbers: 1..M. */
export const nodeNumbers = (graph: Graph): number[] => graph.nodes.map((_, index) => index + 1);

/** Returns the node with this number. @throws RangeError when there is none */
export function nodeOf(graph: Graph, number: number): GraphNode {
  const node = graph.nodes[number - 1];
  if (!node) throw new RangeError(`No node ${number} in a graph of ${graph.nodes.length}`);
  return node;
}

/** Returns the edge from source to destination. @throws RangeError when there is none */
export function edgeOf(graph: Graph, source: number, destination: number): Edge {
  const row = (destination - 1) * graph.nodes.length;
  const edge = graph.edges[row + (source < destination ? source : source - 1)];
  if (edge?.source !== source || edge.destination !== destination) {
    throw new RangeError(`No edge ${source} -> ${destination} in a graph of ${graph.nodes.length}`);
  }
  return edge;
}

export const temperatureOf = (edge: Edge): number => edge.temperature ?? 1;

/** Returns the incoming edges of a node, the label's first. */
export const edgesInto = (graph: Graph, destination: number): Edge[] =>
  graph.edges.filter((edge) => edge.destination === destination);

/**
 * True for a pretrained node that is never updated: all incoming edges, the label's too, are
 * Cutoff.
 */
export const isFrozen = (graph: Graph, node: number): boolean =>
  edgesInto(graph, node).every((edge) => edge.gate === 'cutoff');

/**
 * True when a path of open edges leads from the node (or the label) to the target. The target
 * reaches itself.
 */
export const reachesTarget = (graph: Graph, node: number): boolean =>
  upstream(graph, TARGET).has(node);

/**
 * Returns all nodes with a path of open edges to a node, the node itself included, and the label
 * where it has one.
 */
export function upstream(graph: Graph, node: number): Set<number> {
  const found = new Set([node]);
  for (const destination of found) {
    // The iteration of a Set also visits elements added during it, so this walks backwards along
    // the edges.
    for (const edge of edgesInto(graph, destination))
      if (edge.gate !== 'cutoff') found.add(edge.source);
  }
  return found;
}
