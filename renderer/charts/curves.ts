/**
 * Learning curves over epochs on a base-2 logarithm, with the rungs of the search as vertical
 * lines, a cross where a trial was stopped and, at every rung, the value that a trial must reach
 * today to go on.
 */
import { outputTitle } from '../../core/graph/describe.ts';
import { goalOf } from '../../core/graph/graph.ts';
import type { WireDecision, TrialRow, WireCurve } from '../../core/lab/api.ts';
import {
  accuracyAxis,
  accuracyScale,
  accuracyTicks,
  epochAxis,
  epochScale,
  fitting,
  frameOf,
  inFrame,
  roomFor,
  rungLines,
  type Frame,
  type Placed,
  type Scale,
  type Size,
  type View,
} from './axes.ts';
import type { Mark } from './marks.ts';
import type { Theme } from '../ui/colors.ts';

export interface CurvesInput {
  readonly rows: readonly TrialRow[];
  readonly curves: ReadonlyMap<number, WireCurve>;
  /** 1..M, or M + 1 for the ensemble: whose accuracy. */
  readonly node: number;
  readonly epochs: number;
  readonly rungs: readonly number[];
  /** At each rung the lowest recorded value that would go on now. */
  readonly bars: ReadonlyMap<number, number>;
  readonly faint: (run: number) => boolean;
  /** Run whose curve stands out. */
  readonly best: number | null;
  /** All when absent. */
  readonly view?: View;
}

/**
 * The lowest value at each rung that is still among those that go on: rank `limit` of the n
 * recorded there.
 */
export function barsOf(decisions: readonly WireDecision[]): Map<number, number> {
  const values = new Map<number, number[]>();
  const share = new Map<number, { n: number; limit: number }>();
  for (const { rung, value, n, limit } of decisions) {
    if (value === null || limit === null) continue;
    const list = values.get(rung);
    if (list) list.push(value);
    else values.set(rung, [value]);
    if (n >= (share.get(rung)?.n ?? 0)) share.set(rung, { n, limit });
  }
  const bars = new Map<number, number>();
  for (const [rung, list] of values) {
    list.sort((a, b) => b - a);
    const bar = list[Math.min(list.length, share.get(rung)!.limit) - 1];
    if (bar !== undefined) bars.set(rung, bar);
  }
  return bars;
}

export interface PlacedCurve {
  readonly run: number;
  /** x, y, x, y, ...; NaN where nothing was measured. */
  readonly points: readonly number[];
}

export interface DrawnCurves extends Required<Placed> {
  readonly marks: Mark[];
  readonly curves: PlacedCurve[];
  /** Is there any number? */
  readonly measured: boolean;
}

/** Pixels of one node's curve. */
function place(curve: WireCurve, node: number, x: Scale, y: Scale): PlacedCurve {
  const values = curve.accuracy[node - 1] ?? [];
  const points: number[] = [];
  values.forEach((value, i) => points.push(x(i + 1), value === null ? NaN : y(value)));
  return { run: curve.run, points };
}

export function drawCurves(input: CurvesInput, size: Size, theme: Theme): DrawnCurves {
  const { rows, curves, node, rungs, bars, faint, best, view = {} } = input;
  const space = frameOf(size);
  const shown = rows.filter((row) => curves.has(row.run));
  const fitted = fitting(shown, view).map((row) => curves.get(row.run)!.accuracy[node - 1] ?? []);
  const values = fitted.flat().filter((value) => value !== null);
  const zoomX = view.zoom?.x ?? null;
  const y = accuracyScale(values, space, view.zoom?.y);
  const frame = roomFor(space, accuracyTicks(y, space));
  const epochs = view.fits ? Math.max(1, ...fitted.map(({ length }) => length)) : input.epochs;
  const x = epochScale(epochs, frame, zoomX);
  const placed = shown.map((row) => place(curves.get(row.run)!, node, x, y));
  const many = (state: TrialRow['state']): number =>
    shown.filter((row) => row.state === state).length;
  /** Of many curves each is paler, so that they do not become one mass. */
  const clearness: Partial<Record<TrialRow['state'], number>> = {
    completed: Math.min(0.9, Math.max(0.22, 12 / many('completed'))),
    stopped: Math.min(0.34, Math.max(0.07, 40 / many('stopped'))),
  };
  const drawn = placed.map((curve, i) => {
    const { state } = shown[i]!;
    return curveMarks(curve, state, clearness[state] ?? 0.9, faint(curve.run), theme);
  });
  const graph = rows[0]?.graph;
  const output = graph ? outputTitle(graph, node) : `node ${node}`;
  const isJudged = graph !== undefined && goalOf(graph) === node;
  const first = shown.findIndex(({ run }) => run === best && !faint(run));
  return {
    x,
    y,
    frame,
    curves: placed,
    measured: values.length > 0,
    marks: [
      ...accuracyAxis(y, frame, theme, `accuracy of ${output}, %`),
      ...inFrame(rungLines(rungs, x, frame, theme), frame, view),
      ...epochAxis(x, epochs, frame, theme, {
        zoom: zoomX,
        note: '; dotted: rung; bar: needed to continue',
      }),
      ...inFrame(
        [
          ...drawn.map(({ line }) => line),
          ...drawn.flatMap(({ end }) => end),
          ...(first < 0
            ? []
            : bestMarks(placed[first]!.points, theme.states[shown[first]!.state], theme)),
          ...(isJudged ? barMarks(bars, x, y, frame, theme) : []),
        ],
        frame,
        view,
      ),
    ],
  };
}

/** A curve, and the sign at its end: a cross where it was stopped, a dot while it runs. */
function curveMarks(
  { points }: PlacedCurve,
  state: TrialRow['state'],
  clearness: number,
  pale: boolean,
  theme: Theme,
): { line: Mark; end: Mark[] } {
  const stroke = theme.states[state];
  const stopped = state === 'stopped';
  const opacity = pale ? 0.06 : clearness;
  const line: Mark = { kind: 'line', points, stroke, width: stopped ? 1 : 1.4, opacity };
  const last = lastPoint(points);
  if (!last) return { line, end: [] };
  const at = { ...last, radius: 2.6 };
  if (stopped)
    return {
      line,
      end: [{ kind: 'cross', ...at, stroke, width: 1, opacity: pale ? 0.08 : 0.7 }],
    };
  if (state !== 'running' && points.length !== 2) return { line, end: [] };
  return { line, end: [{ kind: 'dot', ...at, fill: stroke, opacity: pale ? 0.1 : 1 }] };
}

/** A thick line with a seam around it. */
const bestMarks = (points: readonly number[], stroke: string, theme: Theme): Mark[] => [
  { kind: 'line', points, stroke: theme.ground, width: 6, opacity: 0.8 },
  { kind: 'line', points, stroke, width: 2.8 },
];

/** Short bars across their rungs; at the first one only to the right, beside the axis's numbers. */
function barMarks(
  bars: ReadonlyMap<number, number>,
  x: Scale,
  y: Scale,
  frame: Frame,
  theme: Theme,
): Mark[] {
  return [...bars].map(([rung, value]) => ({
    kind: 'line',
    points: [Math.max(frame.left, x(rung) - 9), y(value), x(rung) + 9, y(value)],
    stroke: theme.text,
    width: 2.4,
  }));
}

function lastPoint(points: readonly number[]): { x: number; y: number } | null {
  for (let i = points.length - 2; i >= 0; i -= 2) {
    if (!Number.isNaN(points[i + 1]!)) return { x: points[i]!, y: points[i + 1]! };
  }
  return null;
}

/** The curve nearest to a place, within `reach` pixels. */
export function nearestCurve(
  curves: readonly PlacedCurve[],
  x: number,
  y: number,
  reach = 14,
): PlacedCurve | null {
  let best: PlacedCurve | null = null;
  let bestSquare = reach * reach;
  for (const curve of curves) {
    const { points } = curve;
    for (let i = 0; i + 1 < points.length; i += 2) {
      const [px, py] = [points[i]!, points[i + 1]!];
      const [qx, qy] = [points[i + 2] ?? px, points[i + 3] ?? py];
      if (Number.isNaN(py) || Number.isNaN(qy) || qx < x - reach || px > x + reach) continue;
      const length = (qx - px) ** 2 + (qy - py) ** 2;
      const t =
        length === 0
          ? 0
          : Math.max(0, Math.min(1, ((x - px) * (qx - px) + (y - py) * (qy - py)) / length));
      const square = (px + t * (qx - px) - x) ** 2 + (py + t * (qy - py) - y) ** 2;
      if (square < bestSquare) {
        bestSquare = square;
        best = curve;
      }
    }
  }
  return best;
}
