/**
 * Formulas and words of a figure that core/graph/describe does not have: tooltips and the details
 * beside it.
 */
import type { Gate } from '../../core/gates/gate.ts';
import { gate as gateOf } from '../../core/gates/gates.ts';
import { describeEdge, lossTitle, nodeTitle } from '../../core/graph/describe.ts';
import {
  LABEL,
  edgesInto,
  kindOf,
  temperatureOf,
  type Edge,
  type Graph,
} from '../../core/graph/graph.ts';
import { kind } from '../../core/kinds/kinds.ts';
import { roleOf, roles } from '../../core/graph/roles.ts';
import type { WireEdge } from '../../core/lab/api.ts';
import { architecture } from '../../core/models/architecture.ts';
import { counted } from '../ui/format.ts';

export const modelTitle = (model: string): string => architecture(model).title;

/** An edge by its ends: `2→1`, `Label→1` */
export const edgeTitle = ({ source, destination }: Pick<Edge, 'source' | 'destination'>): string =>
  `${source === LABEL ? 'Label' : source}→${destination}`;

/** The loss a of one image on this edge, before the gate. */
export function lossFormula(edge: Edge): string {
  const { source, destination } = edge;
  if (source === LABEL) return `a = CE(ŷ, p_${destination})`;
  const temperature = temperatureOf(edge);
  if (kindOf(edge) !== 'kl') {
    const softened = temperature === 1 ? '' : `, τ = ${temperature}`;
    return `a = ${lossTitle(edge)}${softened}`;
  }
  const divergence = lossTitle(edge);
  return temperature === 1 ? `a = ${divergence}` : `a = τ² · ${divergence}, τ = ${temperature}`;
}

/**
 * What the symbols in an edge's formulas stand for; its gate's, or those of all that it may carry.
 */
export function edgeSymbols(edge: Edge, shown: readonly Gate[] = [gateOf(edge.gate)]): string {
  const { source, destination } = edge;
  const softmax = temperatureOf(edge) === 1 ? '' : ', softened by the temperature τ';
  const symbols =
    source === LABEL
      ? [
          'ŷ, p_0: the label, as a class and as probabilities',
          `p_${destination}: class probabilities of node ${destination}`,
        ]
      : kind(kindOf(edge)).compares === 'stages'
        ? [`q_${source}, q_${destination}: attention maps of the two nodes, one for each stage`]
        : [`p_${source}, p_${destination}: class probabilities of the two nodes${softmax}`];
  return gateSymbols(shown, symbols);
}

/** What the symbols in some gates' formulas stand for, each once. */
export const gateSymbols = (shown: readonly Gate[], more: readonly string[] = []): string =>
  [
    ...new Set(
      ['a: the loss of one image on an edge', ...more, ...shown.map(({ symbols }) => symbols)]
        .flatMap((text) => text.split('; '))
        .filter(Boolean),
    ),
  ].join('; ');

/** One line for screen readers: who teaches whom, over which loss and gate. */
export const edgeName = (edge: Edge): string =>
  `${describeEdge(edge)}. ${lossFormula(edge)}; ${gateOf(edge.gate).formula}`;

export interface Agreement {
  readonly key: 'both' | 'source' | 'destination' | 'none';
  readonly meaning: string;
  /** Share of the epoch's training images. */
  readonly share: number;
}

/**
 * How often source and destination of an edge were right in an epoch; null when nothing was
 * counted. The label is always right.
 */
export function agreement(
  { source, destination }: Edge,
  { tt, tf, ft, ff }: WireEdge,
): Agreement[] | null {
  const images = tt + tf + ft + ff;
  if (!(images > 0)) return null;
  if (source === LABEL)
    return [
      { key: 'both', meaning: `node ${destination} right`, share: (tt + ft) / images },
      { key: 'none', meaning: `node ${destination} wrong`, share: (tf + ff) / images },
    ];
  return [
    { key: 'both', meaning: 'both right', share: tt / images },
    { key: 'source', meaning: `only node ${source} right`, share: tf / images },
    { key: 'destination', meaning: `only node ${destination} right`, share: ft / images },
    { key: 'none', meaning: 'both wrong', share: ff / images },
  ];
}

/** L_t as the sum of what comes in over open edges. */
export function nodeLoss(graph: Graph, node: number): string {
  if (node > graph.nodes.length) return 'no loss: it combines its voters';
  const open = edgesInto(graph, node).filter((edge) => edge.gate !== 'cutoff');
  return open.length === 0
    ? 'no loss: all edges into it are Cutoff'
    : `L_${node} = ${open.map((edge) => `L_${edge.source},${node}`).join(' + ')}`;
}

/** One line for screen readers: what is written at the node, in that order, then its role. */
export function nodeName(graph: Graph, node: number, accuracy: number | null | undefined): string {
  const percent = accuracyText(accuracy);
  return (
    `Node ${node} ${nodeTitle(graph, node)} ` +
    `${percent && `(${percent}) `}${roles[roleOf(graph, node)].title.toLowerCase()}`
  );
}

/**
 * An accuracy (fraction of 1) in percent with two digits, as under a node; '' when there is none.
 */
export const accuracyText = (accuracy: number | null | undefined): string =>
  accuracy === null || accuracy === undefined ? '' : (accuracy * 100).toFixed(2);

/** The whole graph in one sentence, for the name of a figure. */
export function graphName(graph: Graph): string {
  const models = graph.nodes.map(({ model }) => modelTitle(model)).join(', ');
  const open = graph.edges.filter((edge) => edge.gate !== 'cutoff').length;
  return (
    `Knowledge transfer graph of ${counted(graph.nodes.length, 'node')} (${models}) with ` +
    counted(open, 'open edge')
  );
}
