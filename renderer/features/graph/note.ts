/**
 * Where weights and temperatures of edges are written: beside the gate's letter, never over a
 * letter, a node or a caption, and as clear of the curves as there is room.
 */
import { distanceToBox, overlap, polar, round, sample, type Box, type Point } from './geometry.ts';
import type { Layout, PlacedEdge } from './layout.ts';

/** A drawn edge and what is written beside it; '' for nothing. */
export interface NotedEdge extends PlacedEdge {
  readonly note: string;
}

/**
 * Sizes in radii of the letter: of the font, of a text's half height, of half a character, and of
 * the halo around the text.
 */
export const NOTE_SIZE = 1.3;
const [HALF_HEIGHT, HALF_CHARACTER, HALO] = [0.7, 0.36, 0.2];
/** Letters and texts of a figure that is shown small are so many times larger than its layout. */
export const MOST_GROWTH = 1.25;
/** Gaps between the letter's circle and the text, in radii of the circle; the nearest first. */
const GAPS = [0.2, 0.5, 0.9, 1.4, 2, 2.8, 3.8, 5, 6.5, 8];
/** More room than this is worth nothing, in pixels. */
const ENOUGH = 3;
/** Pixels of room that a gap of one radius costs: better over a curve than far away. */
const FAR = 3;
/** Pixels of room that lying over a curve costs. */
const CROSSING = 9;
/** From this gap on a text is no longer seen as its letter's: each radius more costs `STRANGE`. */
const [NEAR, STRANGE] = [3.8, 10];
/** What it costs to cover a letter, a node or another text: once, and for each pixel. */
const COVERING = 100;

/** The box of a text around its middle, in a layout with letters of this radius. */
export const noteBox = (middle: Point, text: string, radius: number): Box => ({
  ...middle,
  halfWidth: radius * (HALF_CHARACTER * text.length + HALO),
  halfHeight: radius * HALF_HEIGHT,
});

/** How far a box around the origin reaches in a direction. */
function reach({ halfWidth, halfHeight }: Box, degrees: number): number {
  const turn = (degrees * Math.PI) / 180;
  return Math.min(
    halfWidth / Math.max(1e-9, Math.abs(Math.cos(turn))),
    halfHeight / Math.max(1e-9, Math.abs(Math.sin(turn))),
  );
}

/**
 * Middles of the texts by edge. Where a figure is too full for clear places, a text lies over a
 * curve: it has a halo.
 */
export function notePlaces<Edge extends NotedEdge>(
  { nodes, label, letterRadius }: Layout,
  drawn: readonly Edge[],
): Map<Edge, Point> {
  const radius = letterRadius * MOST_GROWTH;
  const lines = drawn.flatMap(({ curve, head }) => [...sample(curve, 24), ...head]);
  const boxes: Box[] = [label, ...nodes.map((node) => node.caption)];
  /** The least room to what a text must not cover; negative where it does. */
  const roomAt = (place: Box): number => {
    if (boxes.some((box) => overlap(box, place))) return -radius;
    let room = ENOUGH;
    for (const { letter } of drawn) room = Math.min(room, distanceToBox(letter, place) - radius);
    for (const node of nodes) room = Math.min(room, distanceToBox(node, place) - node.radius);
    return room;
  };
  const places = new Map<Edge, Point>();
  for (const edge of drawn) {
    if (edge.note === '') continue;
    let best: { score: number; place: Box } | undefined;
    for (const gap of GAPS) {
      if (best && best.score >= ENOUGH - FAR * gap) break;
      for (let turn = 0; turn < 360; turn += 15) {
        const size = noteBox({ x: 0, y: 0 }, edge.note, radius);
        const away = radius * (1 + gap) + reach(size, turn);
        const place = { ...size, ...polar(edge.letter, turn, away) };
        let room = roomAt(place);
        for (const point of lines) {
          if (room <= 0) break;
          room = Math.min(room, distanceToBox(point, place));
        }
        const worth = room < 0 ? COVERING * (room - 1) : room === 0 ? -CROSSING : room;
        const score = worth - FAR * gap - STRANGE * Math.max(0, gap - NEAR);
        if (!best || score > best.score) best = { score, place };
      }
    }
    boxes.push(best!.place);
    places.set(edge, { x: round(best!.place.x), y: round(best!.place.y) });
  }
  return places;
}
