/** Shares that add up to 1, epoch by epoch, as stacked areas. */
import { scaleLinear } from 'd3-scale';
import {
  epochAxis,
  epochScale,
  frameOf,
  leftAxis,
  type Frame,
  type Scale,
  type Size,
} from './axes.ts';
import type { Mark } from './marks.ts';
import { boxEntry, type LegendEntry } from './picture.ts';
import type { Theme } from '../ui/colors.ts';

export interface ShareSeries {
  readonly title: string;
  /** One share for each epoch from 1; null where nothing was counted. */
  readonly values: readonly (number | null)[];
}

/** Of the colours of one hue from strong to pale, as many as there are series. */
const shade = (
  index: number,
  count: number,
  { ramp }: Theme,
): { fill: string; opacity: number } => ({
  fill: ramp[1],
  opacity: count < 2 ? 1 : 0.85 - (0.7 * index) / (count - 1),
});

/** Stacked from the bottom in the order of the series; an epoch reaches half way to its neighbours. */
export function drawShares(
  series: readonly ShareSeries[],
  epochs: number,
  size: Size,
  theme: Theme,
): Mark[] {
  const frame = frameOf(size, { left: 46, right: 22, top: 12, bottom: 34 });
  const x = epochScale(epochs, frame);
  const y = scaleLinear([0, 1], [frame.bottom, frame.top]);
  const ticks = [0, 0.25, 0.5, 0.75, 1];
  const name = 'images, %';
  return [
    ...leftAxis(y, { ticks, text: (tick) => String(100 * tick), name }, frame, theme),
    ...columns(series, { x, y, frame, theme }),
    ...epochAxis(x, epochs, frame, theme),
  ];
}

function columns(
  series: readonly ShareSeries[],
  { x, y, frame, theme }: { x: Scale; y: Scale; frame: Frame; theme: Theme },
): Mark[] {
  const last = Math.max(0, ...series.map(({ values }) => values.length));
  const edge = (epoch: number): number =>
    Math.max(frame.left, Math.min(frame.right, x(Math.max(1, epoch))));
  return Array.from({ length: last }, (_, i) => i).flatMap((i) => {
    const left = edge(i + 0.5);
    const width = edge(i + 1.5) - left;
    let below = 0;
    return series.flatMap(({ values }, place): Mark[] => {
      const share = values[i] ?? null;
      if (share === null || share <= 0) return [];
      const top = y(below + share);
      const height = y(below) - top;
      below += share;
      return [
        { kind: 'rect', x: left, y: top, width, height, ...shade(place, series.length, theme) },
      ];
    });
  });
}

export const sharesLegend =
  (series: readonly ShareSeries[]) =>
  (theme: Theme): LegendEntry[] =>
    series.map(({ title }, i) => boxEntry(title, shade(i, series.length, theme)));
