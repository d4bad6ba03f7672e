import { gate } from '../gates/gates.ts';
import { architecture } from '../models/architecture.ts';
import { LABEL, edgesInto, isFrozen, nodeNumbers, nodeOf, temperatureOf } from './graph.ts';
import type { Edge, Graph } from './graph.ts';
import { roleOf, roles } from './roles.ts';

/**
 * Returns a node's architecture in the paper's spelling; a star marks a pretrained network:
 * `ResNet110*`.
 */
export const nodeTitle = (graph: Graph, number: number): string =>
  architecture(nodeOf(graph, number).model).title + (isFrozen(graph, number) ? '*' : '');

/** Returns "the label" or "node 2". */
const sourceTitle = (source: number): string => (source === LABEL ? 'the label' : `node ${source}`);

/**
 * Describes an edge: "KL(p_2 || p_1): node 2 teaches node 1 (Linear, temperature 2)". The label's
 * distribution p_0 is one-hot.
 */
export function describeEdge(edge: Edge): string {
  const { source, destination } = edge;
  const verb = edge.gate === 'cutoff' ? 'does not teach' : 'teaches';
  return (
    `KL(p_${source} || p_${destination}): ${sourceTitle(source)} ${verb} node ${destination} ` +
    `(${carriedTitle(edge)})`
  );
}

/**
 * Describes a node: "node 1, ResNet32 (Target): learns from the label (Through) and node 2 (Linear,
 * temperature 2)".
 */
export function describeNode(graph: Graph, number: number): string {
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
  nodeNumbers(graph)
    .map((number) => describeNode(graph, number))
    .join('\n');

function carriedTitle(edge: Edge): string {
  const { title } = gate(edge.gate);
  return temperatureOf(edge) === 1 ? title : `${title}, temperature ${temperatureOf(edge)}`;
}

const listed = (items: readonly string[]): string =>
  items.length < 2 ? items.join() : `${items.slice(0, -1).join(', ')} and ${items.at(-1)!}`;
