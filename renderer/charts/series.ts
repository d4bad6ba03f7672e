/** Curves over epochs as marks: of the nodes of a run, or of runs that are compared. */
import { scaleLinear } from 'd3-scale';
import {
  accuracyScale,
  accuracyTicks,
  epochAxis,
  epochScale,
  frameOf,
  inFrame,
  leftAxis,
  roomFor,
  rungLines,
  type Frame,
  type Placed,
  type Scale,
  type Size,
  type Span,
  type Ticks,
  type Zoom,
} from './axes.ts';
import { columnsOf, pointsOf } from './columns.ts';
import type { Mark } from './marks.ts';
import { lineEntry, type LegendEntry } from './picture.ts';
import type { Theme } from '../ui/colors.ts';

export interface Series {
  readonly title: string;
  readonly color: string;
  /** As in SVG; solid when absent. */
  readonly dash?: string;
  /** One value per epoch from 1; null where nothing was measured. */
  readonly values: readonly (number | null)[];
}

export interface SeriesInput {
  readonly epochs: number;
  readonly rungs: readonly number[];
  /** Values are fractions of 1; else any quantity. */
  readonly percent: boolean;
  /** Of the quantity. */
  readonly name: string;
  /** All when absent. */
  readonly zoom?: Zoom | null;
}

export interface DrawnSeries extends Required<Placed> {
  readonly marks: Mark[];
}

/** The number of epochs of the longest series. */
export const lengthOf = (series: readonly Series[]): number =>
  series.reduce((longest, { values }) => Math.max(longest, values.length), 0);

export function drawSeries(
  series: readonly Series[],
  { epochs, rungs, percent, name, zoom = null }: SeriesInput,
  size: Size,
  theme: Theme,
): DrawnSeries {
  const space = frameOf(size, { left: 46, right: 22, top: 12, bottom: 34 });
  const epochsShown = shownEpochs(series, zoom?.x ?? null);
  const y = valueScale(rangeOf(series, epochsShown), percent, space, zoom?.y ?? null);
  const ticks: Ticks = percent
    ? accuracyTicks(y, space)
    : { ticks: y.ticks(6), text: (tick) => String(Number(tick.toPrecision(6))) };
  const frame = roomFor(space, ticks);
  const x = epochScale(epochs, frame, zoom?.x);
  const columns = columnsOf(x, ...epochsShown);
  const data = series.flatMap(({ values, color, dash }): Mark[] => {
    const points = pointsOf(values, columns, y);
    const line: Mark = { kind: 'line', points, stroke: color, width: 2, ...(dash && { dash }) };
    return [line, ...dotsOf(values, points, color)];
  });
  return {
    x,
    y,
    frame,
    marks: [
      ...leftAxis(y, { ...ticks, name: percent ? `${name}, %` : name }, frame, theme),
      ...inFrame(rungLines(rungs, x, frame, theme), frame, { zoom }),
      ...epochAxis(x, epochs, frame, theme, { zoom: zoom?.x ?? null }),
      ...inFrame(data, frame, { zoom }),
    ],
  };
}

/** First and last epoch that are drawn: of a part of the axis one more at either side. */
function shownEpochs(series: readonly Series[], zoom: Span | null): Span {
  const last = lengthOf(series);
  if (!zoom) return [1, last];
  return [Math.max(1, Math.floor(zoom[0])), Math.min(last, Math.ceil(zoom[1]))];
}

/** Lowest and highest value in some epochs; null when there is none. */
function rangeOf(series: readonly Series[], [first, last]: Span): Span | null {
  let [low, high] = [Infinity, -Infinity];
  for (const { values } of series)
    for (let i = first - 1; i < last && i < values.length; i++) {
      const value = values[i] ?? null;
      if (value === null) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  return low <= high ? [low, high] : null;
}

function valueScale(range: Span | null, percent: boolean, frame: Frame, zoom: Span | null): Scale {
  if (percent) return accuracyScale(range ?? [], frame, zoom);
  const [low, high] = range ?? [0, 1];
  const margin = (high - low || Math.abs(high) || 1) * 0.06;
  return scaleLinear(zoom ?? [low - margin, high + margin], [frame.bottom, frame.top]);
}

/** Too few values for a line to be seen are shown as dots. */
function dotsOf(
  values: readonly (number | null)[],
  points: readonly number[],
  fill: string,
): Mark[] {
  let measured = 0;
  for (let i = 0; i < values.length && measured < 3; i++) if (values[i] !== null) measured++;
  if (measured > 2) return [];
  const dots: Mark[] = [];
  for (let i = 0; i < points.length; i += 2)
    if (!Number.isNaN(points[i + 1]!))
      dots.push({ kind: 'dot', x: points[i]!, y: points[i + 1]!, radius: 3, fill });
  return dots;
}

/** The epoch nearest to a place in the chart, 0-based; null where the series have none. */
export function epochAt(x: Scale, pixel: number, count: number): number | null {
  if (count === 0) return null;
  return Math.max(0, Math.min(count - 1, Math.round(x.invert(pixel)) - 1));
}

/** A line at an epoch with a dot on every series. */
export function cursorMarks(
  series: readonly Series[],
  epoch: number,
  { x, y, frame }: Required<Placed>,
  theme: Theme,
): Mark[] {
  const at = x(epoch + 1);
  if (at < frame.left - 0.5 || at > frame.right + 0.5) return [];
  const line: Mark = {
    kind: 'line',
    points: [at, frame.top, at, frame.bottom],
    stroke: theme.quiet,
    width: 1,
    dash: '4 3',
  };
  const dots = series.flatMap(({ values, color }): Mark[] => {
    const value = values[epoch] ?? null;
    return value === null
      ? []
      : [{ kind: 'dot', x: at, y: y(value), radius: 4, fill: color, stroke: theme.ground }];
  });
  return [line, { kind: 'group', clip: { ...frame, right: frame.right + 4 }, marks: dots }];
}

export const seriesLegend = (series: readonly Series[]): LegendEntry[] =>
  series.map(({ title, color, dash }) => lineEntry(title, color, 2, dash));
