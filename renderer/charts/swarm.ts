/**
 * Pixels by which dots of one column step aside so that they do not hide each other: the first dot
 * at a height stays in the middle, the next ones stand beside it in turn.
 *
 * @param ys heights of the dots; a dot that is added moves none of those before it unless the row
 * becomes too wide
 * @param step pixels of a dot
 * @param half pixels from the middle to the side
 */
export function swarm(
  ys: readonly number[],
  { step, half }: { readonly step: number; readonly half: number },
): number[] {
  const rowOf = (y: number): number => Math.round(y / step);
  const counts = new Map<number, number>();
  for (const y of ys) counts.set(rowOf(y), (counts.get(rowOf(y)) ?? 0) + 1);
  const placed = new Map<number, number>();
  return ys.map((y) => {
    const row = rowOf(y);
    const place = placed.get(row) ?? 0;
    placed.set(row, place + 1);
    const room = half / Math.max(1, Math.ceil((counts.get(row)! - 1) / 2));
    const side = place % 2 === 1 ? 1 : -1;
    return place === 0 ? 0 : Math.ceil(place / 2) * side * Math.min(step, room);
  });
}
