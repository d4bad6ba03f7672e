import { LABEL, TARGET, edgeOf, makeGraph, nodeNumbers, nodeOf, temperatureOf } from './graph.ts';
import type { Carried, Graph } from './graph.ts';
import { checkpointText, edgeText, toText } from './text.ts';

/**
 * Returns the canonical form, equal for all graphs with the same meaning: Correct on a label edge
 * becomes Through (the label is always correct), and the auxiliary nodes are sorted so that the
 * text form is smallest, models first. Checkpoints and temperatures are part of a graph's meaning;
 * its name is not.
 */
export function canonicalGraph(graph: Graph): Graph {
  const plain = makeGraph(graph.nodes, (source, destination) =>
    plainEdge(graph, source, destination),
  );
  const order = canonicalOrder(plain);
  const at = (number: number): number => (number === LABEL ? LABEL : order[number - 1]!);
  return makeGraph(
    order.map((number) => nodeOf(plain, number)),
    (source, destination) => plainEdge(plain, at(source), at(destination)),
  );
}

/**
 * Returns the canonical graph's text form: equal for two graphs exactly when they mean the same.
 */
export const graphKey = (graph: Graph): string => toText(canonicalGraph(graph));

function plainEdge(graph: Graph, source: number, destination: number): Carried {
  const edge = edgeOf(graph, source, destination);
  if (source === LABEL && edge.gate === 'correct') return 'through';
  return { gate: edge.gate, temperature: temperatureOf(edge) };
}

/** Returns the old node numbers in canonical order; compares at most 6! orders for seven nodes. */
function canonicalOrder(graph: Graph): number[] {
  const numbers = nodeNumbers(graph);
  const head = numbers.map(
    (number) => nodeOf(graph, number).model + checkpointText(nodeOf(graph, number)),
  );
  const token = numbers.map((t) =>
    [LABEL, ...numbers].map((s) => (s === t ? '' : edgeText(edgeOf(graph, s, t)))),
  );
  const gatesIn = (order: readonly number[]): string =>
    order.map((t) => [LABEL, ...order].map((s) => token[t - 1]![s]!).join('')).join(',');

  let best: { order: number[]; text: string } | undefined;
  for (const auxiliary of orders(numbers.slice(TARGET), (number) => head[number - 1]!)) {
    const order = [TARGET, ...auxiliary];
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
