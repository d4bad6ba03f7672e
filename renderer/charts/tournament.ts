/**
 * A study as a tournament: a column for every rung and one for the last epoch, every trial as a dot
 * at its accuracy there, the accuracy that is needed to continue as a line across the column, and
 * thin lines that follow the survivors to the next column.
 */
import {
  accuracyAxis,
  bottomAxis,
  frameOf,
  inFrame,
  type Frame,
  type Placed,
  type Size,
} from './axes.ts';
import type { Mark } from './marks.ts';
import {
  type Column,
  columnsIn,
  entriesIn,
  type Entry,
  pointsOf,
  radiusOf,
  type TournamentInput,
  type TournamentLayout,
} from './tournament-columns.ts';
import type { Theme } from '../ui/colors.ts';

export interface PlacedTournament extends Placed {
  readonly columns: readonly Column[];
  readonly entries: readonly Entry[];
  /** The entries of every trial by epoch. */
  readonly ways: ReadonlyMap<number, readonly Entry[]>;
}

export interface DrawnTournament extends PlacedTournament {
  readonly marks: Mark[];
}

/** Before the chart has a width. */
export const undrawn: DrawnTournament = {
  frame: { left: 0, right: 0, top: 0, bottom: 0 },
  columns: [],
  entries: [],
  ways: new Map(),
  marks: [],
};

/** Places columns and trials; which trials are faint changes nothing of it. */
export function placeTournament(input: TournamentLayout, size: Size): PlacedTournament {
  const rows = input.rows.filter(({ run }) => input.curves.has(run));
  const left = input.axis === 'rung' ? 14 : 46;
  const frame = frameOf(size, { left, right: 14, top: 30, bottom: 36 });
  const columns = columnsIn(input, rows, frame);
  const entries = entriesIn(input, rows, columns);
  return { frame, columns, entries, ways: Map.groupBy(entries, ({ run }) => run) };
}

export function drawTournament(
  input: TournamentInput,
  size: Size,
  theme: Theme,
  placed = placeTournament(input, size),
): DrawnTournament {
  const { view = {}, axis } = input;
  const { frame, columns, entries, ways } = placed;
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
  return { ...placed, marks };
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
  ways: PlacedTournament['ways'],
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

/**
 * Least and greatest accuracy of a column that has an axis of its own; a single one at its height.
 */
function endMarks(
  { ends, x, half, y: scale }: Column,
  { axis }: TournamentInput,
  frame: Frame,
  theme: Theme,
): Mark[] {
  if (axis !== 'rung' || !ends) return [];
  const text = (value: number): string => (value * 100).toFixed(half < 24 ? 0 : 1);
  const [low, high] = ends;
  const places =
    low === high
      ? [{ value: low, y: scale(low) - 3 }]
      : [
          { value: high, y: frame.top + 10 },
          { value: low, y: frame.bottom - 4 },
        ];
  return places.map(({ value, y }) => ({
    kind: 'text',
    x: x - 0.82 * half,
    y,
    text: text(value),
    fill: theme.quiet,
    size: 10,
    halo: theme.ground,
  }));
}
