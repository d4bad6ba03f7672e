import { kind as kindNamed } from '../kinds/kinds.ts';
import { edgeOf, kindOf, nodeOf, temperatureOf, weightOf } from './graph.ts';
import type { Graph } from './graph.ts';
import { dimensions } from './space.ts';
import type { SearchSpace } from './space.ts';

/**
 * Returns the choices that make a graph, by index; the inverse of `graphAt`. -1 for a choice that
 * the space does not have. A part that a Cutoff or the kind of an edge leaves without meaning counts
 * as its first choice, or the usual one.
 */
export const picksOf = (space: SearchSpace, graph: Graph): number[] =>
  dimensions(space).map((dimension) => {
    if (dimension.kind === 'model')
      return dimension.choices.indexOf(nodeOf(graph, dimension.node).model);
    const edge = edgeOf(graph, dimension.source, dimension.destination);
    if (dimension.kind === 'gate') return dimension.choices.indexOf(edge.gate);
    const parts = {
      kind: kindOf(edge),
      weight: String(weightOf(edge)),
      temperature: String(temperatureOf(edge)),
    };
    const choices: readonly string[] = dimension.choices;
    const found = choices.indexOf(parts[dimension.kind]);
    const isSoftened = kindNamed(kindOf(edge)).compares === 'answers';
    const means = edge.gate !== 'cutoff' && (dimension.kind !== 'temperature' || isSoftened);
    return means ? found : Math.max(0, found);
  });
