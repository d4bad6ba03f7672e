import { gate } from '../gates/gates.ts';
import { describeEdge, nodeTitle } from './describe.ts';
import { kind } from '../kinds/kinds.ts';
import { LABEL, ensembleNumber, kindOf, nodeNumbers, votersOf } from './graph.ts';
import type { Edge, Graph } from './graph.ts';
import { roleOf, roles } from './roles.ts';
import { toText } from './text.ts';

/**
 * Returns the graph in Graphviz's DOT language, drawn like Figure 2 of the paper: no Cutoff edges,
 * colours and line styles of the gates. The comment of the file, which is not drawn, holds the text
 * form for reading the graph back.
 *
 * @param accuracies fractions of 1, node 1 first; printed below the nodes in %
 * @param made origin of the graph, written into the comment
 */
export function toDot(
  graph: Graph,
  accuracies: readonly (number | null | undefined)[] = [],
  made: Readonly<Record<string, unknown>> = {},
): string {
  const nodes = nodeNumbers(graph).map((number) => {
    const accuracy = accuracies[number - 1];
    const lines = [
      nodeTitle(graph, number),
      ...(typeof accuracy === 'number' ? [`(${(accuracy * 100).toFixed(2)})`] : []),
    ];
    const { color } = roles[roleOf(graph, number)];
    return `${number} [${attributes({ label: lines.join('\n'), color })}]`;
  });
  const edges = graph.edges.filter((edge) => edge.gate !== 'cutoff').map(dotEdge);
  const ensemble = ensembleNumber(graph);
  const votes = votersOf(graph).map(
    (voter) => `${voter} -> ${ensemble} [${attributes({ color: NEUTRAL, arrowhead: 'none' })}]`,
  );
  const lines = [
    `comment=${quoted(JSON.stringify({ graph: toText(graph), ...made }))}`,
    'rankdir=LR',
    'node [shape=ellipse, style=bold, fontname="sans-serif"]',
    'edge [fontname="sans-serif"]',
    `${LABEL} [label="Label", shape=box]`,
    ...nodes,
    ...(ensemble === undefined ? [] : [ensembleNode(graph, ensemble, accuracies[ensemble - 1])]),
    ...edges,
    ...votes,
  ];
  return `digraph ${quoted(graph.name ?? 'ktg')} {\n${lines.map((line) => `  ${line};\n`).join('')}}\n`;
}

/** Colour of votes. */
const NEUTRAL = '#858b93';

function ensembleNode(graph: Graph, number: number, accuracy: number | null | undefined): string {
  const shown = typeof accuracy === 'number' ? [`(${(accuracy * 100).toFixed(2)})`] : [];
  const label = [nodeTitle(graph, number), ...shown].join('\n');
  return `${number} [${attributes({ label, shape: 'diamond', color: roles.ensemble.color })}]`;
}

function dotEdge(edge: Edge): string {
  const { letter, color, dash } = gate(edge.gate);
  const { sign, repels } = kind(kindOf(edge));
  const label = [
    `${letter}${sign}`,
    ...(edge.weight === undefined ? [] : [`w = ${edge.weight}`]),
    ...(edge.temperature === undefined ? [] : [`τ = ${edge.temperature}`]),
  ].join(', ');
  const shown = {
    label,
    color,
    fontcolor: color,
    style: styleOf(dash),
    ...(repels && { arrowhead: 'tee' }),
    tooltip: describeEdge(edge),
  };
  return `${edge.source} -> ${edge.destination} [${attributes(shown)}]`;
}

/** Returns one of DOT's three line styles: short dashes of SVG become dots. */
function styleOf(dash: string): string {
  if (dash === 'none') return 'solid';
  return Number.parseFloat(dash) > 3 ? 'dashed' : 'dotted';
}

const attributes = (values: Record<string, string>): string =>
  Object.entries(values)
    .map(([key, value]) => `${key}=${quoted(value)}`)
    .join(', ');

const quoted = (text: string): string =>
  `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
