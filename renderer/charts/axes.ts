/** Frames and axes shared by the charts: scales come from d3, everything drawn is marks. */
import { scaleLinear, scaleLog, type ScaleContinuousNumeric } from 'd3-scale';
import type { Mark } from './marks.ts';
import type { Theme } from '../ui/colors.ts';

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The rectangle that data are drawn in. */
export interface Frame {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export type Span = readonly [low: number, high: number];

/** The part of a chart that is looked at, in the units of its axes; null: all of an axis. */
export interface Zoom {
  readonly x: Span | null;
  readonly y: Span | null;
}

/** What a chart shows of its data. */
export interface View {
  /** Runs that the scales fit; all where it is null or where none has a value. */
  readonly fits?: ((run: number) => boolean) | null;
  readonly zoom?: Zoom | null;
}

/**
 * Where a chart drew its data, and the scales that lead back from a place to values; a scale is
 * absent where there is no zoom.
 */
export interface Placed {
  readonly frame: Frame;
  readonly x?: Scale;
  readonly y?: Scale;
}

/** Those that the scales fit; all when that would leave none. */
export function fitting<Item extends { readonly run: number }>(
  items: readonly Item[],
  { fits }: View,
): readonly Item[] {
  const inside = fits ? items.filter(({ run }) => fits(run)) : items;
  return inside.length > 0 ? inside : items;
}

/** Marks of data; what lies outside the frame is cut off where the view shows a part only. */
export const inFrame = (marks: readonly Mark[], frame: Frame, { fits, zoom }: View): Mark[] =>
  fits || zoom ? [{ kind: 'group', clip: frame, marks }] : [...marks];

/** Does a place lie inside a frame, with a margin for the marks at its edge? */
export const isInside = (
  { x, y }: { x: number; y: number },
  { left, right, top, bottom }: Frame,
): boolean => x >= left - 4 && x <= right + 4 && y >= top - 4 && y <= bottom + 4;

/** Pixels that a rectangle must measure in a direction to zoom in it. */
const DRAWN = 10;

/**
 * The part of a chart inside a rectangle that was drawn on it; null where it is too small to be
 * meant.
 */
export function zoomTo(
  placed: Placed,
  from: { x: number; y: number },
  to: { x: number; y: number },
): Zoom | null {
  const { frame } = placed;
  const part = (scale: Scale | undefined, a: number, b: number, ends: Span): Span | null => {
    if (!scale || Math.abs(a - b) < DRAWN) return null;
    const [low, high] = [Math.min(a, b), Math.max(a, b)].map((at) =>
      scale.invert(Math.max(ends[0], Math.min(ends[1], at))),
    ) as [number, number];
    return low < high ? [low, high] : [high, low];
  };
  const x = part(placed.x, from.x, to.x, [frame.left, frame.right]);
  const y = part(placed.y, from.y, to.y, [frame.top, frame.bottom]);
  return x || y ? { x, y } : null;
}

export type Scale = ScaleContinuousNumeric<number, number>;

export const frameOf = (
  { width, height }: Size,
  space = { left: 46, right: 14, top: 12, bottom: 34 },
): Frame => ({
  left: space.left,
  right: Math.max(space.left + 1, width - space.right),
  top: space.top,
  bottom: Math.max(space.top + 1, height - space.bottom),
});

/** Epochs on a base-2 logarithm from 1, so that the rungs are evenly spaced. */
export const epochScale = (
  epochs: number,
  { left, right }: Frame,
  zoom: Span | null = null,
): Scale => scaleLog(zoom ?? [1, Math.max(2, epochs)], [left, right]).base(2);

/** Powers of two up to the last epoch, and the last epoch itself where there is room for it. */
export function epochTicks(epochs: number): number[] {
  const ticks: number[] = [];
  for (let tick = 1; tick <= epochs; tick *= 2) ticks.push(tick);
  const last = ticks.at(-1)!;
  if (last !== epochs && epochs / last < 1.3 && ticks.length > 1) ticks.pop();
  if (ticks.at(-1) !== epochs) ticks.push(epochs);
  return ticks;
}

/**
 * The same in the part of an axis that is shown; all whole epochs where powers of two would be too
 * few.
 */
export function epochTicksIn(epochs: number, zoom: Span | null): number[] {
  if (!zoom) return epochTicks(epochs);
  const inside = (tick: number): boolean => tick >= zoom[0] && tick <= zoom[1];
  const ticks = epochTicks(epochs).filter(inside);
  if (ticks.length > 2 || zoom[1] - zoom[0] > 12) return ticks;
  const first = Math.ceil(zoom[0]);
  return Array.from({ length: Math.floor(zoom[1]) - first + 1 }, (_, i) => first + i);
}

/** Accuracies (fractions of 1) with a margin; at least two points wide, never beyond 0 or 1. */
export function accuracyScale(
  values: Iterable<number>,
  { top, bottom }: Frame,
  zoom: Span | null = null,
): Scale {
  if (zoom) return scaleLinear(zoom, [bottom, top]);
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) [low, high] = [0, 1];
  const margin = Math.max(0.01, (high - low) * 0.06);
  return scaleLinear([Math.max(0, low - margin), Math.min(1, high + margin)], [bottom, top]);
}

/** Values at an axis, in words. */
export interface Ticks {
  readonly ticks: readonly number[];
  readonly text: (tick: number) => string;
}

/** Pixels of the axis's name, and between the values and the frame. */
const [NAME, GAP] = [17, 7];

/** At most so many pixels wide in 11 px, whatever the font: charts are drawn without a screen. */
const widthOf = (text: string): number =>
  Array.from(text).reduce((sum, character) => sum + (character === '.' ? 3.5 : 7), 0);

/** The frame with room at its left for the values of its axis beside the axis's name. */
export function roomFor(frame: Frame, { ticks, text }: Ticks): Frame {
  const widest = Math.max(0, ...ticks.map((tick) => widthOf(text(tick))));
  return { ...frame, left: Math.max(frame.left, Math.ceil(NAME + widest + GAP)) };
}

/** Horizontal lines with their values at the left, and the axis' name beside them. */
export function leftAxis(
  scale: Scale,
  { ticks, text, name }: Ticks & { name: string },
  frame: Frame,
  theme: Theme,
): Mark[] {
  return [
    ...ticks.flatMap((tick): Mark[] => {
      const y = Math.round(scale(tick)) + 0.5;
      return [
        { kind: 'line', points: [frame.left, y, frame.right, y], stroke: theme.grid, width: 1 },
        {
          kind: 'text',
          x: frame.left - GAP,
          y: y + 4,
          text: text(tick),
          fill: theme.quiet,
          size: 11,
          anchor: 'end',
        },
      ];
    }),
    {
      kind: 'text',
      x: 13,
      y: (frame.top + frame.bottom) / 2,
      text: name,
      fill: theme.quiet,
      size: 11,
      anchor: 'middle',
      turn: -90,
    },
  ];
}

/** Fractions of 1 in percent. */
export function accuracyTicks(scale: Scale, { top, bottom }: Frame): Ticks {
  const ticks = scale.ticks(Math.max(2, Math.round((bottom - top) / 46)));
  const [first = 0, second = 1] = ticks;
  const step = second - first;
  const digits = step < 0.00099 ? 2 : step < 0.0099 ? 1 : 0;
  return { ticks, text: (tick) => (tick * 100).toFixed(digits) };
}

export const accuracyAxis = (
  scale: Scale,
  frame: Frame,
  theme: Theme,
  name = 'accuracy, %',
): Mark[] => leftAxis(scale, { ...accuracyTicks(scale, frame), name }, frame, theme);

/** Dotted lines at the epochs where trials are judged. */
export const rungLines = (
  rungs: readonly number[],
  x: Scale,
  { top, bottom }: Frame,
  theme: Theme,
): Mark[] =>
  rungs.map((rung) => ({
    kind: 'line',
    points: [x(rung), top, x(rung), bottom],
    stroke: theme.quiet,
    width: 1,
    dash: '2 3',
    opacity: 0.5,
  }));

/** The line below the data with ticks and the axis' name. */
export function bottomAxis(
  ticks: readonly { readonly x: number; readonly text: string }[],
  frame: Frame,
  theme: Theme,
  name: string,
): Mark[] {
  const y = Math.round(frame.bottom) + 0.5;
  return [
    { kind: 'line', points: [frame.left, y, frame.right, y], stroke: theme.quiet, width: 1 },
    ...ticks.flatMap(({ x, text }): Mark[] => [
      { kind: 'line', points: [x, y, x, y + 4], stroke: theme.quiet, width: 1 },
      { kind: 'text', x, y: y + 15, text, fill: theme.quiet, size: 11, anchor: 'middle' },
    ]),
    {
      kind: 'text',
      x: (frame.left + frame.right) / 2,
      y: y + 29,
      text: name,
      fill: theme.quiet,
      size: 11,
      anchor: 'middle',
    },
  ];
}

/** The axis of epochs (`epochScale`) below the data. */
export const epochAxis = (
  x: Scale,
  epochs: number,
  frame: Frame,
  theme: Theme,
  { zoom = null, note = '' }: { readonly zoom?: Span | null; readonly note?: string } = {},
): Mark[] =>
  bottomAxis(
    epochTicksIn(epochs, zoom).map((tick) => ({ x: x(tick), text: String(tick) })),
    frame,
    theme,
    `epoch (log 2)${note}`,
  );
