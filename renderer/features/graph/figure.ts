/**
 * What a figure of a graph shows: layout and graph brought together, for the screen and for exports
 * alike.
 */
import type { Gate } from '../../../core/gates/gate.ts';
import { gate as gateOf } from '../../../core/gates/gates.ts';
import { nodeTitle } from '../../../core/graph/describe.ts';
import {
  edgeOf,
  nodeNumbers,
  reachesTarget,
  temperatureOf,
  type Edge,
  type Graph,
} from '../../../core/graph/graph.ts';
import { roleOf, type Role } from '../../../core/graph/roles.ts';
import type { Point } from './geometry.ts';
import { layout, type Layout, type PlacedEdge, type PlacedNode } from './layout.ts';
import { temperaturePlaces } from './temperature.ts';
import { accuracyText } from '../../words/graph.ts';

export interface FigureNode extends PlacedNode {
  readonly role: Role;
  /** First line of the caption; a pretrained network has a star, as in the paper's Table 2. */
  readonly title: string;
  /** Second line: "(73.46)", or ''. */
  readonly accuracy: string;
  /**
   * Baseline of the first line from the caption's middle: alone it stands where it is nearest to
   * its node.
   */
  readonly titleY: number;
  /** No path of open edges leads to the target: drawn hollow, and not trained. */
  readonly idle: boolean;
}

/** The text for idle nodes in legends. */
export const IDLE = 'Does not reach the target: not trained';

export interface FigureEdge extends PlacedEdge {
  readonly edge: Edge;
  readonly gate: Gate;
  /** "τ = 2" and the middle of its place, where the temperature is not 1. */
  readonly temperature: (Point & { readonly text: string }) | null;
}

export interface Figure {
  readonly layout: Layout;
  readonly nodes: readonly FigureNode[];
  readonly edges: readonly FigureEdge[];
}

/**
 * `accuracies[i]` is the accuracy of node i + 1, a fraction of 1. Cutoff edges are left out unless
 * asked for.
 */
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
  const drawn = placed.edges
    .map((place) => ({ ...place, edge: edgeOf(graph, place.source, place.destination) }))
    .filter(({ edge }) => withCutoff || edge.gate !== 'cutoff');
  const open = drawn.filter(({ edge }) => edge.gate !== 'cutoff');
  const softened = open.filter(({ edge }) => temperatureOf(edge) !== 1);
  const places = new Map(
    temperaturePlaces(placed, open, softened).map((at, i) => [softened[i]!.edge, at]),
  );
  const edges = drawn.map((each): FigureEdge => {
    const at = places.get(each.edge);
    return {
      ...each,
      gate: gateOf(each.edge.gate),
      temperature: at ? { ...at, text: `τ = ${temperatureOf(each.edge)}` } : null,
    };
  });
  return { layout: placed, nodes, edges };
}

/**
 * A gate's line style at another thickness than the figure's own, so that it can still be told from
 * the others.
 */
export const dashAt = (dash: string, scale: number): string =>
  dash === 'none'
    ? dash
    : dash
        .split(' ')
        .map((length) => Number(length) * scale)
        .join(' ');
