/** Parallel coordinates: a line per trial over the axes of its graph and its results. */
import { interpolateLab } from 'd3-interpolate';
import { scaleLinear } from 'd3-scale';
import type { TrialRow } from '../../core/lab/api.ts';
import { frameOf, type Frame, type Size } from './axes.ts';
import { type Dimension } from './dimensions.ts';
import type { Mark } from './marks.ts';
import type { Theme } from '../ui/colors.ts';

export interface Axis {
  readonly dimension: Dimension;
  readonly x: number;
  readonly y: (value: number) => number;
  readonly invert: (y: number) => number;
  /** What stands at its ends, top first; one value that all trials have stands in the middle. */
  readonly ends: readonly number[];
}

const SPACE = { left: 34, right: 46, top: 30, bottom: 14 };

export function axesOf(
  dimensions: readonly Dimension[],
  rows: readonly TrialRow[],
  size: Size,
  /** Those that an axis fits. */
  fitted: (dimension: Dimension) => readonly TrialRow[] = () => rows,
): { axes: Axis[]; frame: Frame } {
  const frame = frameOf(size, SPACE);
  const step = (frame.right - frame.left) / Math.max(1, dimensions.length - 1);
  const axes = dimensions.map((dimension, i) => {
    const values = dimension.choices
      ? [-0.4, dimension.choices.length - 0.6]
      : valuesOf(dimension, fitted(dimension), rows);
    let low = Math.min(...values);
    let high = Math.max(...values);
    const ends = low < high ? [high, low] : values.slice(0, 1);
    if (!(low < high)) [low, high] = values.length > 0 ? [low - 0.05, low + 0.05] : [0, 1];
    const scale = scaleLinear([low, high], [frame.bottom, frame.top]);
    return {
      dimension,
      x: frame.left + i * step,
      y: (value: number) => scale(value),
      invert: (y: number) => scale.invert(y),
      ends: dimension.choices ? [] : ends,
    };
  });
  return { axes, frame };
}

/** Values of the trials that an axis fits; of all where those have none. */
function valuesOf(
  dimension: Dimension,
  fitted: readonly TrialRow[],
  rows: readonly TrialRow[],
): number[] {
  const known = (of: readonly TrialRow[]): number[] =>
    of.map(dimension.value).filter((value) => value !== null);
  const values = known(fitted);
  return values.length > 0 || fitted === rows ? values : known(rows);
}

/**
 * A trial's line: choices are spread a little, by the trial's number, so that lines do not all fall
 * into one.
 */
export function trialLine(row: TrialRow, axes: readonly Axis[]): number[] {
  return axes.flatMap(({ dimension, x, y }) => {
    const value = dimension.value(row);
    if (value === null) return [x, NaN];
    const spread = dimension.choices ? (((row.number * 0.618034) % 1) - 0.5) * 0.5 : 0;
    return [x, y(value + spread)];
  });
}

/**
 * Lines of trials outside the filter that are enough to show the ground the others stand out from.
 */
const GROUND = 300;

export function drawParallel(
  axes: readonly Axis[],
  frame: Frame,
  rows: readonly TrialRow[],
  theme: Theme,
  shown: (row: TrialRow) => boolean,
): Mark[] {
  const accuracies = rows.map((row) => row.accuracy).filter((value) => value !== null);
  const [low, high] = [Math.min(...accuracies), Math.max(...accuracies)];
  const heat = (row: TrialRow): number =>
    row.accuracy === null || !(low < high) ? 0.3 : (row.accuracy - low) / (high - low);
  const color = interpolateLab(...theme.ramp);
  /** Many lines are drawn thinner, so that the good ones stand out. */
  const thin = Math.max(0.2, Math.min(1, 250 / Math.max(1, rows.length)));
  const few = Math.min(0.8, 3 / Math.max(1, rows.length));
  const all = rows.map((row) => ({ row, heat: heat(row), inside: shown(row) }));
  const outside = all.filter(({ inside }) => !inside);
  /** Of many trials outside, every n-th stands for the others, darker by as much. */
  const each = Math.max(1, Math.ceil(outside.length / GROUND));
  const ground = outside
    .filter((_, i) => i % each === 0)
    .map(({ row }): Mark => ({
      kind: 'line',
      points: trialLine(row, axes),
      stroke: theme.quiet,
      width: 1,
      opacity: 0.04 * thin * each,
    }));
  const lines = all
    .filter(({ inside }) => inside)
    .sort((a, b) => a.heat - b.heat)
    .map(({ row, heat: warm }): Mark => ({
      kind: 'line',
      points: trialLine(row, axes),
      stroke: color(row.accuracy === null ? 0 : warm),
      width: warm > 0.9 ? 1.6 : 1,
      opacity: Math.max(few, 0.14 * thin + 0.7 * warm * warm * Math.sqrt(thin)),
    }));
  return [
    ...ground,
    ...lines,
    ...axes.flatMap((axis) => axisMarks(axis, frame, theme)),
    ...axes
      .filter(({ dimension }) => dimension.key === 'accuracy')
      .flatMap((axis) => rampMarks(axis, [low, high], theme)),
    ...drawValues(axes, theme),
  ];
}

/** The colours of the lines as a bar along the axis of the accuracy. */
function rampMarks({ x, y }: Axis, [low, high]: readonly [number, number], theme: Theme): Mark[] {
  if (!(low < high)) return [];
  const color = interpolateLab(...theme.ramp);
  const [bottom, top] = [y(low), y(high)];
  const steps = 24;
  const height = (bottom - top) / steps;
  return Array.from({ length: steps }, (_, i) => ({
    kind: 'rect',
    x: x - 3,
    y: bottom - (i + 1) * height,
    width: 6,
    height: height + 0.5,
    fill: color((i + 0.5) / steps),
  }));
}

/**
 * What stands beside the axes, above all lines: also above those that are drawn later, such as that
 * of a selected trial.
 */
export function drawValues(axes: readonly Axis[], theme: Theme): Mark[] {
  const roomy = axes.length < 2 || axes[1]!.x - axes[0]!.x >= ROOMY;
  return axes.flatMap((axis) => valueMarks(axis, roomy, theme));
}

/** Pixels between two axes from which on names of networks have room in full. */
const ROOMY = 88;

function valueMarks({ dimension, x, y, ends }: Axis, roomy: boolean, theme: Theme): Mark[] {
  const digits =
    dimension.key === 'accuracy' && ends.length > 1 && ends[0]! - ends[1]! < 0.002 ? 2 : 1;
  const beside = (text: string, at: number, fill: string, bold = false): Mark => ({
    kind: 'text',
    x: x + 5,
    y: at,
    text,
    fill,
    size: 11,
    bold,
    halo: theme.ground,
  });
  return dimension.choices
    ? dimension.choices.map(({ text, short = text, color }, i) =>
        beside(
          roomy ? text : short,
          y(i) + 4,
          color ? nearTo(theme.text, color) : theme.text,
          true,
        ),
      )
    : ends.map((value, i) =>
        beside(
          endText(dimension, value, digits),
          y(value) + (ends.length === 1 ? 4 : i === 0 ? 9 : -2),
          theme.quiet,
        ),
      );
}

const axisMarks = ({ dimension, x }: Axis, frame: Frame, theme: Theme): Mark[] => [
  { kind: 'line', points: [x, frame.top, x, frame.bottom], stroke: theme.quiet, width: 1 },
  {
    kind: 'text',
    x,
    y: 16,
    text: dimension.title,
    fill: theme.text,
    size: 11,
    anchor: 'middle',
    bold: true,
  },
];

/**
 * A gate's colour drawn towards that of text: it is small, and lines of other colours are around
 * it.
 */
const nearTo = (text: string, color: string): string => interpolateLab(color, text)(0.4);

const endText = ({ key }: Dimension, value: number, digits: number): string =>
  key === 'accuracy' ? (value * 100).toFixed(digits) : String(Math.round(2 ** value));
