import type { EdgeInputs } from '../engine/engine.ts';
import { gate } from '../gates/gates.ts';
import { edgeOf, type Graph, temperatureOf } from '../graph/graph.ts';

/**
 * Returns the index of an edge in a step's matrices: row of the destination, column of the source,
 * column 0 = label.
 */
export type Places = (source: number, destination: number) => number;

/**
 * Returns a graph's edges as inputs of a step with the nodes `nodes` (graph numbers, in the step's
 * order), at `progress` = updates so far / updates of the run (the Linear gate's c / c_end,
 * equation 5).
 */
export function edgeInputs(graph: Graph, nodes: readonly number[], progress: number): EdgeInputs {
  const size = nodes.length * (nodes.length + 1);
  const weight = new Float32Array(size);
  const onlyCorrect = new Float32Array(size);
  const temperature = new Float32Array(size).fill(1);
  const overCorrect = new Float32Array(size);
  const place = placesOf(nodes);
  for (const destination of nodes) {
    for (const source of [0, ...nodes]) {
      if (source === destination) continue;
      const edge = edgeOf(graph, source, destination);
      const at = place(source, destination);
      weight[at] = gate(edge.gate).weight(progress);
      onlyCorrect[at] = gate(edge.gate).onlyCorrect ? 1 : 0;
      temperature[at] = temperatureOf(edge);
      overCorrect[at] = gate(edge.gate).over === 'correct' ? 1 : 0;
    }
  }
  return { weight, onlyCorrect, temperature, overCorrect };
}

export const placesOf =
  (nodes: readonly number[]): Places =>
  (source, destination) =>
    nodes.indexOf(destination) * (nodes.length + 1) +
    (source === 0 ? 0 : nodes.indexOf(source) + 1);
