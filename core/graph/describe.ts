import { gate } from '../gates/gates.ts';
import { architecture } from '../models/architecture.ts';
import { kind } from '../kinds/kinds.ts';
import {
  LABEL,
  edgesInto,
  ensembleNumber,
  goalOf,
  isFrozen,
  kindOf,
  nodeNumbers,
  nodeOf,
  temperatureOf,
  votersOf,
  weightOf,
} from './graph.ts';
import type { Edge, Graph } from './graph.ts';
import { roleOf, roles } from './roles.ts';
import type { EdgeChoice, SearchSpace } from './space.ts';

/**
 * Returns a node's architecture in the paper's spelling; a star marks a pretrained network:
 * `ResNet110*`.
 */
export const nodeTitle = (graph: Graph, number: number): string =>
  number === ensembleNumber(graph)
    ? 'Ensemble'
    : architecture(nodeOf(graph, number).model).title + (isFrozen(graph, number) ? '*' : '');

/** Graphs, or the graphs of a space: networks and an ensemble. */
type Judged = Parameters<typeof goalOf>[0];

/** Names an output: "node 2", or "the ensemble", whose number comes after the last network's. */
export const outputTitle = ({ nodes }: Judged, number: number): string =>
  number > nodes.length ? 'the ensemble' : `node ${number}`;

/** Names the outputs whose accuracy counts in some graphs: "node 1", "the ensemble or node 1". */
export const judgedTitle = (...graphs: readonly Judged[]): string =>
  [...new Set(graphs.map((graph) => outputTitle(graph, goalOf(graph))))].join(' or ');

/** Returns "the label" or "node 2". */
const sourceTitle = (source: number): string => (source === LABEL ? 'the label' : `node ${source}`);

/** Returns the loss of an edge: "KL(p_2 || p_1)", "cos(p_2, p_1)". */
export function lossTitle(edge: Edge): string {
  const { source, destination } = edge;
  switch (kindOf(edge)) {
    case 'kl':
      return `KL(p_${source} || p_${destination})`;
    case 'repel':
      return `cos(p_${source}, p_${destination})`;
    case 'attention':
      return `|q_${source} - q_${destination}|²`;
    case 'attention-repel':
      return `q_${source} · q_${destination}`;
  }
}

/**
 * Describes an edge: "KL(p_2 || p_1): node 2 teaches node 1 (Linear, temperature 2)". The label's
 * distribution p_0 is one-hot.
 */
export function describeEdge(edge: Edge): string {
  const { source, destination } = edge;
  return (
    `${lossTitle(edge)}: ${sourceTitle(source)} ${verbOf(edge)} node ${destination} ` +
    `(${carriedTitle(edge)})`
  );
}

function verbOf(edge: Edge): string {
  if (edge.gate === 'cutoff') return 'does not teach';
  return kind(kindOf(edge)).repels ? 'repels' : 'teaches';
}

/**
 * Describes a node: "node 1, ResNet32 (Target): learns from the label (Through) and node 2 (Linear,
 * temperature 2)".
 */
export function describeNode(graph: Graph, number: number): string {
  if (number === ensembleNumber(graph)) return describeEnsemble(graph);
  const head = `node ${number}, ${nodeTitle(graph, number)} (${roles[roleOf(graph, number)].title})`;
  const open = edgesInto(graph, number).filter((edge) => edge.gate !== 'cutoff');
  if (open.length === 0) {
    const { checkpoint } = nodeOf(graph, number);
    return `${head}: learns nothing${checkpoint === undefined ? '' : `, loads ${checkpoint}`}`;
  }
  return `${head}: learns from ${listed(open.map((edge) => `${sourceTitle(edge.source)} (${carriedTitle(edge)})`))}`;
}

/** Describes a graph, one line per node. */
export const describeGraph = (graph: Graph): string =>
  [
    ...nodeNumbers(graph).map((number) => describeNode(graph, number)),
    ...(graph.ensemble ? [describeEnsemble(graph)] : []),
  ].join('\n');

/** Describes an ensemble: "node 4, Ensemble: mean of the logits of nodes 1, 2 and 3". */
export function describeEnsemble(graph: Graph): string {
  const { combine, isObjective } = graph.ensemble!;
  const what = combine === 'logits' ? 'logits' : 'probabilities';
  const numbers = votersOf(graph);
  const voters = `${numbers.length === 1 ? 'node' : 'nodes'} ${listed(numbers.map(String))}`;
  const counts = isObjective ? '; its accuracy counts' : '';
  return `node ${graph.nodes.length + 1}, Ensemble: mean of the ${what} of ${voters}${counts}`;
}

/** Returns everything that an edge carries in words: "Linear, attention, weight 1000". */
function carriedTitle(edge: Edge): string {
  const parts = [gate(edge.gate).title];
  if (edge.kind !== undefined) parts.push(kind(edge.kind).title.toLowerCase());
  if (edge.weight !== undefined) parts.push(`weight ${weightOf(edge)}`);
  if (edge.temperature !== undefined) parts.push(`temperature ${temperatureOf(edge)}`);
  return parts.join(', ');
}

const listed = (items: readonly string[]): string =>
  items.length < 2 ? items.join() : `${items.slice(0, -1).join(', ')} and ${items.at(-1)!}`;

/**
 * Describes the kinds, weights and temperatures of a space, edges that may be the same in one text:
 * `1→2, 2→1: KL or Repel; temperature 1 or 4`. Empty where all edges are KL of weight and
 * temperature 1.
 */
export function describeParts(space: SearchSpace): string[] {
  const texts = space.edges.flatMap((edge) => {
    const text = partsText(edge);
    return text === '' ? [] : [{ text, ends: endsText(space, edge) }];
  });
  return [...Map.groupBy(texts, ({ text }) => text)].map(
    ([text, some]) => `${some.map(({ ends }) => ends).join(', ')}: ${text}`,
  );
}

function partsText({ kinds, weights, temperatures }: EdgeChoice): string {
  const listed = (name: string, list: readonly number[] | undefined): string[] =>
    list ? [`${name} ${list.join(' or ')}`] : [];
  return [
    ...(kinds ? [kinds.map((name) => kind(name).title).join(' or ')] : []),
    ...listed('weight', weights),
    ...listed('temperature', temperatures),
  ].join('; ');
}

const endsText = ({ nodes }: SearchSpace, { source, destination }: EdgeChoice): string => {
  const from = source === LABEL ? 'Label' : source > nodes.length ? 'Ensemble' : source;
  return `${from}→${destination}`;
};
