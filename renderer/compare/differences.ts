/** What tells graphs apart: edges that carry different gates, nodes with different networks. */
import { gate as gateOf, type GateName } from '../../core/gates/gates.ts';
import { LABEL, temperatureOf, type Edge, type Graph } from '../../core/graph/graph.ts';
import { edgeKey } from '../graph/part.ts';
import { modelTitle } from '../graph/words.ts';

/** What an edge does, in a word: the label is always right, so that Correct is Through on its edges. */
function carried(edge: Edge): string {
  if (edge.gate === 'cutoff') return 'cutoff';
  const gate = edge.source === LABEL && edge.gate === 'correct' ? 'through' : edge.gate;
  return `${gate} ${temperatureOf(edge)}`;
}

/** Keys of edges that do not do the same in all graphs; of graphs of different sizes, those of the nodes they share. */
export function differingEdges(graphs: readonly Graph[]): Set<string> {
  const seen = new Map<string, string>();
  const differing = new Set<string>();
  for (const graph of graphs) {
    for (const edge of graph.edges) {
      const key = edgeKey(edge);
      const before = seen.get(key);
      if (before === undefined) seen.set(key, carried(edge));
      else if (before !== carried(edge)) differing.add(key);
    }
  }
  return differing;
}

/** Numbers of nodes whose networks differ. */
export function differingNodes(graphs: readonly Graph[]): number[] {
  const most = Math.max(0, ...graphs.map((graph) => graph.nodes.length));
  return Array.from({ length: most }, (_, i) => i + 1).filter(
    (node) => new Set(graphs.map((graph) => graph.nodes[node - 1]?.model ?? '')).size > 1,
  );
}

/** A part that is not the same in all graphs, as a row of a table: what each graph has there. */
export interface Difference {
  /** As `partKey` names it. */
  readonly key: string;
  readonly title: string;
  /** Null where a graph has no such part. */
  readonly values: readonly ({ readonly text: string; readonly gate: GateName | null } | null)[];
}

/** Differing nodes, then differing edges, each in the order of a figure. */
export function differences(graphs: readonly Graph[]): Difference[] {
  const nodes = differingNodes(graphs).map((number): Difference => ({
    key: String(number),
    title: `Network of node ${number}`,
    values: graphs.map(({ nodes: all }) => {
      const node = all[number - 1];
      return node ? { text: modelTitle(node.model), gate: null } : null;
    }),
  }));
  const keys = differingEdges(graphs);
  const places = graphs.flatMap(({ edges }) => edges).filter((edge) => keys.delete(edgeKey(edge)));
  places.sort((a, b) => a.destination - b.destination || a.source - b.source);
  const edges = places.map(({ source, destination }): Difference => ({
    key: edgeKey({ source, destination }),
    title: `${source === LABEL ? 'Label' : source} → ${destination}`,
    values: graphs.map((graph) => {
      const edge = graph.edges.find((each) => each.source === source && each.destination === destination);
      if (!edge) return null;
      const temperature = temperatureOf(edge);
      const suffix = temperature === 1 || edge.gate === 'cutoff' ? '' : `, τ = ${temperature}`;
      return { text: gateOf(edge.gate).title + suffix, gate: edge.gate };
    }),
  }));
  return [...nodes, ...edges];
}
