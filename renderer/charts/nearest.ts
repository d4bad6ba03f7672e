/**
 * The point nearest to a place, within `reach` pixels; of equally near ones the last, which is
 * drawn on top.
 */
export function nearestPoint<Point extends { readonly x: number; readonly y: number }>(
  points: readonly Point[],
  x: number,
  y: number,
  reach = 16,
): Point | null {
  let best: Point | null = null;
  let bestSquare = reach * reach;
  for (const point of points) {
    const square = (point.x - x) ** 2 + (point.y - y) ** 2;
    if (square <= bestSquare) {
      bestSquare = square;
      best = point;
    }
  }
  return best;
}
