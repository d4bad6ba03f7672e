/** What a figure of a graph shows: layout and graph brought together, for the screen and for exports alike. */
import type { Gate } from '../../core/gates/gate.ts';
import { gate as gateOf } from '../../core/gates/gates.ts';
import { nodeTitle } from '../../core/graph/describe.ts';
import { edgeOf, nodeNumbers, reachesTarget, type Edge, type Graph } from '../../core/graph/graph.ts';
import { roleOf, type Role } from '../../core/graph/roles.ts';
import { layout, type Layout, type PlacedEdge, type PlacedNode } from './layout.ts';
import { accuracyText } from './words.ts';

export interface FigureNode extends PlacedNode {
  readonly role: Role;
  /** First line of the caption; a pretrained network has a star, as in the paper's Table 2. */
  readonly title: string;
  /** Second line: "(73.46)", or ''. */
  readonly accuracy: string;
  /** Baseline of the first line from the caption's middle: alone it stands where it is nearest to its node. */
  readonly titleY: number;
  /** Nothing of it reaches the target: drawn faintly. */
  readonly idle: boolean;
}

export interface FigureEdge extends PlacedEdge {
  readonly edge: Edge;
  readonly gate: Gate;
}

export interface Figure {
  readonly layout: Layout;
  readonly nodes: readonly FigureNode[];
  readonly edges: readonly FigureEdge[];
}

/** `accuracies[i]` is the accuracy of node i + 1, a fraction of 1. Cutoff edges are left out unless asked for. */
export function figure(
  graph: Graph,
  accuracies: readonly (number | null | undefined)[] = [],
  withCutoff = false,
): Figure {
  const placed = layout(graph.nodes.length);
  const nodes = nodeNumbers(graph).map((node): FigureNode => {
    const role = roleOf(graph, node);
    const percent = accuracyText(accuracies[node - 1]);
    const place = placed.nodes[node - 1]!;
    const above = place.caption.y < place.y;
    return {
      ...place,
      role,
      title: nodeTitle(graph, node),
      accuracy: percent && `(${percent})`,
      titleY: percent || (place.caption.anchor === 'middle' && !above) ? -3 : above ? 13 : 5,
      idle: !reachesTarget(graph, node),
    };
  });
  const edges = placed.edges.flatMap((place): FigureEdge[] => {
    const edge = edgeOf(graph, place.source, place.destination);
    if (edge.gate === 'cutoff' && !withCutoff) return [];
    return [{ ...place, edge, gate: gateOf(edge.gate) }];
  });
  return { layout: placed, nodes, edges };
}
