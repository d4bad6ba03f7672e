import { type Comparison, compareSummaries } from '../analysis/comparison.ts';
import type { Summary } from '../analysis/statistics.ts';

/**
 * A row of the paper's tables: accuracy of node 1 on CIFAR-100, fractions of 1, mean and standard
 * deviation of five runs.
 */
export interface ReferenceRow {
  table: 1 | 2;
  /** As the paper calls it; * marks pretrained networks. */
  title: string;
  nodes: number;
  method: 'independent' | 'all-through' | 'optimised' | 'kd' | 'dml';
  mean: number;
  standardDeviation: number;
}

const row = (
  table: 1 | 2,
  nodes: number,
  method: ReferenceRow['method'],
  title: string,
  mean: number,
  deviation: number,
): ReferenceRow => ({
  table,
  nodes,
  method,
  title,
  mean: mean / 100,
  standardDeviation: deviation / 100,
});

/**
 * Tables 1 and 2 of the paper (MIRU 2019): ResNet32 as node 1, trained as `paperRecipe`, protocol
 * `paper`.
 */
export const referenceRows: readonly ReferenceRow[] = [
  row(1, 1, 'independent', 'Independent', 70.71, 0.39),
  row(1, 2, 'all-through', 'All-Through, M = 2', 72.47, 0.78),
  row(1, 2, 'optimised', 'Optimised, M = 2', 72.88, 0.41),
  row(1, 3, 'all-through', 'All-Through, M = 3', 71.88, 0.43),
  row(1, 3, 'optimised', 'Optimised, M = 3', 73.46, 0.42),
  row(1, 4, 'all-through', 'All-Through, M = 4', 73.4, 0.39),
  row(1, 4, 'optimised', 'Optimised, M = 4', 74.34, 0.32),
  row(1, 5, 'all-through', 'All-Through, M = 5', 73.4, 0.28),
  row(1, 5, 'optimised', 'Optimised, M = 5', 74.54, 0.59),
  row(2, 2, 'kd', 'KD (T = 2) from ResNet110*', 71.43, 0.43),
  row(2, 2, 'dml', 'DML with ResNet110', 71.49, 0.24),
  row(2, 3, 'dml', 'DML with ResNet32 and ResNet110', 72.09, 0.43),
  // The paper has this label twice.
  row(2, 3, 'dml', 'DML with ResNet32 and ResNet110 (second row)', 72.2, 0.47),
  row(2, 3, 'optimised', 'Searched, with ResNet32* and ResNet110', 73.46, 0.42),
];

/** Runs behind each row. */
const RUNS = 5;

/** A row of the paper beside the test of the paper's own claim about it. */
export interface TestedReference extends ReferenceRow {
  /**
   * The paper's searched graph of the same number of nodes minus this row, corrected over the rows
   * of the list; null for the searched graph itself.
   */
  comparison: Comparison | null;
}

/**
 * Rows that a result of so many nodes can be held against: the same number of nodes, and the single
 * network.
 */
export function referenceFor(nodes: number): TestedReference[] {
  const rows = referenceRows.filter(
    (each) => each.nodes === nodes || each.method === 'independent',
  );
  const searched = rows.find(({ method }) => method === 'optimised');
  const others = rows.filter(({ method }) => method !== 'optimised');
  if (!searched) return rows.map((each) => ({ ...each, comparison: null }));
  const found = compareSummaries(summaryOf(searched), others.map(summaryOf));
  return rows.map((each) => ({ ...each, comparison: found[others.indexOf(each)] ?? null }));
}

const summaryOf = ({ mean, standardDeviation }: ReferenceRow): Summary => ({
  mean,
  standardDeviation,
  runs: RUNS,
});
