/** Graphs as choices of a space, and which choices mean something beside the others. */
import { kind as kindNamed } from '../kinds/kinds.ts';
import { edgeOf, kindOf, nodeOf, temperatureOf, weightOf } from './graph.ts';
import type { Graph } from './graph.ts';
import { dimensions } from './space.ts';
import type { Dimension, Picks, SearchSpace } from './space.ts';

/**
 * When a dimension has a meaning: only beside some choices of another one, which comes before it.
 * Kinds and weights need an open gate, temperatures a kind that compares answers.
 */
export interface Condition {
  /** Index of the other dimension. */
  readonly on: number;
  /** By its choices. */
  readonly means: readonly boolean[];
}

/** Returns the condition of each dimension; null where its choice always has a meaning. */
export function conditionsOf(space: SearchSpace): (Condition | null)[] {
  const all = dimensions(space);
  return all.map((dimension) => {
    if (dimension.kind === 'model' || dimension.kind === 'gate') return null;
    const [gate, kind] = (['gate', 'kind'] as const).map((part) => indexOf(all, part, dimension));
    if (dimension.kind === 'temperature' && kind! >= 0)
      return { on: kind!, means: all[kind!]!.choices.map(comparesAnswers) };
    const means = all[gate!]!.choices.map((name) => name !== 'cutoff');
    return means.every(Boolean) ? null : { on: gate!, means };
  });
}

const indexOf = (
  all: readonly Dimension[],
  kind: 'gate' | 'kind',
  { source, destination }: { readonly source: number; readonly destination: number },
): number =>
  all.findIndex(
    (each) => each.kind === kind && each.source === source && each.destination === destination,
  );

const comparesAnswers = (name: string): boolean => kindNamed(name).compares === 'answers';

/**
 * Does a dimension mean something beside the choices before it? A choice that the space does not
 * have (-1) leaves those that depend on it their meaning.
 */
export function hasMeaning(
  conditions: readonly (Condition | null)[],
  picks: readonly number[],
  at: number,
): boolean {
  const condition = conditions[at];
  if (!condition) return true;
  const { on, means } = condition;
  return means[picks[on]!] !== false && hasMeaning(conditions, picks, on);
}

/** Returns the choices with null for those without meaning beside the others. */
export const settledBy =
  (conditions: readonly (Condition | null)[]) =>
  (picks: readonly number[]): Picks =>
    conditions.every((condition) => condition === null)
      ? picks
      : picks.map((pick, at) => (hasMeaning(conditions, picks, at) ? pick : null));

/**
 * Returns a function that finds the choices that make a graph, by index; the inverse of `graphAt`.
 * -1 for a choice that the space does not have, null for one without meaning beside the others.
 */
export function picksIn(space: SearchSpace): (graph: Graph) => Picks {
  const all = dimensions(space);
  const settled = settledBy(conditionsOf(space));
  return (graph) => settled(all.map((dimension) => pickOf(dimension, graph)));
}

/** Returns the choices that make one graph; see `picksIn`. */
export const picksOf = (space: SearchSpace, graph: Graph): Picks => picksIn(space)(graph);

function pickOf(dimension: Dimension, graph: Graph): number {
  const choices: readonly string[] = dimension.choices;
  return choices.indexOf(choiceIn(dimension, graph));
}

/** Returns the choice of a dimension that a graph has, as text; also one that the space lacks. */
export function choiceIn(dimension: Dimension, graph: Graph): string {
  if (dimension.kind === 'model') return nodeOf(graph, dimension.node).model;
  const edge = edgeOf(graph, dimension.source, dimension.destination);
  if (dimension.kind === 'gate') return edge.gate;
  if (dimension.kind === 'kind') return kindOf(edge);
  return String(dimension.kind === 'weight' ? weightOf(edge) : temperatureOf(edge));
}
