/** A forest plot: one row per change of a graph, its effect with a 95 % interval, a line at none. */
import { scaleLinear } from 'd3-scale';
import { bottomAxis, frameOf, type Frame, type Size } from './axes.ts';
import type { Mark } from './marks.ts';
import type { Theme } from '../ui/colors.ts';

/** A row: what the graph has more than the changed graph, as a fraction of 1. */
export interface ForestRow {
  readonly title: string;
  /** Null before the first result. */
  readonly difference: number | null;
  /** Null below two seeds. */
  readonly interval: { readonly low: number; readonly high: number } | null;
  readonly significant: boolean;
  /** At the right of the row. */
  readonly text: string;
}

/** Pixels: height of a row, about so many of a letter, and the space above and below the rows. */
const [ROW, LETTER, TOP, BOTTOM] = [24, 6.4, 8, 38];

export const forestHeight = (rows: number): number => TOP + BOTTOM + ROW * Math.max(1, rows);

export function drawForest(rows: readonly ForestRow[], size: Size, theme: Theme): Mark[] {
  const widest = (texts: readonly string[]): number =>
    Math.max(0, ...texts.map((text) => text.length * LETTER));
  const frame = frameOf(size, {
    left: Math.min(size.width * 0.4, 20 + widest(rows.map(({ title }) => title))),
    right: Math.min(size.width * 0.4, 28 + widest(rows.map(({ text }) => text))),
    ...{ top: TOP, bottom: BOTTOM },
  });
  const x = scaleLinear(domainOf(rows), [frame.left, frame.right]);
  const ticks = x.ticks(Math.max(2, Math.round((frame.right - frame.left) / 70)));
  const zero = x(0);
  return [
    {
      kind: 'line',
      points: [zero, frame.top, zero, frame.bottom],
      stroke: theme.quiet,
      width: 1,
      dash: '4 3',
    },
    ...rows.flatMap((row, at) => rowMarks(row, frame.top + ROW * (at + 0.5), x, frame, theme)),
    ...bottomAxis(
      ticks.map((tick) => ({ x: x(tick), text: String(Number((100 * tick).toFixed(2))) })),
      frame,
      theme,
      'graph − changed graph, percentage points',
    ),
  ];
}

/** Room for every interval and for 0, at least one point wide. */
function domainOf(rows: readonly ForestRow[]): [number, number] {
  const ends = rows.flatMap(({ difference, interval }) =>
    interval ? [interval.low, interval.high] : (difference ?? []),
  );
  const [low, high] = [Math.min(0, ...ends), Math.max(0, ...ends)];
  const margin = Math.max(0.005, (high - low) * 0.05);
  return [low - margin, high + margin];
}

function rowMarks(
  { title, difference, interval, significant, text }: ForestRow,
  y: number,
  x: (value: number) => number,
  frame: Frame,
  theme: Theme,
): Mark[] {
  const color = significant ? theme.focus : theme.quiet;
  const words = { size: 12, fill: significant ? theme.text : theme.quiet };
  return [
    { kind: 'text', x: frame.left - 10, y: y + 4, text: title, anchor: 'end', ...words },
    { kind: 'text', x: frame.right + 10, y: y + 4, text, ...words },
    ...(interval
      ? [
          {
            kind: 'line' as const,
            points: [x(interval.low), y, x(interval.high), y],
            stroke: color,
            width: significant ? 2.4 : 1.4,
          },
        ]
      : []),
    ...(difference === null
      ? []
      : [{ kind: 'dot' as const, x: x(difference), y, radius: 4, fill: color }]),
  ];
}
