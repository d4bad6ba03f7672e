/** Which rows of a long table stand on screen: all rows have one height. */

/** Rows drawn beyond each edge of the screen, so that scrolling shows no gap. */
const SPARE_ROWS = 4;

interface View {
  /** Pixels above the first visible one. */
  readonly scrollTop: number;
  /** Visible pixels. */
  readonly height: number;
  /** Pixels of a row. */
  readonly row: number;
  /** Rows drawn beyond each edge; 4 when absent. */
  readonly spare?: number | undefined;
}

/** First row to draw, and the row after the last. */
export function rowsInView(
  count: number,
  { scrollTop, height, row, spare = SPARE_ROWS }: View,
): { first: number; end: number } {
  const first = Math.max(0, Math.floor(scrollTop / row) - spare);
  return { first, end: Math.min(count, first + Math.ceil(height / row) + 2 * spare) };
}

/** Where the table scrolls to so that a row is visible; where it is when the row is already. */
export function scrollTopFor(index: number, { scrollTop, height, row }: View): number {
  const top = index * row;
  if (top < scrollTop) return top;
  return top + row > scrollTop + height ? top + row - height : scrollTop;
}

/** Steps that a key moves the selection by; undefined for other keys. `visible`: rows on screen. */
export const stepsOf = (key: string, count: number, visible: number): number | undefined =>
  ({
    ArrowDown: 1,
    ArrowUp: -1,
    PageDown: visible,
    PageUp: -visible,
    Home: -count,
    End: count,
  })[key];
