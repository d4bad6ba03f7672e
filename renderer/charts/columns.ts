/**
 * Curves of more points than pixels: the epochs that share a column of pixels are drawn as a
 * line from their lowest to their highest value, which paints the same picture.
 */
import type { Scale } from './axes.ts';

/** A column with at most so many epochs is drawn point by point. */
const FEW = 4;

/** Epochs that share a column of pixels. */
export interface Column {
  readonly first: number;
  /** The first epoch of the next column. */
  readonly end: number;
  /** Pixels: one for each epoch of a column of few, one for all of a column of many. */
  readonly xs: readonly number[];
}

/** The columns of the epochs `first` to `last`, from left to right. */
export function columnsOf(x: Scale, first: number, last: number): Column[] {
  const columns: Column[] = [];
  for (let epoch = first; epoch <= last;) {
    const pixel = Math.floor(x(epoch));
    const next = Math.ceil(x.invert(pixel + 1));
    const end = Math.min(last + 1, Math.max(epoch + 1, next));
    const xs =
      end - epoch <= FEW
        ? Array.from({ length: end - epoch }, (_, i) => x(epoch + i))
        : [pixel + 0.5];
    columns.push({ first: epoch, end, xs });
    epoch = end;
  }
  return columns;
}

/**
 * A curve in pixels: x, y, x, y, ...; NaN where nothing was measured.
 *
 * @param values one for each epoch from 1; null where nothing was measured
 */
export function pointsOf(
  values: readonly (number | null)[],
  columns: readonly Column[],
  y: Scale,
): number[] {
  const points: number[] = [];
  for (const { first, end, xs } of columns) {
    const last = Math.min(end, values.length + 1);
    if (xs.length === end - first)
      for (let epoch = first; epoch < last; epoch++)
        points.push(xs[epoch - first]!, pixelOf(values[epoch - 1] ?? null, y));
    else pushColumn(points, values, first, last, xs[0]!, y);
  }
  return points;
}

const pixelOf = (value: number | null, y: Scale): number => (value === null ? NaN : y(value));

/** Adds the lowest and the highest value of every run without a gap, first the nearer one. */
function pushColumn(
  points: number[],
  values: readonly (number | null)[],
  first: number,
  end: number,
  x: number,
  y: Scale,
): void {
  for (let epoch = first; epoch < end;) {
    let [low, high] = [Infinity, -Infinity];
    for (; epoch < end; epoch++) {
      const value = values[epoch - 1] ?? null;
      if (value === null) break;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    if (low <= high) pushPair(points, x, y(low), y(high));
    if (epoch >= end) return;
    points.push(x, NaN);
    while (epoch < end && values[epoch - 1] === null) epoch++;
  }
}

function pushPair(points: number[], x: number, low: number, high: number): void {
  const before = points.at(-1) ?? NaN;
  const highFirst = Math.abs(before - high) < Math.abs(before - low);
  if (highFirst) points.push(x, high, x, low);
  else points.push(x, low, x, high);
}
