/** Edges and nodes in words and formulas: tooltips, screen readers and the details beside a figure. */
import { gate as gateOf } from '../../core/gates/gates.ts';
import { LABEL, edgesInto, nodeOf, temperatureOf, type Edge, type Graph } from '../../core/graph/graph.ts';
import { roleOf, roles } from '../../core/graph/roles.ts';
import { architecture } from '../../core/models/architecture.ts';
import type { EdgeMetrics } from '../../core/study/metrics.ts';

/** Title of a model as papers write it; an unknown model's own name. */
export function modelTitle(model: string): string {
  try {
    return architecture(model).title;
  } catch {
    return model;
  }
}

const nameOf = (source: number): string => (source === LABEL ? 'the label' : `node ${source}`);

/** "node 2 teaches node 1" */
export const teaches = ({ source, destination }: Pick<Edge, 'source' | 'destination'>): string =>
  `${nameOf(source)} teaches node ${destination}`;

/** The loss a_n of one sample on this edge, before the gate. */
export function lossFormula(edge: Edge): string {
  const { source, destination } = edge;
  if (source === LABEL) return `a = CE(y, p_${destination})`;
  const temperature = temperatureOf(edge);
  const divergence = `KL(p_${source} || p_${destination})`;
  return temperature === 1 ? `a = ${divergence}` : `a = ${temperature}² · ${divergence}, T = ${temperature}`;
}

/** One line for screen readers and tooltips: who teaches whom, over which gate. */
export function edgeName(edge: Edge): string {
  const { title, formula } = gateOf(edge.gate);
  return `${edge.source} → ${edge.destination}: ${teaches(edge)}. ${lossFormula(edge)}; gate ${title}, ${formula}`;
}

export interface Agreement {
  /** TT, TF, FT, FF: source right or wrong, then destination. */
  readonly code: 'TT' | 'TF' | 'FT' | 'FF';
  readonly meaning: string;
  /** Share of the epoch's training images. */
  readonly share: number;
}

/** How often source and destination of an edge were right in an epoch. Null when nothing was counted. */
export function agreement(metrics: EdgeMetrics): Agreement[] | null {
  const { bothRight, onlySourceRight, onlyDestinationRight, bothWrong } = metrics;
  const images = bothRight + onlySourceRight + onlyDestinationRight + bothWrong;
  if (!(images > 0)) return null;
  return [
    { code: 'TT', meaning: 'both right', share: bothRight / images },
    { code: 'TF', meaning: 'only the source right', share: onlySourceRight / images },
    { code: 'FT', meaning: 'only the destination right', share: onlyDestinationRight / images },
    { code: 'FF', meaning: 'both wrong', share: bothWrong / images },
  ];
}

/** L_t as the sum of what comes in over open edges. */
export function nodeLoss(graph: Graph, node: number): string {
  const open = edgesInto(graph, node).filter((edge) => edge.gate !== 'cutoff');
  return open.length === 0
    ? 'nothing is learned: all edges into it are Cutoff'
    : `L_${node} = ${open.map((edge) => `L_${edge.source},${node}`).join(' + ')}`;
}

/** One line for screen readers: number, role, architecture, accuracy. */
export function nodeName(graph: Graph, node: number, accuracy: number | null | undefined): string {
  const { model } = nodeOf(graph, node);
  const percent = accuracyText(accuracy);
  return `Node ${node}, ${roles[roleOf(graph, node)].title.toLowerCase()}, ${modelTitle(model)}${percent && `, accuracy ${percent} %`}`;
}

/** An accuracy (fraction of 1) in percent with two digits, as under a node; '' when there is none. */
export function accuracyText(accuracy: number | null | undefined): string {
  if (accuracy === null || accuracy === undefined) return '';
  return Number.isNaN(accuracy) ? 'NaN' : (accuracy * 100).toFixed(2);
}

/** The whole graph in one sentence, for the name of a figure. */
export function graphName(graph: Graph): string {
  const models = graph.nodes.map(({ model }) => modelTitle(model)).join(', ');
  const open = graph.edges.filter((edge) => edge.gate !== 'cutoff').length;
  return `Knowledge transfer graph of ${graph.nodes.length} ${graph.nodes.length === 1 ? 'node' : 'nodes'} (${models}) with ${open} open ${open === 1 ? 'edge' : 'edges'}`;
}
