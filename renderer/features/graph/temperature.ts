/**
 * Where the temperatures of edges are written: beside the gate's letter, as clear of everything
 * drawn as there is room.
 */
import { distanceToBox, overlap, polar, round, sample, type Box, type Point } from './geometry.ts';
import type { Layout, PlacedEdge } from './layout.ts';

/** Of the text, in radii of the letter. */
const [HALF_WIDTH, HALF_HEIGHT] = [1.8, 0.8];
/** How far from the letter it may lie, in its radii; the nearest first. */
const AWAY = [1.6, 1.9, 2.2, 2.6, 3, 3.4];
/** More room than this is worth nothing, in pixels. */
const ENOUGH = 3;

/**
 * Middles of the texts for some of the drawn edges, in their order. Where a figure is too full for
 * clear places, a text lies over a curve: it has a halo.
 */
export function temperaturePlaces(
  { nodes, label, letterRadius: radius }: Layout,
  drawn: readonly PlacedEdge[],
  softened: readonly PlacedEdge[],
): Point[] {
  const lines = drawn.flatMap(({ curve, head }) => [...sample(curve, 24), ...head]);
  const boxes: Box[] = [label, ...nodes.map((node) => node.caption)];
  return softened.map((edge) => {
    const letters = drawn.filter((other) => other !== edge).map(({ letter }) => letter);
    let best: { room: number; place: Box } | undefined;
    for (const away of AWAY)
      for (let turn = 0; turn < 360; turn += 30) {
        const place = {
          ...polar(edge.letter, turn, away * radius),
          halfWidth: radius * HALF_WIDTH,
          halfHeight: radius * HALF_HEIGHT,
        };
        if (boxes.some((box) => overlap(box, place))) continue;
        let room = Math.min(ENOUGH, distanceToBox(edge.letter, place) - radius);
        for (const point of lines) room = Math.min(room, distanceToBox(point, place));
        for (const letter of letters) room = Math.min(room, distanceToBox(letter, place) - radius);
        for (const node of nodes) room = Math.min(room, distanceToBox(node, place) - node.radius);
        if (!best || room > best.room) best = { room, place };
      }
    const { x, y } = best?.place ?? edge.letter;
    if (best) boxes.push(best.place);
    return { x: round(x), y: round(y) };
  });
}
