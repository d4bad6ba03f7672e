import { type GateName, paperGates } from '../gates/gates.ts';
import { kind as kindNamed, type KindName, USUAL_KIND } from '../kinds/kinds.ts';

/**
 * A knowledge transfer graph (paper, section 3.1) as plain data; memory and files use the same
 * form. Nodes are numbered 1..M: `nodes[0]` is node 1, the target. Source 0 is the label; source M +
 * 1 is the ensemble, where the graph has one. In normal form (returned by `makeGraph` and
 * `parseGraph`) all edges are present, ordered by destination, then source, and an edge has a kind,
 * a weight and a temperature only where they differ from the usual ones. An edge of weight 0 is a
 * Cutoff. In files a missing edge is Cutoff.
 */
export interface Graph {
  readonly format: typeof FORMAT;
  /** 1 for graphs that older labs can read: without kinds, weights and ensemble. */
  readonly version: (typeof VERSIONS)[number];
  /** For people; not part of the graph's meaning. */
  readonly name?: string;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly Edge[];
  readonly ensemble?: Ensemble;
}

/** A node without parameters: it combines the logits of its voters, teaches and is evaluated. */
export interface Ensemble {
  /** Mean of the voters' logits, or logarithm of the mean of their softmax. */
  readonly combine: Combine;
  /** Numbers of the voting nodes, ascending; absent: all. */
  readonly voters?: readonly number[];
  /** True when its accuracy counts, not the target's; then no node is the target. */
  readonly isObjective?: true;
}

export const combines = ['logits', 'probabilities'] as const;
export type Combine = (typeof combines)[number];

export interface GraphNode {
  /** Name of an architecture, as accepted by `architecture(name)`: `resnet32`, `wrn-28-2`. */
  readonly model: string;
  /** The pretrained network of a frozen node: a file or an id in the lab's store. */
  readonly checkpoint?: string;
}

export interface Edge {
  /** 0 (the label), the teaching node, or M + 1 (the ensemble). */
  readonly source: number;
  /** The learning node; only it receives a gradient. */
  readonly destination: number;
  readonly gate: GateName;
  /** The loss of an edge between networks; absent means KL. */
  readonly kind?: KindName;
  /** Factor of the loss, above 0; absent means 1. */
  readonly weight?: number;
  /** T of the softened answers; only on edges whose kind compares answers; absent means 1. */
  readonly temperature?: number;
}

export const FORMAT = 'ktg-graph';
/** Versions of the format that this lab reads. */
export const VERSIONS = [1, 2] as const;
/** The source of label edges. */
export const LABEL = 0;
/** Number of the node whose accuracy is optimised. */
export const TARGET = 1;
/** Most networks of a graph. */
export const MAX_NODES = 7;
export const MAX_TEMPERATURE = 1000;
export const MAX_WEIGHT = 1_000_000;

/** What an edge carries; a gate name alone means a KL edge of weight and temperature 1. */
export type Carried = GateName | CarriedParts;

export interface CarriedParts {
  readonly gate: GateName;
  readonly kind?: KindName | undefined;
  readonly weight?: number | undefined;
  readonly temperature?: number | undefined;
}

/**
 * Builds a graph in normal form; calls `carried` once per edge. A Cutoff edge computes no loss, so
 * its kind, weight and temperature are dropped; an edge of weight 0 becomes one.
 */
export function makeGraph(
  nodes: readonly GraphNode[],
  carried: (source: number, destination: number) => Carried,
  name?: string,
  ensemble?: Ensemble,
): Graph {
  const edges: Edge[] = [];
  for (let destination = 1; destination <= nodes.length; destination++)
    for (const source of sourcesOf(nodes.length, destination, ensemble !== undefined))
      edges.push({ source, destination, ...normalParts(source, carried(source, destination)) });
  const isNew = ensemble !== undefined || edges.some(isOfVersion2);
  return {
    format: FORMAT,
    version: isNew ? 2 : 1,
    ...(name !== undefined && { name }),
    nodes,
    edges,
    ...(ensemble && { ensemble: normalEnsemble(ensemble, nodes.length) }),
  };
}

/** Returns the parts of an edge that differ from the usual ones. */
function normalParts(source: number, carried: Carried): Omit<Edge, 'source' | 'destination'> {
  const parts: CarriedParts = typeof carried === 'string' ? { gate: carried } : carried;
  const { gate, kind = USUAL_KIND, weight = 1, temperature = 1 } = parts;
  if (gate === 'cutoff' || weight === 0) return { gate: 'cutoff' };
  const between = source !== LABEL;
  const softened = between && kindNamed(kind).compares === 'answers';
  return {
    gate,
    ...(between && kind !== USUAL_KIND && { kind }),
    ...(weight !== 1 && { weight }),
    ...(softened && temperature !== 1 && { temperature }),
  };
}

const isOfVersion2 = ({ gate, kind, weight }: Edge): boolean =>
  kind !== undefined || weight !== undefined || !paperGates.includes(gate);

function normalEnsemble({ combine, voters, isObjective }: Ensemble, nodes: number): Ensemble {
  const chosen = [...new Set(voters)].sort((a, b) => a - b);
  return {
    combine,
    ...(voters && chosen.length < nodes && { voters: chosen }),
    ...(isObjective && { isObjective }),
  };
}

/**
 * Returns the possible sources of a node in a graph of `count` nodes: the label, then every other
 * node, then the ensemble.
 */
export const sourcesOf = (count: number, destination: number, ensemble = false): number[] =>
  Array.from({ length: count + (ensemble ? 2 : 1) }, (_, source) => source).filter(
    (source) => source !== destination,
  );

/** Returns the nodes that have an accuracy: all nodes, then the ensemble. */
export const evaluatedNodes = (graph: Graph): number[] => [
  ...nodeNumbers(graph),
  ...(graph.ensemble ? [graph.nodes.length + 1] : []),
];

/** Returns the number of the ensemble; undefined without one. */
export const ensembleNumber = ({ nodes, ensemble }: Graph): number | undefined =>
  ensemble && nodes.length + 1;

/** Returns the numbers of the voting nodes; none without an ensemble. */
export const votersOf = (graph: Graph): readonly number[] =>
  graph.ensemble ? (graph.ensemble.voters ?? nodeNumbers(graph)) : [];

/** Returns the number of the node whose accuracy counts in a graph or the graphs of a space. */
export const goalOf = ({
  nodes,
  ensemble,
}: {
  readonly nodes: readonly unknown[];
  readonly ensemble?: Ensemble;
}): number => (ensemble?.isObjective ? nodes.length + 1 : TARGET);

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
  const row = (destination - 1) * (graph.nodes.length + (graph.ensemble ? 1 : 0));
  const edge = graph.edges[row + (source < destination ? source : source - 1)];
  if (edge?.source !== source || edge.destination !== destination) {
    throw new RangeError(`No edge ${source} -> ${destination} in a graph of ${graph.nodes.length}`);
  }
  return edge;
}

export const temperatureOf = (edge: Pick<Edge, 'temperature'>): number => edge.temperature ?? 1;
export const weightOf = (edge: Pick<Edge, 'weight'>): number => edge.weight ?? 1;
export const kindOf = (edge: Pick<Edge, 'kind'>): KindName => edge.kind ?? USUAL_KIND;

/** Returns everything that an edge carries. */
export const partsOf = ({ gate, kind, weight, temperature }: Edge): CarriedParts => ({
  gate,
  kind,
  weight,
  temperature,
});

/** Returns the incoming edges of a node, the label's first. */
export const edgesInto = (graph: Graph, destination: number): Edge[] =>
  graph.edges.filter((edge) => edge.destination === destination);

/**
 * True for a pretrained node that is never updated: all incoming edges, the label's too, are
 * Cutoff.
 */
export const isFrozen = (graph: Graph, node: number): boolean =>
  node !== ensembleNumber(graph) && edgesInto(graph, node).every((edge) => edge.gate === 'cutoff');

/**
 * True when a path of open edges or votes leads from the node (or the label) to the node whose
 * accuracy counts. The target reaches itself.
 */
export const reachesTarget = (graph: Graph, node: number): boolean =>
  upstream(graph, goalOf(graph)).has(node);

/**
 * Returns all nodes with a path of open edges and votes to a node, the node itself included, and the
 * label where it has one.
 */
export function upstream(graph: Graph, node: number): Set<number> {
  const found = new Set([node]);
  for (const destination of found) {
    // The iteration of a Set also visits elements added during it, so this walks backwards along
    // the edges.
    if (destination === ensembleNumber(graph))
      for (const voter of votersOf(graph)) found.add(voter);
    for (const edge of edgesInto(graph, destination))
      if (edge.gate !== 'cutoff') found.add(edge.source);
  }
  return found;
}
