/**
 * Where the nodes, edges, arrow heads, letters and captions of a graph with M nodes lie. The places
 * depend on M alone, so graphs of the same size can be compared at a glance, whichever of their
 * edges are drawn.
 *
 * Node 1 (the target) is on top, the others follow clockwise around the label: each label edge is a
 * straight spoke. Every end of an edge has its own
 * slot on its node's border; slots are evenly spaced around the direction in which the node faces,
 * in the order of the neighbours, so the edges fan out without meeting. An edge keeps to the right
 * of its way: the two of a pair bow apart.
 */
import {
  direction,
  distance,
  exitOf,
  pathOf,
  pointAt,
  polar,
  round,
  sample,
  wrap,
  type Box,
  type Curve,
  type Point,
} from './geometry.ts';
import { LABEL } from '../../../core/graph/graph.ts';
import { shapes, type Shape, type Side } from './shapes.ts';

/** The largest number of networks that has a layout; beside them there is room for an ensemble. */
export const LARGEST = 7;

export interface PlacedNode extends Point {
  /** 1..M */
  readonly node: number;
  readonly radius: number;
  /** Where the architecture and the accuracy stand, two lines, on the side away from the edges. */
  readonly caption: Box & { readonly anchor: 'start' | 'middle' | 'end' };
}

export interface PlacedEdge {
  readonly source: number;
  readonly destination: number;
  /** From the source's border to the base of the head. */
  readonly curve: Curve;
  readonly path: string;
  /** Tip on the destination's border, then the two corners of the base. */
  readonly head: readonly [Point, Point, Point];
  /** Centre of the gate's letter, on the curve. */
  readonly letter: Point;
}

/** Left, top, width, height. */
export type ViewBox = readonly [number, number, number, number];

export interface Layout {
  /** Holds everything, captions too. */
  readonly viewBox: ViewBox;
  /** Holds nodes and edges: the frame of a thumbnail. */
  readonly closeBox: ViewBox;
  readonly label: Box;
  readonly nodes: readonly PlacedNode[];
  /**
   * Of the circle around a gate's letter: larger where many nodes make the figure large, which is
   * then shown smaller.
   */
  readonly letterRadius: number;
  /** All M*M edges, ordered by destination then source. */
  readonly edges: readonly PlacedEdge[];
}

/** Pixels. */
const HEAD = { length: 11, halfWidth: 4.5 };
const LABEL_BOX = { halfWidth: 27, halfHeight: 15 };
const CAPTION = { halfWidth: 40, halfHeight: 17, gap: 5 };
const MARGIN = 6;

const known = new Map<number, Layout>();

/** The layout of graphs with `size` networks and ensembles. Throws RangeError for too many. */
export function layout(size: number): Layout {
  let placed = known.get(size);
  if (!placed) {
    const shape = shapes[size - 1];
    if (!shape) throw new RangeError(`a figure has 1 to ${LARGEST} nodes, not ${size}`);
    placed = place(shape);
    known.set(size, placed);
  }
  return placed;
}

function place(shape: Shape): Layout {
  const label: Box = { ...shape.label, ...LABEL_BOX };
  const nodes = shape.nodes.map((node, i): PlacedNode => ({
    node: i + 1,
    x: node.x,
    y: node.y,
    radius: shape.radius,
    caption: captionBox(node, shape.radius, node.caption),
  }));
  const slots = shape.nodes.map((_, i) => slotsOf(shape, i + 1));
  const edges = nodes.flatMap(({ node: destination }) =>
    Array.from({ length: nodes.length + 1 }, (_, source) => source)
      .filter((source) => source !== destination)
      .map((source) => edge(shape, label, slots, source, destination)),
  );
  const drawn: Box[] = [label];
  for (const { x, y, radius } of nodes) drawn.push({ x, y, halfWidth: radius, halfHeight: radius });
  for (const { curve } of edges) {
    for (const point of sample(curve, 32)) drawn.push({ ...point, halfWidth: 1, halfHeight: 1 });
  }
  return {
    label,
    nodes,
    letterRadius: shape.letterRadius,
    edges: withLetters(edges, shape.letterRadius),
    viewBox: frame([...drawn, ...nodes.map((node) => node.caption)]),
    closeBox: frame(drawn),
  };
}

/** Key of an edge's end at a node: by the neighbour, and whether the edge comes in. */
const endKey = (neighbour: number, incoming: boolean): string =>
  `${incoming ? 'from' : 'to'} ${neighbour}`;

/**
 * Angle of every edge end on a node's border. Looking at a neighbour, its edge arrives to the left
 * of mine to it, so heads and tails take turns; only the label's head, which has no tail beside it,
 * needs a wider slot.
 */
function slotsOf(shape: Shape, node: number): Map<string, number> {
  const here = shape.nodes[node - 1]!;
  const turn = (to: Point): number => wrap(direction(here, to) - here.faces);
  const ends = [{ key: endKey(0, true), turn: turn(shape.label), width: shape.labelSlot }];
  shape.nodes.forEach((there, i) => {
    if (i + 1 === node) return;
    ends.push({ key: endKey(i + 1, true), turn: turn(there) - 0.01, width: 1 });
    ends.push({ key: endKey(i + 1, false), turn: turn(there) + 0.01, width: 1 });
  });
  ends.sort((a, b) => a.turn - b.turn);
  let angle = here.faces - (shape.step * (ends.length - 1 + shape.labelSlot)) / 2;
  const slots = new Map<string, number>();
  for (const { key, width } of ends) {
    slots.set(key, angle + (shape.step * width) / 2);
    angle += shape.step * width;
  }
  return slots;
}

function edge(
  shape: Shape,
  label: Box,
  slots: readonly Map<string, number>[],
  source: number,
  destination: number,
): Omit<PlacedEdge, 'letter'> {
  const to = shape.nodes[destination - 1]!;
  const arriving = slots[destination - 1]!.get(endKey(source, true))!;
  const tip = polar(to, arriving, shape.radius + 1.5);
  const base = polar(to, arriving, shape.radius + 1.5 + HEAD.length);
  const corner = (side: number): Point => polar(base, arriving + side * 90, HEAD.halfWidth);
  const from = source === 0 ? label : shape.nodes[source - 1]!;
  const leaving =
    source === 0 ? direction(label, base) : slots[source - 1]!.get(endKey(destination, false))!;
  const start = source === 0 ? exitOf(label, leaving) : polar(from, leaving, shape.radius);
  const handle = shape.bend * distance(start, base);
  const curve: Curve = [start, polar(start, leaving, handle), polar(base, arriving, handle), base];
  return {
    source,
    destination,
    curve,
    path: pathOf(curve),
    head: [tip, corner(-1), corner(1)],
  };
}

/**
 * Pixels from the head's base back to the places a letter may have, the best first: of a label edge
 * its middle, of an edge between nodes as near to the head as there is room.
 */
function letterPlaces({ source }: { source: number }, length: number, radius: number): number[] {
  const [first, last] =
    source === LABEL ? [radius + 2, length - radius] : [radius + 7, length * 0.6];
  const places = Array.from(
    { length: Math.max(0, Math.floor((last - first) / 3) + 1) },
    (_, i) => first + 3 * i,
  );
  const fromMiddle = (at: number): number => Math.abs(at - length / 2);
  if (source !== LABEL) return places;
  return [length / 2, ...places.sort((a, b) => fromMiddle(a) - fromMiddle(b))];
}

/**
 * Puts each letter on its curve, at the first of its places that is clear of the other curves,
 * heads and letters; where nothing is clear enough, at the clearest place.
 */
function withLetters(edges: readonly Omit<PlacedEdge, 'letter'>[], radius: number): PlacedEdge[] {
  const enough = radius + 2.5;
  const obstacles = edges.map((edge) => [...sample(edge.curve, 48), ...edge.head]);
  const letters: Point[] = [];
  return edges.map((edge, self) => {
    const length = distance(edge.curve[0], edge.curve[3]);
    let best = { place: edge.curve[3], room: -1 };
    for (const from of letterPlaces(edge, length, radius)) {
      if (best.room >= enough) break;
      const place = pointAt(edge.curve, 1 - from / length);
      let room = enough;
      obstacles.forEach((points, other) => {
        if (other !== self)
          for (const point of points) room = Math.min(room, distance(place, point));
      });
      for (const letter of letters) room = Math.min(room, distance(place, letter) - radius);
      if (room > best.room) best = { place, room };
    }
    letters.push(best.place);
    return { ...edge, letter: { x: round(best.place.x), y: round(best.place.y) } };
  });
}

function captionBox(at: Point, radius: number, side: Side): PlacedNode['caption'] {
  const { halfWidth, halfHeight, gap } = CAPTION;
  const [dx, dy] = { below: [0, 1], above: [0, -1], left: [-1, 0], right: [1, 0] }[side] as [
    number,
    number,
  ];
  return {
    x: at.x + dx * (radius + gap + halfWidth),
    y: at.y + dy * (radius + gap + halfHeight),
    halfWidth,
    halfHeight,
    anchor: side === 'left' ? 'end' : side === 'right' ? 'start' : 'middle',
  };
}

/** The smallest view box around some boxes, with a margin. */
function frame(boxes: readonly Box[]): ViewBox {
  const left = Math.min(...boxes.map((box) => box.x - box.halfWidth)) - MARGIN;
  const right = Math.max(...boxes.map((box) => box.x + box.halfWidth)) + MARGIN;
  const top = Math.min(...boxes.map((box) => box.y - box.halfHeight)) - MARGIN;
  const bottom = Math.max(...boxes.map((box) => box.y + box.halfHeight)) + MARGIN;
  return [round(left), round(top), round(right - left), round(bottom - top)];
}
