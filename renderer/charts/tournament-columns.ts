/** Where the columns of a tournament and its trials are, and which epochs it compares. */
import { goalOf } from '../../core/graph/graph.ts';
import type { TrialRow, WireCurve, WireDecision } from '../../core/lab/api.ts';
import { accuracyScale, fitting, type Frame, type Scale, type View } from './axes.ts';
import { swarm } from './swarm.ts';

/** `rung`: an axis for each column; `survivors`, `all`: one axis that fits these trials. */
export type TournamentAxis = 'rung' | 'survivors' | 'all';

/** What decides where columns and trials are. */
export interface TournamentLayout {
  readonly rows: readonly TrialRow[];
  readonly curves: ReadonlyMap<number, WireCurve>;
  readonly decisions: readonly WireDecision[];
  /** Ascending epochs of the columns; the last one ends a trial. */
  readonly epochs: readonly number[];
  readonly axis: TournamentAxis;
  readonly view?: View;
}

export interface TournamentInput extends TournamentLayout {
  /** At each rung the lowest recorded value that would continue now. */
  readonly bars: ReadonlyMap<number, number>;
  readonly faint: (run: number) => boolean;
  /** Run whose way stands out. */
  readonly best: number | null;
}

/** A trial at the epoch of a column; of a running trial also between two columns. */
export interface Entry {
  readonly run: number;
  readonly epoch: number;
  /** Accuracy of the target, or of the ensemble where it counts, a fraction of 1. */
  readonly value: number;
  readonly x: number;
  readonly y: number;
}

export interface Column {
  readonly epoch: number;
  /** Pixels: its middle, and from there to its side. */
  readonly x: number;
  readonly half: number;
  readonly y: Scale;
  /** Trials with a value here, and those of them that the rule let continue. */
  readonly evaluated: number;
  readonly continued: number;
  /** Least and greatest accuracy of the trials that its axis fits; null without any. */
  readonly ends: readonly [number, number] | null;
}

/** Accuracy that counts at an epoch: the target's or the ensemble's; null where there is none. */
export const valueAt = (
  { run, graph }: Pick<TrialRow, 'run' | 'graph'>,
  curves: ReadonlyMap<number, WireCurve>,
  epoch: number,
): number | null => curves.get(run)?.accuracy[goalOf(graph) - 1]?.[epoch - 1] ?? null;

const valuesAt = (
  rows: readonly TrialRow[],
  curves: ReadonlyMap<number, WireCurve>,
  epoch: number,
): number[] => rows.flatMap((row) => valueAt(row, curves, epoch) ?? []);

/** Epochs of the columns: the rungs and the last epoch; powers of two where a rule has no rung. */
export function columnEpochs(rungs: readonly number[], epochs: number): number[] {
  if (rungs.length > 0) return [...rungs.filter((rung) => rung < epochs), epochs];
  const powers: number[] = [];
  for (let epoch = 1; epoch < epochs; epoch *= 2) powers.push(epoch);
  return [...powers, epochs];
}

/**
 * The last column that almost all trials have reached: effects there are of the choices, not of the
 * trials that were let continue.
 */
export function commonEpoch(
  epochs: readonly number[],
  curves: ReadonlyMap<number, WireCurve>,
): number | null {
  // a node may be left out where the ensemble counts
  const reached = epochs.map(
    (epoch) =>
      [...curves.values()].filter(({ accuracy }) =>
        accuracy.some((node) => (node[epoch - 1] ?? null) !== null),
      ).length,
  );
  const most = Math.max(0, ...reached);
  return most === 0 ? null : epochs[reached.findLastIndex((count) => count >= 0.95 * most)]!;
}

export function columnsIn(
  input: TournamentLayout,
  rows: readonly TrialRow[],
  frame: Frame,
): Column[] {
  const { epochs, curves, decisions, axis, view = {} } = input;
  const went = Map.groupBy(decisions, ({ rung }) => rung);
  const fitted = fitting(rows, view);
  const shared = axis === 'rung' ? null : accuracyScale(sharedValues(input, fitted), frame);
  const step = (frame.right - frame.left) / epochs.length;
  return epochs.map((epoch, i) => {
    const all = valuesAt(rows, curves, epoch);
    const own = fitted === rows ? all : valuesAt(fitted, curves, epoch);
    return {
      epoch,
      x: frame.left + (i + 0.5) * step,
      half: step / 2,
      y: shared ?? accuracyScale(own, { ...frame, top: frame.top + 14, bottom: frame.bottom - 14 }),
      evaluated: all.length,
      continued: went.get(epoch)?.filter(({ go }) => go).length ?? 0,
      ends: own.length > 0 ? [Math.min(...own), Math.max(...own)] : null,
    };
  });
}

/** Values that a common axis fits: all, or those of the last two columns that a trial reached. */
function sharedValues(
  { epochs, curves, axis }: TournamentLayout,
  rows: readonly TrialRow[],
): number[] {
  const byColumn = epochs.map((epoch) => valuesAt(rows, curves, epoch));
  if (axis === 'all') return byColumn.flat();
  const last = byColumn.findLastIndex((values) => values.length > 0);
  return byColumn.slice(Math.max(0, last - 1), last + 1).flat();
}

export function entriesIn(
  { curves }: TournamentLayout,
  rows: readonly TrialRow[],
  columns: readonly Column[],
): Entry[] {
  const radius = radiusOf(columns);
  const inColumns = columns.flatMap(({ epoch, x, half, y }) => {
    const here = rows.flatMap((row) => {
      const value = valueAt(row, curves, epoch);
      return value === null ? [] : [{ run: row.run, epoch, value, y: y(value) }];
    });
    const offsets = swarm(
      here.map((entry) => entry.y),
      { step: 1.7 * radius, half: 0.78 * half },
    );
    return here.map((entry, i): Entry => ({ ...entry, x: x + offsets[i]! }));
  });
  const known = new Set(columns.map(({ epoch }) => epoch));
  const between = rows
    .filter(({ state, epoch }) => state === 'running' && epoch > 0 && !known.has(epoch))
    .flatMap((row) => betweenOf(row, valueAt(row, curves, row.epoch), columns) ?? []);
  return [...inColumns, ...between];
}

/**
 * A running trial on its way from one column to the next, by the logarithm of its epoch. Beyond the
 * axes of their trials it is at their ends.
 */
function betweenOf(
  { run, epoch }: TrialRow,
  value: number | null,
  columns: readonly Column[],
): Entry | null {
  const next = columns.findIndex((column) => column.epoch > epoch);
  if (value === null || next < 0) return null;
  const to = columns[next]!;
  const from = columns[next - 1] ?? { ...to, x: to.x - to.half, epoch: 0.5 };
  const share = Math.log2(epoch / from.epoch) / Math.log2(to.epoch / from.epoch);
  const mix = (a: number, b: number): number => a + share * (b - a);
  const within = ({ y }: Column): number => {
    const [bottom, top] = y.range() as [number, number];
    return Math.max(top, Math.min(bottom, y(value)));
  };
  return { run, epoch, value, x: mix(from.x, to.x), y: mix(within(from), within(to)) };
}

/** The column at a place; undefined beside all of them. */
export const columnAt = (columns: readonly Column[], x: number): Column | undefined =>
  columns.find((column) => Math.abs(column.x - x) <= column.half);

/** Pixels: many dots are smaller. */
export function radiusOf(columns: readonly Column[]): number {
  const most = Math.max(...columns.map(({ evaluated }) => evaluated));
  return most > 400 ? 1.7 : most > 80 ? 2.3 : 3.2;
}

/** Points of a trial's way, x and y by turns. */
export const pointsOf = (way: readonly Entry[]): number[] => way.flatMap(({ x, y }) => [x, y]);
