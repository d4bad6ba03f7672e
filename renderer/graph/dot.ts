/** A graph in Graphviz's DOT language, with the colours and line styles of the figure. */
import { gate as gateOf } from '../../core/gates/gates.ts';
import { LABEL, edgeOf, nodeNumbers, nodeOf, temperatureOf, type Graph } from '../../core/graph/graph.ts';
import { roleOf, roles } from '../../core/graph/roles.ts';
import { accuracyText, modelTitle } from './words.ts';

const escape = (text: string): string => text.replace(/\\/g, '\\\\').replace(/"/g, '\\"');

/** Quoted as DOT wants it; a line break in it is the two characters \n. */
const quote = (...lines: string[]): string => `"${lines.filter(Boolean).map(escape).join('\\n')}"`;

const lineStyle = (dash: string): string =>
  dash === 'none' ? 'solid' : Number(dash.split(' ')[0]) > 4 ? 'dashed' : 'dotted';

/** Graphviz source; Cutoff edges are left out, as in the paper. `accuracies[i]` is node i + 1's, a fraction of 1. */
export function toDot(graph: Graph, accuracies: readonly (number | null | undefined)[] = []): string {
  const nodes = nodeNumbers(graph).map((node) => {
    const percent = accuracyText(accuracies[node - 1]);
    const label = quote(String(node), modelTitle(nodeOf(graph, node).model), percent && `(${percent})`);
    return `  ${node} [label=${label}, fillcolor="${roles[roleOf(graph, node)].color}"];`;
  });
  const edges = graph.edges
    .filter((edge) => edge.gate !== 'cutoff')
    .map(({ source, destination }) => {
      const edge = edgeOf(graph, source, destination);
      const { color, letter, title, dash } = gateOf(edge.gate);
      const temperature = temperatureOf(edge);
      const tip = quote(temperature === 1 ? title : `${title}, T = ${temperature}`);
      return `  ${source} -> ${destination} [color="${color}", fontcolor="${color}", label=${quote(letter)}, style=${lineStyle(dash)}, tooltip=${tip}];`;
    });
  return [
    `digraph ${quote(graph.name ?? 'knowledge transfer graph')} {`,
    '  layout=circo;',
    '  node [shape=circle, style=filled, fontname="Helvetica", fontcolor=white];',
    '  edge [fontname="Helvetica"];',
    `  ${LABEL} [label="Label", shape=box, style=rounded, fontcolor=black];`,
    ...nodes,
    ...edges,
    '}',
    '',
  ].join('\n');
}
