/** Who teaches whom, and how, among the best trials: for every edge the share of each gate. */
import { gate as gateOf, type GateName, withPaperGates } from '../../core/gates/gates.ts';
import { edgeOf } from '../../core/graph/graph.ts';
import type { TrialRow, WireCurve } from '../../core/lab/api.ts';
import { rankTrials } from '../../core/study/best.ts';
import type { Size } from './axes.ts';
import type { Mark } from './marks.ts';
import { boxEntry, type LegendEntry } from './picture.ts';
import { valueAt } from './tournament-columns.ts';
import type { Theme } from '../ui/colors.ts';

export interface GateCell {
  readonly source: number;
  readonly destination: number;
  /** The paper's gates and those that occur; shares add up to 1. */
  readonly shares: readonly {
    readonly gate: GateName;
    readonly count: number;
    readonly share: number;
  }[];
}

/**
 * The k best trials (`rankTrials`), or those with the highest accuracy that counts at a rung; the
 * best first.
 */
export function topTrials(
  rows: readonly TrialRow[],
  curves: ReadonlyMap<number, WireCurve>,
  rung: number | null,
  k: number,
): TrialRow[] {
  if (rung === null) return rankTrials(rows).slice(0, k);
  return rows
    .map((row) => ({ row, accuracy: valueAt(row, curves, rung) }))
    .filter((entry): entry is { row: TrialRow; accuracy: number } => entry.accuracy !== null)
    .sort((a, b) => b.accuracy - a.accuracy || a.row.number - b.row.number)
    .slice(0, k)
    .map(({ row }) => row);
}

/**
 * Cells ordered by destination, then source, for graphs of `size` nodes; other graphs are passed
 * over.
 */
export function gateShares(rows: readonly TrialRow[], size: number): GateCell[] {
  const same = rows.filter((row) => row.graph.nodes.length === size);
  const shown = withPaperGates(same.flatMap(({ graph }) => graph.edges.map(({ gate }) => gate)));
  const cells: GateCell[] = [];
  for (let destination = 1; destination <= size; destination++) {
    for (let source = 0; source <= size; source++) {
      if (source === destination) continue;
      const counts = new Map<GateName, number>();
      for (const { graph } of same) {
        const { gate } = edgeOf(graph, source, destination);
        counts.set(gate, (counts.get(gate) ?? 0) + 1);
      }
      cells.push({
        source,
        destination,
        shares: shown.map((name) => {
          const count = counts.get(name) ?? 0;
          return { gate: name, count, share: same.length === 0 ? 0 : count / same.length };
        }),
      });
    }
  }
  return cells;
}

/**
 * How much more frequent a gate is among the best than among all trials, with a 95 % interval
 * (Wilson's, of the share among the best); null where no trial has it.
 *
 * @param count best trials with the gate, of `best`
 * @param share of the gate among all trials
 */
export function gateLift(
  count: number,
  best: number,
  share: number,
): { lift: number; low: number; high: number } | null {
  if (share === 0 || best === 0) return null;
  const z = 1.96;
  const p = count / best;
  const middle = p + z ** 2 / (2 * best);
  const half = z * Math.sqrt((p * (1 - p)) / best + z ** 2 / (4 * best ** 2));
  const scale = (1 + z ** 2 / best) * share;
  return { lift: p / share, low: (middle - half) / scale, high: (middle + half) / scale };
}

/** Pixels: a letter needs as much of its segment, and a bar of segments as much of its cell. */
const [LETTER, SEGMENTS] = [12, 40];

type Shares = GateCell['shares'];

const mostFrequent = (shares: Shares): Shares[number] =>
  shares.toSorted((a, b) => b.count - a.count)[0]!;

/**
 * How a cell looks in so many pixels: narrow ones show their most frequent gate alone, as strong as
 * its share.
 */
export interface CellFace {
  readonly most: Shares[number];
  readonly narrow: boolean;
  /** Gates that occur, in the order of `gates`. */
  readonly segments: readonly (Shares[number] & { readonly letter: boolean })[];
}

export function cellFace(shares: Shares, width: number): CellFace {
  const most = mostFrequent(shares);
  const narrow = width < SEGMENTS;
  const segments = shares
    .filter(({ count }) => count > 0)
    .map((each) => ({
      ...each,
      letter: (narrow ? Number(each === most) : each.share) * width >= LETTER,
    }));
  return { most, narrow, segments };
}

/** The matrix of shares as marks, one row per destination: for saved figures. */
export function drawGates(
  cells: readonly GateCell[],
  size: number,
  { width }: Size,
  theme: Theme,
): Mark[] {
  const left = 56;
  const top = 26;
  const wide = (width - left - 10) / (size + 1);
  const name = (source: number): string => (source === 0 ? 'Label' : `from ${source}`);
  const heads = Array.from({ length: size + 1 }, (_, source): Mark => ({
    kind: 'text',
    x: left + (source + 0.5) * wide,
    y: 16,
    text: name(source),
    fill: theme.quiet,
    size: 11,
    anchor: 'middle',
  }));
  const rows = Array.from({ length: size }, (_, i): Mark => ({
    kind: 'text',
    x: left - 8,
    y: top + i * CELL + 3 + BAR / 2 + 4,
    text: `into ${i + 1}`,
    fill: theme.quiet,
    size: 11,
    anchor: 'end',
  }));
  const bars = cells.flatMap(({ source, destination, shares }) =>
    barMarks(shares, left + source * wide + 4, top + (destination - 1) * CELL + 3, wide, theme),
  );
  return [...heads, ...rows, ...bars];
}

/** The shares of an edge side by side, and its most frequent gate below them. */
function barMarks(shares: Shares, x: number, y: number, wide: number, theme: Theme): Mark[] {
  let from = x;
  const parts = shares.map(({ gate, share }): Mark => {
    const width = share * (wide - 8);
    const fill = gateColor(gate, theme);
    const part: Mark = { kind: 'rect', x: from, y, width, height: BAR, fill };
    from += width;
    return part;
  });
  const most = mostFrequent(shares);
  if (most.count === 0) return parts;
  return [
    ...parts,
    {
      kind: 'text',
      x: x + wide / 2 - 4,
      y: y + BAR + 12,
      text: `${gateOf(most.gate).letter} ${Math.round(most.share * 100)} %`,
      fill: theme.text,
      size: 11,
      anchor: 'middle',
    },
  ];
}

/** Height of the matrix for graphs of `size` nodes. */
export const gatesHeight = (size: number): number => 26 + size * CELL + 6;

/** The gates of some cells, all of which list the same. */
export const gatesLegend = (cells: readonly GateCell[], theme: Theme): LegendEntry[] =>
  (cells[0]?.shares ?? []).map(({ gate }) =>
    boxEntry(`${gateOf(gate).letter} ${gateOf(gate).title}`, { fill: gateColor(gate, theme) }),
  );

const [CELL, BAR] = [36, 16];
const gateColor = (gate: GateName, theme: Theme): string =>
  gate === 'cutoff' ? theme.grid : gateOf(gate).color;
