import type { Row } from './table.ts';

/** A column with a pivot below this share of its scale depends on earlier columns. */
const DEPENDENT = 1e-9;

/**
 * Sweeps a symmetric matrix in place (the sweep operator of J. H. Goodnight, The American
 * Statistician 33, 1979): the swept columns become their inverse. Columns that depend on earlier
 * ones are skipped.
 *
 * @param matrix row by row
 * @param columns number of columns to sweep, from the first on
 * @param scale of each column; default: its diagonal element
 * @returns true for each swept column
 */
export function sweep(
  matrix: Float64Array,
  width: number,
  columns: number,
  scale = Float64Array.from({ length: columns }, (_, at) => matrix[at * width + at]!),
): boolean[] {
  return Array.from({ length: columns }, (_, k) => {
    const pivot = matrix[k * width + k]!;
    if (pivot <= DEPENDENT * scale[k]! || pivot <= 0) return false;
    for (let i = 0; i < width; i++) {
      if (i === k) continue;
      const factor = matrix[i * width + k]! / pivot;
      if (factor === 0) continue;
      for (let j = 0; j < width; j++)
        if (j !== k) matrix[i * width + j]! -= factor * matrix[k * width + j]!;
      matrix[i * width + k] = -factor;
    }
    for (let j = 0; j < width; j++) if (j !== k) matrix[k * width + j]! /= pivot;
    matrix[k * width + k] = 1 / pivot;
    return true;
  });
}

/** A linear model with the mean and one effect per choice. */
export interface LinearModel {
  /** First column of each dimension; column 0 is the mean. */
  readonly offsets: readonly number[];
  readonly width: number;
  /**
   * Columns that are 1 in each row: `offsets.length + 1` of them, -1 for a choice without meaning.
   */
  readonly columns: Int32Array;
  /** Columns that the rows determine; all others have effect 0. */
  readonly known: readonly boolean[];
  /** Gram matrix, row by row: the number of rows in which two columns are both 1. */
  readonly gram: Float64Array;
  /** Inverse of the swept part of the Gram matrix, row by row. */
  readonly inverse: Float64Array;
  readonly effects: Float64Array;
  readonly residuals: Float64Array;
  readonly rank: number;
  /** Sum of squared residuals; exactly 0 when only rounding remains. */
  readonly rss: number;
}

/** Fits the values on all choices by least squares; `rows` from `usable`. */
export function fit(sizes: readonly number[], rows: readonly Row[]): LinearModel {
  const offsets: number[] = [];
  let width = 1;
  for (const size of sizes) {
    offsets.push(width);
    width += size;
  }
  const full = width + 1;
  const columns = columnsOf(offsets, rows);
  const each = offsets.length + 1;
  // Subtracting the first value makes equal values exactly 0.
  const values = Float64Array.from(rows, ({ value }) => value - rows[0]!.value);
  const swept = normalEquations(columns, each, values, full);
  const gram = blockOf(swept, full, width);
  const total = swept.at(-1)!;
  const known = sweep(swept, full, width);
  const effects = Float64Array.from(known, (isKnown, i) =>
    isKnown ? swept[i * full + width]! : 0,
  );
  const residuals = values.map((value, at) => {
    let rest = value;
    for (let i = 0; i < each; i++) rest -= effects[columns[at * each + i]!] ?? 0;
    return rest;
  });
  const squares = residuals.reduce((sum, each) => sum + each * each, 0);
  const inverse = blockOf(swept, full, width).map((value, at) =>
    known[Math.floor(at / width)] && known[at % width] ? value : 0,
  );
  const rank = known.filter(Boolean).length;
  const rss = squares <= 1e-20 * total ? 0 : squares;
  return { offsets, width, columns, known, gram, inverse, effects, residuals, rank, rss };
}

/** Returns the sums of products of all columns, the values last. */
function normalEquations(
  columns: Int32Array,
  each: number,
  values: Float64Array,
  full: number,
): Float64Array {
  const last = full - 1;
  const sums = new Float64Array(full * full);
  for (const [at, y] of values.entries()) {
    for (let k = at * each; k < (at + 1) * each; k++) {
      const i = columns[k]!;
      if (i < 0) continue;
      // Columns ascend, so this fills the upper triangle.
      for (let l = k; l < (at + 1) * each; l++)
        if (columns[l]! >= 0) sums[i * full + columns[l]!]!++;
      sums[i * full + last]! += y;
    }
    sums[last * full + last]! += y * y;
  }
  for (let i = 0; i < full; i++)
    for (let j = 0; j < i; j++) sums[i * full + j] = sums[j * full + i]!;
  return sums;
}

/** Returns the first `width` rows and columns. */
function blockOf(matrix: Float64Array, full: number, width: number): Float64Array {
  const block = new Float64Array(width * width);
  for (let i = 0; i < width; i++) block.set(matrix.subarray(i * full, i * full + width), i * width);
  return block;
}

/**
 * Returns the columns that are 1, row by row: the mean's, then one per dimension; -1 for a choice
 * without meaning.
 */
function columnsOf(offsets: readonly number[], rows: readonly Row[]): Int32Array {
  const each = offsets.length + 1;
  const columns = new Int32Array(rows.length * each);
  for (const [at, { picks }] of rows.entries())
    for (let d = 0; d < offsets.length; d++) {
      const pick = picks[d]!;
      columns[at * each + d + 1] = pick === null ? -1 : offsets[d]! + pick;
    }
  return columns;
}

/**
 * Returns a weighted sum of effects with its variance in units of the residual variance; null when
 * the rows do not determine it.
 *
 * @param weights by column
 */
export function contrast(
  model: LinearModel,
  weights: ReadonlyMap<number, number>,
): { value: number; variance: number } | null {
  const { width, inverse, gram, effects } = model;
  const spread = new Float64Array(width);
  for (const [column, weight] of weights)
    for (let j = 0; j < width; j++) spread[j]! += weight * inverse[column * width + j]!;
  // The sum is determined when it is a combination of rows: weights = weights * inverse * Gram.
  const back = new Float64Array(width);
  for (let i = 0; i < width; i++) {
    if (spread[i] === 0) continue;
    for (let j = 0; j < width; j++) back[j]! += spread[i]! * gram[i * width + j]!;
  }
  let value = 0;
  let variance = 0;
  for (let j = 0; j < width; j++) {
    const weight = weights.get(j) ?? 0;
    if (Math.abs(back[j]! - weight) > 1e-6) return null;
    value += weight * effects[j]!;
    variance += weight * spread[j]!;
  }
  return { value, variance: Math.max(0, variance) };
}
