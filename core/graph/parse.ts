import { makeGraph } from './graph.ts';
import type { Carried, Graph } from './graph.ts';
import { parseWith, refusal } from './refusal.ts';
import { graphRules, graphSchema } from './schema.ts';

/**
 * Validates a graph from outside (JSON of a file, a message) and returns it in normal form: missing
 * edges are Cutoff, edges are ordered by destination, then source, models have their usual
 * spelling.
 *
 * @throws LabError `graph.<rule>`, see `graphRules`
 */
export function parseGraph(input: unknown): Graph {
  const { name, nodes, edges } = parseWith('graph', graphSchema, graphRules, input);
  const carried = indexEdges('graph', nodes.length, edges);
  return makeGraph(
    nodes,
    (source, destination): Carried => {
      const { gate = 'cutoff', temperature = 1 } = carried.get(pair(source, destination)) ?? {};
      return { gate, temperature };
    },
    name,
  );
}

export const pair = (source: number, destination: number): string => `${source} -> ${destination}`;

/**
 * Returns the edges by their ends: each once, between nodes of the graph.
 *
 * @throws LabError `no-such-node`, `duplicate-edge`
 */
export function indexEdges<Ends extends { source: number; destination: number }>(
  area: string,
  nodes: number,
  edges: readonly Ends[],
): Map<string, Ends> {
  const index = new Map<string, Ends>();
  for (const [at, edge] of edges.entries()) {
    for (const end of ['source', 'destination'] as const) {
      if (edge[end] > nodes) {
        const expected = `a node up to ${nodes}, as there are no more`;
        throw refusal(area, graphRules, 'no-such-node', `edges[${at}].${end}`, edge[end], expected);
      }
    }
    const ends = pair(edge.source, edge.destination);
    if (index.has(ends))
      throw refusal(area, graphRules, 'duplicate-edge', `edges[${at}]`, `${ends} again`);
    index.set(ends, edge);
  }
  return index;
}
