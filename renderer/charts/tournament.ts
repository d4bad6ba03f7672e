/**
 * A study as a tournament: a column for every rung and one for the last epoch, every trial as a dot
 * at its accuracy there, the accuracy that is needed to continue as a line across the column, and
 * thin lines that follow the survivors to the next column.
 */
import { goalOf } from '../../core/graph/graph.ts';
import type { TrialRow, WireCurve, WireDecision } from '../../core/lab/api.ts';
import {
  accuracyAxis,
  accuracyScale,
  bottomAxis,
  fitting,
  frameOf,
  inFrame,
  type Frame,
  type Placed,
  type Scale,
  type Size,
  type View,
} from './axes.ts';
import type { Mark } from './marks.ts';
import { swarm } from './swarm.ts';
import type { Theme } from '../ui/colors.ts';

/** `rung`: an axis for each column; `survivors`, `all`: one axis that fits these trials. */
export type TournamentAxis = 'rung' | 'survivors' | 'all';

export interface TournamentInput {
  readonly rows: readonly TrialRow[];
  readonly curves: ReadonlyMap<number, WireCurve>;
  readonly decisions: readonly WireDecision[];
  /** At each rung the lowest recorded value that would continue now. */
  readonly bars: ReadonlyMap<number, number>;
  /** Ascending epochs of the columns; the last one ends a trial. */
  readonly epochs: readonly number[];
  readonly axis: TournamentAxis;
  readonly faint: (run: number) => boolean;
  /** Run whose way stands out. */
  readonly best: number | null;
  readonly view?: View;
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

export interface DrawnTournament extends Placed {
  readonly marks: Mark[];
  readonly columns: readonly Column[];
  readonly entries: readonly Entry[];
  /** The entries of every trial by epoch. */
  readonly ways: ReadonlyMap<number, readonly Entry[]>;
}

/** Accuracy that counts at an epoch: the target's or the ensemble's; null where there is none. */
export const valueAt = (
  { run, graph }: Pick<TrialRow, 'run' | 'graph'>,
  curves: ReadonlyMap<number, WireCurve>,
  epoch: number,
): number | null => curves.get(run)?.accuracy[goalOf(graph) - 1]?.[epoch - 1] ?? null;

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
  const reached = epochs.map(
    (epoch) =>
      [...curves.values()].filter(({ accuracy }) => (accuracy[0]?.[epoch - 1] ?? null) !== null)
        .length,
  );
  const most = Math.max(0, ...reached);
  return most === 0 ? null : epochs[reached.findLastIndex((count) => count >= 0.95 * most)]!;
}

export function drawTournament(input: TournamentInput, size: Size, theme: Theme): DrawnTournament {
  const { view = {}, axis } = input;
  const rows = input.rows.filter(({ run }) => input.curves.has(run));
  const left = axis === 'rung' ? 14 : 46;
  const frame = frameOf(size, { left, right: 14, top: 30, bottom: 36 });
  const columns = columnsIn(input, rows, frame);
  const entries = entriesIn(input, rows, columns);
  const ways = Map.groupBy(entries, ({ run }) => run);
  const marks = [
    ...(axis === 'rung' ? [] : accuracyAxis(columns[0]!.y, frame, theme)),
    ...columns.flatMap((column) => groundOf(column, frame, theme)),
    ...inFrame(
      [
        ...wayMarks(input, ways, theme),
        ...dotMarks(input, entries, columns, theme),
        ...columns.flatMap((column) => barMarks(column, input.bars, frame, theme)),
      ],
      { ...frame, left: 0, right: size.width },
      axis === 'all' && !view.fits ? {} : { fits: () => true },
    ),
    ...columns.flatMap((column) => endMarks(column, input, frame, theme)),
    ...bottomAxis(
      columns.map(({ x, epoch }) => ({ x, text: String(epoch) })),
      frame,
      theme,
      'epoch; line: accuracy needed there to continue; above: continued / evaluated',
    ),
  ];
  return { marks, columns, entries, ways, frame };
}

function columnsIn(input: TournamentInput, rows: readonly TrialRow[], frame: Frame): Column[] {
  const { epochs, curves, decisions, axis, view = {} } = input;
  const went = Map.groupBy(decisions, ({ rung }) => rung);
  const valuesOf = (some: readonly TrialRow[], epoch: number): number[] =>
    some.flatMap((row) => valueAt(row, curves, epoch) ?? []);
  const fitted = fitting(rows, view);
  const shared = axis === 'rung' ? null : accuracyScale(sharedValues(input, fitted), frame);
  const step = (frame.right - frame.left) / epochs.length;
  return epochs.map((epoch, i) => {
    const own = valuesOf(fitted, epoch);
    return {
      epoch,
      x: frame.left + (i + 0.5) * step,
      half: step / 2,
      y: shared ?? accuracyScale(own, { ...frame, top: frame.top + 14, bottom: frame.bottom - 14 }),
      evaluated: valuesOf(rows, epoch).length,
      continued: went.get(epoch)?.filter(({ go }) => go).length ?? 0,
      ends: own.length > 0 ? [Math.min(...own), Math.max(...own)] : null,
    };
  });
}

/** Values that a common axis fits: all, or those of the last two columns that a trial reached. */
function sharedValues(
  { epochs, curves, axis }: TournamentInput,
  rows: readonly TrialRow[],
): number[] {
  const byColumn = epochs.map((epoch) => rows.flatMap((row) => valueAt(row, curves, epoch) ?? []));
  if (axis === 'all') return byColumn.flat();
  const last = byColumn.findLastIndex((values) => values.length > 0);
  return byColumn.slice(Math.max(0, last - 1), last + 1).flat();
}

function entriesIn(
  { curves }: TournamentInput,
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

/** A running trial on its way from one column to the next, by the logarithm of its epoch. */
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
  return { run, epoch, value, x: mix(from.x, to.x), y: mix(from.y(value), to.y(value)) };
}

/** Pixels: many dots are smaller. */
function radiusOf(columns: readonly Column[]): number {
  const most = Math.max(...columns.map(({ evaluated }) => evaluated));
  return most > 400 ? 1.7 : most > 80 ? 2.3 : 3.2;
}

/** A band behind every column, and how many continued there. */
function groundOf(column: Column, frame: Frame, theme: Theme): Mark[] {
  const { x, half, evaluated, continued } = column;
  const between = half >= 34 ? ' / ' : '/';
  const counts =
    continued > 0 && half >= 24
      ? `${continued}${between}${evaluated}`
      : evaluated > 0
        ? String(evaluated)
        : '–';
  return [
    {
      kind: 'rect',
      x: x - 0.86 * half,
      y: frame.top,
      width: 1.72 * half,
      height: frame.bottom - frame.top,
      fill: theme.grid,
      opacity: 0.42,
    },
    {
      kind: 'text',
      x,
      y: frame.top - 8,
      text: counts,
      fill: theme.text,
      size: half < 18 ? 9 : 11,
      anchor: 'middle',
    },
  ];
}

/** Lines from column to column; the best trial's way above all. */
function wayMarks(
  { rows, faint, best }: TournamentInput,
  ways: DrawnTournament['ways'],
  theme: Theme,
): Mark[] {
  const long = [...ways].filter(([, way]) => way.length > 1);
  const clearness = Math.max(0.05, Math.min(0.45, 40 / Math.max(1, long.length)));
  const running = new Set(rows.filter(({ state }) => state === 'running').map(({ run }) => run));
  const lines = long.map(([run, way]): Mark => ({
    kind: 'line',
    points: pointsOf(way),
    stroke: running.has(run) ? theme.states.running : theme.quiet,
    width: 1,
    opacity: faint(run) ? 0.02 : running.has(run) ? 0.8 : clearness,
  }));
  const winner = best === null || faint(best) ? undefined : ways.get(best);
  if (!winner || winner.length < 2) return lines;
  const points = pointsOf(winner);
  return [
    ...lines,
    { kind: 'line', points, stroke: theme.ground, width: 5, opacity: 0.7 },
    { kind: 'line', points, stroke: theme.text, width: 1.8 },
  ];
}

export const pointsOf = (way: readonly Entry[]): number[] => way.flatMap(({ x, y }) => [x, y]);

/** A dot for every entry: pale where its trial was stopped, a ring while it runs. */
function dotMarks(
  { rows, faint }: TournamentInput,
  entries: readonly Entry[],
  columns: readonly Column[],
  theme: Theme,
): Mark[] {
  const byRun = new Map(rows.map((row) => [row.run, row]));
  const radius = radiusOf(columns);
  const drawn = entries.map(({ run, epoch, x, y }) => {
    const { state, epoch: last } = byRun.get(run)!;
    const ends = epoch === last && state !== 'completed';
    const color = ends ? theme.states[state] : theme.text;
    const alive = ends && state === 'running';
    const mark: Mark = {
      kind: 'dot',
      x,
      y,
      radius: alive ? radius + 1 : radius,
      ...(alive ? { fill: theme.ground, stroke: color, width: 2 } : { fill: color }),
      opacity: faint(run) ? 0.07 : state === 'stopped' && ends ? 0.5 : 0.85,
    };
    return { ends, mark };
  });
  const [ended, others] = [drawn.filter(({ ends }) => ends), drawn.filter(({ ends }) => !ends)];
  return [...ended, ...others].map(({ mark }) => mark);
}

/** The accuracy that is needed to continue, across the column, with its value. */
function barMarks(
  { epoch, x, half, y }: Column,
  bars: ReadonlyMap<number, number>,
  frame: Frame,
  theme: Theme,
): Mark[] {
  const bar = bars.get(epoch);
  if (bar === undefined) return [];
  const at = y(bar);
  if (at < frame.top || at > frame.bottom) return [];
  const ends = [x - 0.86 * half, at, x + 0.86 * half, at];
  return [
    { kind: 'line', points: ends, stroke: theme.ground, width: 4, opacity: 0.75 },
    { kind: 'line', points: ends, stroke: theme.focus, width: 1.8 },
    {
      kind: 'text',
      x: x + 0.84 * half,
      y: at - 3,
      text: half < 24 ? (bar * 100).toFixed(0) : (bar * 100).toFixed(1),
      fill: theme.focus,
      size: 10,
      anchor: 'end',
      bold: true,
      halo: theme.ground,
    },
  ];
}

/** Least and greatest accuracy of a column that has an axis of its own. */
function endMarks(
  { ends, x, half }: Column,
  { axis }: TournamentInput,
  frame: Frame,
  theme: Theme,
): Mark[] {
  if (axis !== 'rung' || !ends) return [];
  const text = (value: number): string => (value * 100).toFixed(half < 24 ? 0 : 1);
  return [
    { value: ends[1], y: frame.top + 10 },
    { value: ends[0], y: frame.bottom - 4 },
  ].map(({ value, y }) => ({
    kind: 'text',
    x: x - 0.82 * half,
    y,
    text: text(value),
    fill: theme.quiet,
    size: 10,
  }));
}

/** The column at a place; undefined beside all of them. */
export const columnAt = (columns: readonly Column[], x: number): Column | undefined =>
  columns.find((column) => Math.abs(column.x - x) <= column.half);
