import type { EdgeInputs, EnsemblePlan } from '../engine/engine.ts';
import { gate } from '../gates/gates.ts';
import {
  edgeOf,
  ensembleNumber,
  type Graph,
  kindOf,
  temperatureOf,
  votersOf,
  weightOf,
} from '../graph/graph.ts';
import { kindIndex, type KindName, kindNames, USUAL_KIND } from '../kinds/kinds.ts';

/**
 * Returns the index of an edge in a step's matrices: row of the destination, column of the source,
 * column 0 = label, last column = ensemble.
 */
export type Places = (source: number, destination: number) => number;

/**
 * Returns a graph's edges as inputs of a step with the nodes `nodes` (graph numbers, in the step's
 * order), at `progress` = updates so far / updates of the run (the Linear gate's c / c_end,
 * equation 5).
 */
export function edgeInputs(graph: Graph, nodes: readonly number[], progress: number): EdgeInputs {
  const sources = sourcesIn(graph, nodes);
  const size = nodes.length * sources.length;
  const weight = new Float32Array(size);
  const onlyCorrect = new Float32Array(size);
  const temperature = new Float32Array(size).fill(1);
  const overCorrect = new Float32Array(size);
  const kind = new Float32Array(size);
  const place = placesOf(graph, nodes);
  for (const destination of nodes) {
    for (const source of sources) {
      if (source === destination) continue;
      const edge = edgeOf(graph, source, destination);
      const at = place(source, destination);
      const { weight: gateWeight, onlyCorrect: only, over } = gate(edge.gate);
      weight[at] = weightOf(edge) * gateWeight(progress);
      onlyCorrect[at] = only ? 1 : 0;
      temperature[at] = temperatureOf(edge);
      overCorrect[at] = over === 'correct' ? 1 : 0;
      kind[at] = kindIndex(kindOf(edge));
    }
  }
  return { weight, onlyCorrect, temperature, overCorrect, kind };
}

export function placesOf(graph: Graph, nodes: readonly number[]): Places {
  const sources = sourcesIn(graph, nodes);
  return (source, destination) =>
    nodes.indexOf(destination) * sources.length + sources.indexOf(source);
}

/** Returns the sources of a step in the order of its columns: label, nodes, ensemble. */
export const sourcesIn = (graph: Graph, nodes: readonly number[]): number[] => [
  0,
  ...nodes,
  ...(ensemblePlan(graph, nodes) ? [ensembleNumber(graph)!] : []),
];

/** Returns the ensemble of a step with these nodes; undefined unless all its voters are there. */
export function ensemblePlan(graph: Graph, nodes: readonly number[]): EnsemblePlan | undefined {
  const voters = votersOf(graph).map((voter) => nodes.indexOf(voter));
  if (!graph.ensemble || voters.includes(-1)) return undefined;
  return { voters: voters.sort((a, b) => a - b), combine: graph.ensemble.combine };
}

/** Returns the kinds of open edges between these nodes besides the usual one. */
export const kindsIn = (graph: Graph, nodes: readonly number[]): KindName[] => {
  const used = graph.edges.filter(
    ({ source, destination }) =>
      nodes.includes(destination) && sourcesIn(graph, nodes).includes(source),
  );
  return kindNames.filter(
    (name) => name !== USUAL_KIND && used.some((edge) => kindOf(edge) === name),
  );
};
