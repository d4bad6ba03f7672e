/** Who teaches whom, and how, among the best trials: for every edge the share of each gate. */
import { gates, type GateName } from '../../core/gates/gates.ts';
import type { TrialRow, WireCurve } from '../../core/lab/api.ts';

export interface GateCell {
  readonly source: number;
  readonly destination: number;
  /** In the order of `gates`; shares add up to 1. */
  readonly shares: readonly { readonly gate: GateName; readonly count: number; readonly share: number }[];
}

/** The k best trials by the target's accuracy at a rung (`null`: at their last epoch), best first. */
export function topTrials(
  rows: readonly TrialRow[],
  curves: ReadonlyMap<number, WireCurve>,
  rung: number | null,
  k: number,
): TrialRow[] {
  const value = (row: TrialRow): number | null =>
    rung === null ? row.accuracy : (curves.get(row.run)?.accuracy[0]?.[rung - 1] ?? null);
  return rows
    .map((row) => ({ row, accuracy: value(row) }))
    .filter((entry): entry is { row: TrialRow; accuracy: number } => entry.accuracy !== null)
    .sort((a, b) => b.accuracy - a.accuracy || a.row.number - b.row.number)
    .slice(0, k)
    .map(({ row }) => row);
}

/** Cells ordered by destination, then source, for graphs of `size` nodes; other graphs are passed over. */
export function gateShares(rows: readonly TrialRow[], size: number): GateCell[] {
  const same = rows.filter((row) => row.graph.nodes.length === size);
  const cells: GateCell[] = [];
  for (let destination = 1; destination <= size; destination++) {
    for (let source = 0; source <= size; source++) {
      if (source === destination) continue;
      const index = (destination - 1) * size + (source < destination ? source : source - 1);
      const counts = new Map<GateName, number>();
      for (const { graph } of same) {
        const { gate } = graph.edges[index]!;
        counts.set(gate, (counts.get(gate) ?? 0) + 1);
      }
      cells.push({
        source,
        destination,
        shares: gates.map(({ name }) => {
          const count = counts.get(name) ?? 0;
          return { gate: name, count, share: same.length === 0 ? 0 : count / same.length };
        }),
      });
    }
  }
  return cells;
}
