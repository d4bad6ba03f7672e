/** What tells graphs apart: edges that carry different gates, nodes with different networks. */
import { temperatureOf, type Graph } from '../../core/graph/graph.ts';
import { edgeKey } from '../graph/part.ts';

/** Keys of edges that are not the same in all graphs; of graphs of different sizes, those of the nodes they share. */
export function differingEdges(graphs: readonly Graph[]): Set<string> {
  const seen = new Map<string, string>();
  const differing = new Set<string>();
  for (const graph of graphs) {
    for (const edge of graph.edges) {
      const key = edgeKey(edge);
      const carried = edge.gate === 'cutoff' ? 'cutoff' : `${edge.gate} ${temperatureOf(edge)}`;
      const before = seen.get(key);
      if (before === undefined) seen.set(key, carried);
      else if (before !== carried) differing.add(key);
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
