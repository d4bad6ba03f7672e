/**
 * What a figure of a graph shows: layout and graph brought together, for the screen and for exports
 * alike.
 */
import type { Gate } from '../../../core/gates/gate.ts';
import { gate as gateOf } from '../../../core/gates/gates.ts';
import { type Kind } from '../../../core/kinds/kind.ts';
import { kind as kindNamed } from '../../../core/kinds/kinds.ts';
import { nodeTitle } from '../../../core/graph/describe.ts';
import {
  edgeOf,
  evaluatedNodes,
  kindOf,
  reachesTarget,
  votersOf,
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
  readonly kind: Kind;
  /** Beside the arrow: a point towards the destination, or a bar where the edge repels. */
  readonly end: readonly Point[];
  /** The gate's letter and the sign of the kind: "T", "TA−". */
  readonly sign: string;
  /** "× 0.9, τ = 2" and the middle of its place, where weight or temperature is not 1. */
  readonly temperature: (Point & { readonly text: string }) | null;
}

/** A vote of a node in the ensemble, drawn as a thin neutral line. */
interface FigureVote {
  readonly voter: number;
  readonly path: string;
}

/** Colour of votes. */
export const VOTE = '#858b93';

export interface Figure {
  readonly layout: Layout;
  readonly nodes: readonly FigureNode[];
  readonly edges: readonly FigureEdge[];
  /** Empty unless asked for. */
  readonly votes: readonly FigureVote[];
}

/**
 * `accuracies[i]` is the accuracy of node i + 1, a fraction of 1; the last is the ensemble's. Cutoff
 * edges and votes are left out unless asked for.
 */
export function figure(
  graph: Graph,
  accuracies: readonly (number | null | undefined)[] = [],
  withCutoff = false,
  withVotes = false,
): Figure {
  const shown = evaluatedNodes(graph);
  const placed = layout(shown.length);
  const nodes = shown.map((node): FigureNode => {
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
    .filter(({ destination }) => destination <= graph.nodes.length)
    .map((place) => ({ ...place, edge: edgeOf(graph, place.source, place.destination) }))
    .filter(({ edge }) => withCutoff || edge.gate !== 'cutoff');
  const open = drawn.filter(({ edge }) => edge.gate !== 'cutoff');
  const softened = open.filter(({ edge }) => noteOf(edge) !== '');
  const places = new Map(
    temperaturePlaces(placed, open, softened).map((at, i) => [softened[i]!.edge, at]),
  );
  const edges = drawn.map((each): FigureEdge => {
    const at = places.get(each.edge);
    const gate = gateOf(each.edge.gate);
    const kind = kindNamed(kindOf(each.edge));
    return {
      ...each,
      ...{ gate, kind, sign: gate.letter + kind.sign },
      end: kind.repels ? barOf(each.head) : each.head,
      temperature: at ? { ...at, text: noteOf(each.edge) } : null,
    };
  });
  const voters = withVotes ? votersOf(graph) : [];
  const votes = placed.edges
    .filter(
      ({ source, destination }) => destination > graph.nodes.length && voters.includes(source),
    )
    .map(({ source, path }): FigureVote => ({ voter: source, path }));
  return { layout: placed, nodes, edges, votes };
}

/** Returns what is written beside an edge: weight and temperature other than 1. */
const noteOf = ({ weight, temperature }: Edge): string =>
  [
    ...(weight === undefined ? [] : [`× ${Number(weight.toPrecision(3))}`]),
    ...(temperature === undefined ? [] : [`τ = ${temperature}`]),
  ].join(', ');

/** Returns a bar across the end of an edge, as wide as its arrow head: it pushes. */
function barOf([tip, left, right]: PlacedEdge['head']): readonly Point[] {
  const base = { x: (left.x + right.x) / 2, y: (left.y + right.y) / 2 };
  const [x, y] = [tip.x - base.x, tip.y - base.y];
  const at = (corner: Point, along: number): Point => ({
    x: base.x + 1.3 * (corner.x - base.x) + along * x,
    y: base.y + 1.3 * (corner.y - base.y) + along * y,
  });
  const stem = (side: number, along: number): Point => ({
    x: base.x + 0.25 * side * (left.x - base.x) + along * x,
    y: base.y + 0.25 * side * (left.y - base.y) + along * y,
  });
  const [outer, inner] = [0.95, 0.6];
  return [
    ...[at(left, outer), at(right, outer), at(right, inner), stem(-1, inner), stem(-1, 0)],
    ...[stem(1, 0), stem(1, inner), at(left, inner)],
  ];
}

/** Returns the font size of a sign in radii of its circle: three letters need more room. */
export const signScale = (sign: string): number => [1, 1, 0.8, 0.62][sign.length] ?? 0.5;

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
