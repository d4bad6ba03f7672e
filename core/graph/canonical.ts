import { gate } from '../gates/gates.ts';
import {
  LABEL,
  TARGET,
  edgeOf,
  ensembleNumber,
  makeGraph,
  nodeNumbers,
  nodeOf,
  partsOf,
  votersOf,
} from './graph.ts';
import type { Carried, Ensemble, Graph } from './graph.ts';
import { checkpointText, edgeText, toText } from './text.ts';

/**
 * Returns the canonical form, equal for all graphs with the same meaning: Correct and Correct Mean
 * on a label edge become Through (the label is always correct), and the auxiliary nodes are sorted
 * so that the text form is smallest, models first. Where the accuracy of an ensemble counts, no node
 * is the target, and all are sorted. Checkpoints, kinds, weights and temperatures are part of a
 * graph's meaning; its name is not.
 */
export function canonicalGraph(graph: Graph): Graph {
  const plain = makeGraph(
    graph.nodes,
    (source, destination) => plainEdge(graph, source, destination),
    undefined,
    graph.ensemble,
  );
  const order = canonicalOrder(plain);
  const at = (number: number): number => order[number - 1] ?? number; // label and ensemble stay
  return makeGraph(
    order.map((number) => nodeOf(plain, number)),
    (source, destination) =>
      plainEdge(plain, source === LABEL ? LABEL : at(source), at(destination)),
    undefined,
    plain.ensemble && renumbered(plain.ensemble, order),
  );
}

/** Returns the ensemble with the voters' numbers after sorting. */
function renumbered({ voters, ...rest }: Ensemble, order: readonly number[]): Ensemble {
  return voters ? { ...rest, voters: voters.map((voter) => order.indexOf(voter) + 1) } : rest;
}

/**
 * Returns the canonical graph's text form: equal for two graphs exactly when they mean the same.
 */
export const graphKey = (graph: Graph): string => toText(canonicalGraph(graph));

function plainEdge(graph: Graph, source: number, destination: number): Carried {
  const parts = partsOf(edgeOf(graph, source, destination));
  const isRight = source === LABEL && gate(parts.gate).onlyCorrect;
  return isRight ? { ...parts, gate: 'through' } : parts;
}

/**
 * Returns the old node numbers in canonical order; compares at most 6! orders for seven nodes, 7!
 * without a target.
 */
function canonicalOrder(graph: Graph): number[] {
  const numbers = nodeNumbers(graph);
  const ensemble = ensembleNumber(graph);
  const votes = votersOf(graph);
  const last = ensemble === undefined ? [] : [ensemble];
  const head = numbers.map((number) => {
    const node = nodeOf(graph, number);
    return node.model + checkpointText(node) + (votes.includes(number) ? ' votes' : '');
  });
  const token = numbers.map((t) =>
    [LABEL, ...numbers, ...last].map((s) => (s === t ? '' : edgeText(edgeOf(graph, s, t)))),
  );
  const gatesIn = (order: readonly number[]): string =>
    order.map((t) => [LABEL, ...order, ...last].map((s) => token[t - 1]![s]!).join('')).join(',');

  const fixed = graph.ensemble?.isObjective ? [] : [TARGET];
  let best: { order: number[]; text: string } | undefined;
  for (const free of orders(numbers.slice(fixed.length), (number) => head[number - 1]!)) {
    const order = [...fixed, ...free];
    const text = gatesIn(order);
    if (!best || text < best.text) best = { order, text };
  }
  return best!.order;
}

/** Yields every order of the numbers with ascending `heads`. */
function* orders(
  numbers: readonly number[],
  head: (number: number) => string,
): Generator<number[]> {
  if (numbers.length === 0) yield [];
  const least = numbers.map(head).sort()[0];
  for (const first of numbers.filter((number) => head(number) === least)) {
    const rest = numbers.filter((number) => number !== first);
    for (const order of orders(rest, head)) yield [first, ...order];
  }
}
