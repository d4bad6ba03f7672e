/** Curves over epochs as marks: what uPlot shows live, for saved figures. */
import { scaleLinear } from 'd3-scale';
import {
  accuracyScale,
  accuracyTicks,
  bottomAxis,
  epochScale,
  epochTicks,
  frameOf,
  leftAxis,
  roomFor,
  rungLines,
  type Size,
  type Ticks,
} from './axes.ts';
import type { Mark } from './marks.ts';
import type { LegendEntry } from './picture.ts';
import type { Theme } from '../ui/colors.ts';

export interface Series {
  readonly title: string;
  readonly color: string;
  /** As in SVG; solid when absent. */
  readonly dash?: string;
  /** One value per epoch from 1; null where nothing was measured. */
  readonly values: readonly (number | null)[];
}

/** `percent`: values are fractions of 1; else any quantity, named by `name`. */
export function drawSeries(
  series: readonly Series[],
  {
    epochs,
    rungs,
    percent,
    name,
  }: { epochs: number; rungs: readonly number[]; percent: boolean; name: string },
  size: Size,
  theme: Theme,
): Mark[] {
  const space = frameOf(size);
  const values = series.flatMap((each) => each.values).filter((value) => value !== null);
  const [low, high] = values.length > 0 ? [Math.min(...values), Math.max(...values)] : [0, 1];
  const margin = (high - low || Math.abs(high) || 1) * 0.06;
  const y = percent
    ? accuracyScale(values, space)
    : scaleLinear([low - margin, high + margin], [space.bottom, space.top]);
  const ticks: Ticks = percent
    ? accuracyTicks(y, space)
    : { ticks: y.ticks(6), text: (tick) => String(Number(tick.toPrecision(6))) };
  const frame = roomFor(space, ticks);
  const x = epochScale(epochs, frame);
  return [
    ...leftAxis(y, { ...ticks, name: percent ? `${name}, %` : name }, frame, theme),
    ...rungLines(rungs, x, frame, theme),
    ...bottomAxis(
      epochTicks(epochs).map((tick) => ({ x: x(tick), text: String(tick) })),
      frame,
      theme,
      'epoch (log 2)',
    ),
    ...series.map(({ values: list, color, dash }): Mark => ({
      kind: 'line',
      points: list.flatMap((value, i) => [x(i + 1), value === null ? NaN : y(value)]),
      stroke: color,
      width: 2,
      ...(dash && { dash }),
    })),
  ];
}

export const seriesLegend = (series: readonly Series[]): LegendEntry[] =>
  series.map(({ title, color, dash }) => ({
    text: title,
    mark: { kind: 'line', points: [-10, 0, 10, 0], stroke: color, width: 2, ...(dash && { dash }) },
  }));
