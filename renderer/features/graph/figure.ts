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
  goalOf,
  kindOf,
  nodeNumbers,
  reachesTarget,
  votersOf,
  type Edge,
  type Graph,
} from '../../../core/graph/graph.ts';
import { roleOf, type Role } from '../../../core/graph/roles.ts';
import { round, type Point } from './geometry.ts';
import { layout, type Layout, type PlacedEdge, type PlacedNode, type ViewBox } from './layout.ts';
import { MOST_GROWTH, noteBox, notePlaces } from './note.ts';
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
  readonly note: (Point & { readonly text: string }) | null;
  /** Drawn at `PALE` of its strength: in a crowded figure it does not lead into the target. */
  readonly pale: boolean;
}

/** Strength of edges that do not lead into the target, in figures of at least so many networks. */
export const PALE = 0.25;
const CROWDED = 6;

/** A vote of a node in the ensemble, drawn as a thin neutral line. */
interface FigureVote {
  readonly voter: number;
  /** From the voter's border to the ensemble's. */
  readonly path: string;
  readonly pale: boolean;
}

/** Colour of votes, and their text in legends. */
export const VOTE = '#858b93';
export const VOTES = 'Vote in the ensemble';

export interface Figure {
  readonly layout: Layout;
  /** The layout's, wider where a note needs it. */
  readonly viewBox: ViewBox;
  readonly nodes: readonly FigureNode[];
  readonly edges: readonly FigureEdge[];
  /** Empty unless asked for. */
  readonly votes: readonly FigureVote[];
}

export interface FigureOptions {
  /** Whether edges that are cut are drawn. */
  readonly cutoff?: boolean;
  /** Whether votes of an ensemble are drawn. */
  readonly votes?: boolean;
  /** Whether all edges are strong, however many networks there are. */
  readonly all?: boolean;
}

/** Whether the figure of a graph draws some edges pale unless all are asked for. */
export const isCrowded = ({ nodes }: Graph): boolean => nodes.length >= CROWDED;

/** Networks whose edges stay strong in a crowded figure: the target, or the voters of the goal. */
function strongNodes(graph: Graph): readonly number[] {
  const goal = goalOf(graph);
  return goal > graph.nodes.length ? votersOf(graph) : [goal];
}

/**
 * `accuracies[i]` is the accuracy of node i + 1, a fraction of 1; the last is the ensemble's. Cutoff
 * edges and votes are left out unless asked for.
 */
export function figure(
  graph: Graph,
  accuracies: readonly (number | null | undefined)[] = [],
  { cutoff = false, votes: withVotes = false, all = false }: FigureOptions = {},
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
    .filter(({ edge }) => cutoff || edge.gate !== 'cutoff');
  const places = placesOfNotes(graph, placed, drawn);
  const strong = isCrowded(graph) && !all ? strongNodes(graph) : nodeNumbers(graph);
  const edges = drawn.map((each): FigureEdge => {
    const gate = gateOf(each.edge.gate);
    const kind = kindNamed(kindOf(each.edge));
    return {
      ...each,
      ...{ gate, kind, sign: gate.letter + kind.sign },
      end: kind.repels ? barOf(each.head) : each.head,
      note: places.get(each.edge) ?? null,
      pale: !strong.includes(each.destination),
    };
  });
  const voters = withVotes ? votersOf(graph) : [];
  const votes = placed.edges
    .filter(
      ({ source, destination }) => destination > graph.nodes.length && voters.includes(source),
    )
    .map(({ source, path, head: [tip] }): FigureVote => ({
      voter: source,
      path: `${path}L${round(tip.x)} ${round(tip.y)}`,
      pale: isCrowded(graph) && !all,
    }));
  return { layout: placed, viewBox: boxAround(placed, edges), nodes, edges, votes };
}

function boxAround({ viewBox, letterRadius }: Layout, edges: readonly FigureEdge[]): ViewBox {
  let [left, top] = viewBox;
  let [right, bottom] = [left + viewBox[2], top + viewBox[3]];
  for (const { note } of edges) {
    if (!note) continue;
    const { x, y, halfWidth, halfHeight } = noteBox(note, note.text, letterRadius * MOST_GROWTH);
    [left, right] = [Math.min(left, x - halfWidth), Math.max(right, x + halfWidth)];
    [top, bottom] = [Math.min(top, y - halfHeight), Math.max(bottom, y + halfHeight)];
  }
  return [round(left), round(top), round(right - left), round(bottom - top)];
}

type FigureNote = NonNullable<FigureEdge['note']>;

/** By graph: its accuracies change with every epoch, the places of its notes never. */
const knownNotes = new WeakMap<Graph, Map<Edge, FigureNote>>();

/** Notes of the open edges that have one, by edge. */
function placesOfNotes(
  graph: Graph,
  placed: Layout,
  drawn: readonly (PlacedEdge & { edge: Edge })[],
): Map<Edge, FigureNote> {
  const known = knownNotes.get(graph);
  if (known) return known;
  const open = drawn
    .filter(({ edge }) => edge.gate !== 'cutoff')
    .map((each) => ({ ...each, note: noteOf(each.edge) }));
  const notes = new Map(
    [...notePlaces(placed, open)].map(([{ edge, note }, at]) => [edge, { ...at, text: note }]),
  );
  knownNotes.set(graph, notes);
  return notes;
}

/** Returns what is written beside an edge: weight and temperature other than 1. */
export const noteOf = ({ weight, temperature }: Edge): string =>
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

/** Pixels of the shortest dash that can be told from a line. */
const SHORTEST_DASH = 1.6;

/**
 * Factor of the gates' line styles where a user unit has `scale` pixels: as for the lines, but the
 * dots of Correct (3 units) never become shorter than 1.6 pixels.
 */
export const dashScale = (lineScale: number, scale: number): number =>
  Math.max(lineScale, SHORTEST_DASH / (3 * scale));

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
