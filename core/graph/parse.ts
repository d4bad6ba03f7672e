import { kind as kindNamed, type KindName } from '../kinds/kinds.ts';
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
  const { name, nodes, edges, ensemble } = parseWith('graph', graphSchema, graphRules, input);
  checkVoters('graph', nodes.length, ensemble?.voters ?? []);
  const carried = indexEdges('graph', nodes.length, edges, ensemble !== undefined);
  return makeGraph(
    nodes,
    (source, destination): Carried => carried.get(pair(source, destination)) ?? 'cutoff',
    name,
    ensemble,
  );
}

/** Refuses voters that the graph does not have. @throws LabError `no-such-node` */
export function checkVoters(area: string, nodes: number, voters: readonly number[]): void {
  const missing = voters.findIndex((voter) => voter > nodes);
  if (missing < 0) return;
  const expected = `a node up to ${nodes}, as there are no more`;
  const place = `ensemble.voters[${missing}]`;
  throw refusal(area, graphRules, 'no-such-node', place, voters[missing], expected);
}

export const pair = (source: number, destination: number): string => `${source} -> ${destination}`;

/**
 * Returns the edges by their ends: each once, between nodes of the graph.
 *
 * @throws LabError `no-such-node`, `duplicate-edge`
 */
export function indexEdges<Ends extends AnyEdge>(
  area: string,
  nodes: number,
  edges: readonly Ends[],
  ensemble = false,
): Map<string, Ends> {
  const index = new Map<string, Ends>();
  for (const [at, edge] of edges.entries()) {
    for (const end of ['source', 'destination'] as const) {
      const last = end === 'source' && ensemble ? nodes + 1 : nodes;
      if (edge[end] > last) {
        const expected = `a node up to ${last}, as there are no more`;
        throw refusal(area, graphRules, 'no-such-node', `edges[${at}].${end}`, edge[end], expected);
      }
    }
    if (edge.source === nodes + 1) checkEnsembleEdge(area, edge, at);
    const ends = pair(edge.source, edge.destination);
    if (index.has(ends))
      throw refusal(area, graphRules, 'duplicate-edge', `edges[${at}]`, `${ends} again`);
    index.set(ends, edge);
  }
  return index;
}

/** An edge of a graph or of a space. */
interface AnyEdge {
  readonly source: number;
  readonly destination: number;
  readonly kind?: KindName;
  readonly kinds?: readonly KindName[];
}

/** Refuses edges from an ensemble that compare stages. @throws LabError `ensemble-kind` */
function checkEnsembleEdge(area: string, { kind, kinds = [] }: AnyEdge, at: number): void {
  const found = [...kinds, ...(kind ? [kind] : [])].find((name) => comparesStages(name));
  if (found === undefined) return;
  throw refusal(area, graphRules, 'ensemble-kind', `edges[${at}]`, found);
}

const comparesStages = (name: KindName): boolean => kindNamed(name).compares === 'stages';
