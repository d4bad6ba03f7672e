/**
 * Best so far: every trial as a dot in the order in which trials ended, and the best completed one
 * by then.
 */
import { scaleLinear } from 'd3-scale';
import type { TrialRow } from '../../core/lab/api.ts';
import {
  accuracyAxis,
  accuracyScale,
  accuracyTicks,
  bottomAxis,
  fitting,
  frameOf,
  inFrame,
  isInside,
  roomFor,
  type Placed,
  type Size,
  type View,
} from './axes.ts';
import type { Mark } from './marks.ts';
import type { Theme } from '../ui/colors.ts';

export interface HistoryPoint {
  readonly run: number;
  /** 1-based place in the order of endings; running trials stand after the last. */
  readonly order: number;
  readonly accuracy: number;
  /** Highest accuracy of a completed trial up to here; null before the first. */
  readonly best: number | null;
  readonly state: TrialRow['state'];
}

/**
 * Trials with an accuracy, in the order in which they ended (then by number); what still runs comes
 * last.
 */
export function history(rows: readonly TrialRow[]): HistoryPoint[] {
  const known = rows.filter((row) => row.accuracy !== null && row.state !== 'duplicate');
  const ended = (row: TrialRow): number => row.endedAt ?? Infinity;
  known.sort((a, b) => (ended(a) === ended(b) ? a.number - b.number : ended(a) - ended(b)));
  let best: number | null = null;
  return known.map((row, i) => {
    const accuracy = row.accuracy!;
    if (row.state === 'completed') best = Math.max(best ?? 0, accuracy);
    return { run: row.run, order: i + 1, accuracy, best, state: row.state };
  });
}

export interface PlacedPoint {
  readonly run: number;
  readonly x: number;
  readonly y: number;
}

/** `faint` trials are outside the filter: drawn, but they step back. */
export function drawHistory(
  points: readonly HistoryPoint[],
  size: Size,
  theme: Theme,
  faint: (run: number) => boolean = () => false,
  view: View = {},
): { marks: Mark[]; points: PlacedPoint[] } & Required<Placed> {
  const space = frameOf(size);
  const shown = fitting(points, view);
  const y = accuracyScale(
    shown.map((point) => point.accuracy),
    space,
    view.zoom?.y,
  );
  const frame = roomFor(space, accuracyTicks(y, space));
  const first = shown[0]?.order ?? 1;
  const last = Math.max(first + 1, shown.at(-1)?.order ?? 2);
  const x = scaleLinear(view.zoom?.x ?? [first, last], [frame.left + 6, frame.right - 6]);
  const ticks = x
    .ticks(Math.max(2, Math.min(points.length, Math.round((frame.right - frame.left) / 80))))
    .filter(Number.isInteger);
  const placed = points.map((point) => ({
    run: point.run,
    x: x(point.order),
    y: y(point.accuracy),
  }));
  const steps = points.flatMap(({ order, best }, i) => {
    if (best === null) return [];
    const before = points[i - 1]?.best ?? best;
    return [x(order), y(before), x(order), y(best)];
  });
  const dots = points.map((point, i) => dotOf(point, placed[i]!, theme, faint(point.run)));
  return {
    points: placed.filter((point) => isInside(point, frame)),
    frame,
    x,
    y,
    marks: [
      ...accuracyAxis(y, frame, theme),
      ...bottomAxis(
        ticks.map((tick) => ({ x: x(tick), text: String(tick) })),
        frame,
        theme,
        'trials, in the order in which they ended',
      ),
      ...inFrame(
        [...dots, { kind: 'line', points: steps, stroke: theme.text, width: 1.8 }],
        frame,
        view,
      ),
    ],
  };
}

function dotOf({ state }: HistoryPoint, { x, y }: PlacedPoint, theme: Theme, pale: boolean): Mark {
  const color = theme.states[state];
  return {
    kind: 'dot',
    x,
    y,
    radius: state === 'completed' ? 3.4 : 2.4,
    ...(state === 'running' ? { stroke: color, width: 1.5 } : { fill: color }),
    opacity: pale ? 0.12 : state === 'stopped' ? 0.55 : 0.95,
  };
}
