import { benjaminiHochberg } from './correction.ts';
import { fTail } from './distributions.ts';
import { type LinearModel, fit, sweep } from './linear.ts';
import { type Table, usable } from './table.ts';

/** Interaction of two dimensions beyond their main effects. */
export interface Interaction {
  a: number;
  b: number;
  /**
   * F of the pair's cells in addition to all main effects, with degrees of freedom and p; exact for
   * a perfect fit.
   */
  f: number;
  above: number;
  below: number;
  p: number;
  /** Corrected over all pairs of the table (Benjamini-Hochberg). */
  adjusted: number;
}

/** Most pairs to test: the strongest by a cheap estimate. */
const TESTED = 60;

/** Returns pair interactions, smallest p first; empty for too few trials. */
export function interactions(table: Table): Interaction[] {
  const rows = usable(table);
  const { sizes } = table;
  const model = fit(sizes, rows);
  // So it is without rows.
  if (model.rss === 0) return [];
  const open = sizes.flatMap((size, at) => (size > 1 ? [at] : []));
  const pairs = open.flatMap((b, at) =>
    open.slice(0, at).map((a) => ({ a, b, sight: sightOf(cellsOf(sizes, model, a, b), model) })),
  );
  const strongest = pairs.toSorted((x, y) => y.sight - x.sight).slice(0, TESTED);
  const tested = strongest.flatMap(
    ({ a, b }) => testOf(cellsOf(sizes, model, a, b), rows.length, model, a, b) ?? [],
  );
  // Untested pairs count as p = 1.
  const rest = new Array<number>(pairs.length - strongest.length).fill(1);
  const adjusted = benjaminiHochberg([...tested.map(({ p }) => p), ...rest]);
  return tested
    .map((each, at) => ({ ...each, adjusted: adjusted[at]! }))
    .sort((x, y) => x.p - y.p || y.f - x.f);
}

/** Cells of a pair of dimensions. */
interface Cells {
  count: number;
  /** The cell of each trial; -1 where a choice of the pair has no meaning. */
  of: Int32Array;
}

function cellsOf(
  sizes: readonly number[],
  { offsets, columns, residuals }: LinearModel,
  a: number,
  b: number,
): Cells {
  const each = offsets.length + 1;
  const [across, from] = [sizes[b]!, offsets[a]! * sizes[b]! + offsets[b]!];
  const of = new Int32Array(residuals.length);
  for (let at = 0; at < of.length; at++) {
    const [first, second] = [columns[at * each + a + 1]!, columns[at * each + b + 1]!];
    of[at] = first < 0 || second < 0 ? -1 : first * across + second - from;
  }
  return { count: sizes[a]! * across, of };
}

/**
 * Returns a cheap estimate: the sum of squares that a pair's cells would explain if they were
 * independent of the main effects.
 */
function sightOf({ count, of }: Cells, { residuals }: LinearModel): number {
  const sums = new Float64Array(count);
  const counts = new Float64Array(count);
  for (let at = 0; at < of.length; at++) {
    const cell = of[at]!;
    if (cell < 0) continue;
    sums[cell]! += residuals[at]!;
    counts[cell]!++;
  }
  return sums.reduce(
    (total, sum, cell) => total + (counts[cell] === 0 ? 0 : sum ** 2 / counts[cell]!),
    0,
  );
}

function testOf(
  pair: Cells,
  trials: number,
  model: LinearModel,
  a: number,
  b: number,
): Omit<Interaction, 'adjusted'> | null {
  const { count: cells } = pair;
  const { cross, counts, sums } = cellSums(pair, model);
  const full = cells + 1;
  const matrix = new Float64Array(full * full);
  const explained = timesInverse(cross, cells, model);
  for (let i = 0; i < cells; i++) {
    for (let j = 0; j < cells; j++) {
      let sum = i === j ? counts[i]! : 0;
      for (let k = 0; k < model.width; k++)
        sum -= explained[i * model.width + k]! * cross[j * model.width + k]!;
      matrix[i * full + j] = sum;
    }
    matrix[i * full + cells] = matrix[cells * full + i] = sums[i]!;
  }
  const above = sweep(matrix, full, cells, counts).filter(Boolean).length;
  const below = trials - model.rank - above;
  if (above === 0 || below <= 0) return null;
  // The sweep reduced the corner by the explained sum of squares.
  const reduction = Math.min(model.rss, Math.max(0, -matrix[full * full - 1]!));
  const rest = Math.max(model.rss - reduction, 1e-15 * model.rss);
  const f = reduction / above / (rest / below);
  return { a, b, f, above, below, p: fTail(f, above, below) };
}

/**
 * Returns for each cell its trials per column of the model, its trials, and the sum of their
 * residuals.
 */
function cellSums({ count, of }: Cells, { offsets, width, columns, residuals }: LinearModel) {
  const each = offsets.length + 1;
  const cross = new Float64Array(count * width);
  const counts = new Float64Array(count);
  const sums = new Float64Array(count);
  for (let at = 0; at < of.length; at++) {
    const cell = of[at]!;
    if (cell < 0) continue;
    for (let k = at * each; k < (at + 1) * each; k++)
      if (columns[k]! >= 0) cross[cell * width + columns[k]!]!++;
    counts[cell]!++;
    sums[cell]! += residuals[at]!;
  }
  return { cross, counts, sums };
}

function timesInverse(
  cross: Float64Array,
  cells: number,
  { width, inverse }: LinearModel,
): Float64Array {
  const product = new Float64Array(cells * width);
  for (let i = 0; i < cells; i++)
    for (let k = 0; k < width; k++) {
      const factor = cross[i * width + k]!;
      if (factor !== 0)
        for (let j = 0; j < width; j++) product[i * width + j]! += factor * inverse[k * width + j]!;
    }
  return product;
}
