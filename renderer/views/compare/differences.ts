/** What tells graphs apart: edges that carry different losses, nodes with different networks. */
import { gate as gateOf, type GateName } from '../../../core/gates/gates.ts';
import {
  edgesInto,
  kindOf,
  LABEL,
  nodeNumbers,
  temperatureOf,
  weightOf,
  type Edge,
  type Graph,
} from '../../../core/graph/graph.ts';
import { kind as kindNamed, USUAL_KIND } from '../../../core/kinds/kinds.ts';
import { noteOf } from '../../features/graph/figure.ts';
import { edgeKey } from '../../features/graph/part.ts';
import { modelTitle } from '../../words/graph.ts';

/** A part that is not the same in all graphs, as a row of a table: what each graph has there. */
export interface Difference {
  /** As `partKey` names it. */
  readonly key: string;
  readonly title: string;
  /** Null where a graph has no such part. */
  readonly values: readonly Value[];
}

type Value = { readonly text: string; readonly gate: GateName | null } | null;

interface Part extends Difference {
  /**
   * What each graph has there, in a word that is equal for what does the same; null where it has no
   * such part.
   */
  readonly does: readonly (string | null)[];
}

/** Differing nodes, then differing edges, each in the order of a figure. */
export const differences = (graphs: readonly Graph[]): Difference[] =>
  differing(graphs).map(({ key, title, values }) => ({ key, title, values }));

/**
 * For each graph the keys of the parts in which it stands apart: from one of the graphs, or (null)
 * from what most of them have. Where nothing is the most frequent, as in two graphs that differ,
 * all stand apart.
 */
export function apart(graphs: readonly Graph[], reference: number | null): Set<string>[] {
  const parts = differing(graphs).map(({ key, does }) => ({
    key,
    does,
    usual: reference === null ? mostFrequent(does) : does[reference]!,
  }));
  return graphs.map(
    (_, i) =>
      new Set(
        parts.flatMap(({ key, does, usual }) =>
          does[i] === null || does[i] === usual ? [] : [key],
        ),
      ),
  );
}

/** Null when two are equally frequent. */
function mostFrequent(words: readonly (string | null)[]): string | null {
  const counts = new Map<string, number>();
  for (const word of words) if (word !== null) counts.set(word, (counts.get(word) ?? 0) + 1);
  const [first, second] = [...counts].sort((a, b) => b[1] - a[1]);
  return first && first[1] !== second?.[1] ? first[0] : null;
}

const differing = (graphs: readonly Graph[]): Part[] => [
  ...nodeParts(graphs),
  ...edgeParts(graphs),
];

/** Nodes with different networks; a node that is not in all graphs is a difference. */
function nodeParts(graphs: readonly Graph[]): Part[] {
  const most = Math.max(0, ...graphs.map(({ nodes }) => nodes.length));
  return Array.from({ length: most }, (_, i): Part => {
    const does = graphs.map(({ nodes }) => nodes[i]?.model ?? null);
    return {
      key: String(i + 1),
      title: `Network of node ${i + 1}`,
      values: does.map((model) =>
        model === null ? null : { text: modelTitle(model), gate: null },
      ),
      does,
    };
  }).filter(({ does }) => new Set(does).size > 1);
}

/** Edges that do not do the same in all graphs that have them. */
function edgeParts(graphs: readonly Graph[]): Part[] {
  const places = new Map(graphs.flatMap(({ edges }) => edges.map((edge) => [edgeKey(edge), edge])));
  return [...places.values()]
    .sort((a, b) => a.destination - b.destination || a.source - b.source)
    .map(({ source, destination }): Part => {
      const found = graphs.map(({ edges }) =>
        edges.find((edge) => edge.source === source && edge.destination === destination),
      );
      return {
        key: edgeKey({ source, destination }),
        title: `${source === LABEL ? 'Label' : source} → ${destination}`,
        values: found.map(valueOf),
        does: found.map((edge) => (edge ? carried(edge) : null)),
      };
    })
    .filter(({ does }) => new Set(does.filter((word) => word !== null)).size > 1);
}

/**
 * What an edge does, in a word: the label is always right, so that Correct is Through on its edges.
 */
function carried(edge: Edge): string {
  if (edge.gate === 'cutoff') return 'cutoff';
  const gate = edge.source === LABEL && edge.gate === 'correct' ? 'through' : edge.gate;
  return `${gate} ${kindOf(edge)} ${weightOf(edge)} ${temperatureOf(edge)}`;
}

/** True where a label edge is Correct in one graph and Through in another, which is no difference. */
export function hasEqualLabelGates(graphs: readonly Graph[]): boolean {
  const labelEdges = graphs.flatMap((graph) =>
    nodeNumbers(graph).flatMap((node) =>
      edgesInto(graph, node).filter(({ source }) => source === LABEL),
    ),
  );
  const into = (gate: GateName): Set<number> =>
    new Set(labelEdges.filter((edge) => edge.gate === gate).map(({ destination }) => destination));
  const through = into('through');
  return [...into('correct')].some((node) => through.has(node));
}

function valueOf(edge: Edge | undefined): Value {
  if (!edge) return null;
  const kind = kindOf(edge);
  const text = [
    gateOf(edge.gate).title,
    kind === USUAL_KIND ? '' : kindNamed(kind).title,
    noteOf(edge),
  ];
  return { text: text.filter(Boolean).join(', '), gate: edge.gate };
}
