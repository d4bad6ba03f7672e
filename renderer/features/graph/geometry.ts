/**
 * Plane geometry for figures. Screen coordinates: x to the right, y down, angles in degrees
 * clockwise from +x.
 */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A rectangle given by its centre and half extents. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly halfWidth: number;
  readonly halfHeight: number;
}

/** Cubic Bézier curve: start, its handle, the end's handle, end. */
export type Curve = readonly [Point, Point, Point, Point];

const RADIANS = Math.PI / 180;

export const distance = (a: Point, b: Point): number => Math.hypot(a.x - b.x, a.y - b.y);

/** Direction from one point to another, degrees in (-180, 180]. */
export const direction = (from: Point, to: Point): number =>
  Math.atan2(to.y - from.y, to.x - from.x) / RADIANS;

/** The point at a distance from another, in a direction. */
export const polar = (from: Point, degrees: number, length: number): Point => ({
  x: from.x + length * Math.cos(degrees * RADIANS),
  y: from.y + length * Math.sin(degrees * RADIANS),
});

/** The same angle in (-180, 180]. */
export function wrap(degrees: number): number {
  const turned = ((degrees % 360) + 360) % 360;
  return turned > 180 ? turned - 360 : turned;
}

/** Where the ray from a box's centre leaves the box. */
export function exitOf(box: Box, degrees: number): Point {
  const cos = Math.abs(Math.cos(degrees * RADIANS));
  const sin = Math.abs(Math.sin(degrees * RADIANS));
  return polar(box, degrees, Math.min(box.halfWidth / cos, box.halfHeight / sin));
}

/** Point of a curve at t in [0, 1] (de Casteljau, written out). */
export function pointAt([a, b, c, d]: Curve, t: number): Point {
  const s = 1 - t;
  const [i, j, k, l] = [s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t];
  return { x: i * a.x + j * b.x + k * c.x + l * d.x, y: i * a.y + j * b.y + k * c.y + l * d.y };
}

/** `count` + 1 points of a curve at even steps of t. */
export const sample = (curve: Curve, count: number): Point[] =>
  Array.from({ length: count + 1 }, (_, i) => pointAt(curve, i / count));

/** How far a point lies outside a box; 0 within it. */
export const distanceToBox = (point: Point, box: Box): number =>
  Math.hypot(
    Math.max(0, Math.abs(point.x - box.x) - box.halfWidth),
    Math.max(0, Math.abs(point.y - box.y) - box.halfHeight),
  );

/** Do two boxes share a point? */
export const overlap = (a: Box, b: Box): boolean =>
  Math.abs(a.x - b.x) < a.halfWidth + b.halfWidth &&
  Math.abs(a.y - b.y) < a.halfHeight + b.halfHeight;

/** SVG path data of a curve, to a hundredth of a pixel. */
export function pathOf([a, b, c, d]: Curve): string {
  const at = (p: Point): string => `${round(p.x)} ${round(p.y)}`;
  return `M${at(a)}C${at(b)} ${at(c)} ${at(d)}`;
}

/** SVG path data of a closed polygon. */
export const polygonOf = (corners: readonly Point[]): string =>
  `M${corners.map((p) => `${round(p.x)} ${round(p.y)}`).join('L')}Z`;

export const round = (value: number): number => Math.round(value * 100) / 100;
