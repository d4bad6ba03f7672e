/**
 * A re-run: every seed as a dot, mean and standard deviation beside them, and the paper's numbers
 * as lines.
 */
import type { ReferenceRow, VariantView } from '../../core/lab/api.ts';
import {
  accuracyAxis,
  accuracyScale,
  accuracyTicks,
  frameOf,
  inFrame,
  isInside,
  roomFor,
  type Placed,
  type Size,
  type View,
} from './axes.ts';
import type { Mark } from './marks.ts';
import { meanText, sharing, variantTitle } from '../words/rerun.ts';
import type { Theme } from '../ui/colors.ts';

/**
 * Pixels: of a name's line below the chart, about so many of a letter beside it, and of the
 * narrowest column.
 */
const [LINE, LETTER, COLUMN] = [14, 6, 84];

export interface SeedDot {
  readonly run: number;
  readonly x: number;
  readonly y: number;
}

export function drawSeeds(
  variants: readonly VariantView[],
  references: readonly ReferenceRow[],
  size: Size,
  theme: Theme,
  view: View = {},
): { marks: Mark[]; dots: SeedDot[] } & Placed {
  const groups = sharing(variants);
  const lines = Math.max(1, ...groups.map((group) => group.length));
  const names = Math.max(0, ...references.map((row) => referenceText(row).length * LETTER));
  const space = frameOf(size, {
    left: 50,
    right:
      references.length > 0
        ? Math.max(60, Math.min(names + 18, size.width - 50 - groups.length * COLUMN))
        : 16,
    top: 14,
    bottom: 26 + LINE * lines,
  });
  const values = variants.flatMap((variant) => variant.values.map((value) => value.accuracy));
  const y = accuracyScale([...values, ...references.map((row) => row.mean)], space, view.zoom?.y);
  const [low, high] = y.domain() as [number, number];
  const reached = references.filter(({ mean }) => mean >= low && mean <= high);
  const frame = roomFor(space, accuracyTicks(y, space));
  const step = (frame.right - frame.left) / Math.max(1, groups.length);
  const dots: SeedDot[] = [];
  const columns = groups.flatMap((group, i): Mark[] => {
    const variant = group[0]!;
    const centre = frame.left + (i + 0.5) * step;
    const color = variant.name === 'graph' ? theme.focus : theme.quiet;
    const reach = Math.min(34, step * 0.3);
    const marks: Mark[] = [];
    const titles: Mark[] = [
      ...group.map(({ name }, k): Mark => ({
        kind: 'text',
        x: centre,
        y: frame.bottom + 17 + LINE * k,
        text: variantTitle(name),
        fill: theme.text,
        size: 12,
        anchor: 'middle',
        bold: name === 'graph',
      })),
      {
        kind: 'text',
        x: centre,
        y: frame.bottom + 18 + LINE * group.length,
        text: meanText(variant.mean, variant.standardDeviation) || 'no result yet',
        fill: theme.quiet,
        size: 11,
        anchor: 'middle',
      },
    ];
    const { mean, standardDeviation } = variant;
    if (mean !== null && standardDeviation !== null) {
      const [top, bottom] = [y(mean + standardDeviation), y(mean - standardDeviation)];
      marks.push({
        kind: 'rect',
        x: centre - reach,
        y: top,
        width: 2 * reach,
        height: Math.max(1, bottom - top),
        fill: color,
        opacity: 0.14,
      });
    }
    if (mean !== null) {
      const at = y(mean);
      marks.push({
        kind: 'line',
        points: [centre - reach, at, centre + reach, at],
        stroke: color,
        width: 2.4,
      });
    }
    variant.values.forEach(({ seed, accuracy }, k) => {
      const shift =
        variant.values.length === 1 ? 0 : (k / (variant.values.length - 1) - 0.5) * reach * 1.3;
      const dot = { x: centre + shift, y: y(accuracy) };
      dots.push({ run: variant.runs.find((run) => run.seed === seed)?.run ?? -1, ...dot });
      marks.push({ kind: 'dot', ...dot, radius: 4, fill: color, stroke: theme.ground, width: 1 });
    });
    return [...titles, ...inFrame(marks, frame, view)];
  });
  return {
    dots: dots.filter((dot) => isInside(dot, frame)),
    frame,
    y,
    marks: [
      ...accuracyAxis(y, frame, theme),
      ...referenceMarks(reached, frame, y, theme),
      ...columns,
    ],
  };
}

const referenceText = ({ mean, title }: ReferenceRow): string =>
  `${(mean * 100).toFixed(2)} ${title}`;

/** Lines of the paper's tables; their names at the right are moved apart where values are close. */
function referenceMarks(
  references: readonly ReferenceRow[],
  frame: { left: number; right: number; bottom: number },
  y: (value: number) => number,
  theme: Theme,
): Mark[] {
  const sorted = references.toSorted((a, b) => b.mean - a.mean);
  let above = -Infinity;
  return sorted.flatMap((row): Mark[] => {
    const at = y(row.mean);
    const nameAt = Math.max(at + 4, above + 13);
    above = nameAt;
    return [
      {
        kind: 'line',
        points: [frame.left, at, frame.right, at, frame.right + 10, nameAt - 4],
        stroke: theme.quiet,
        width: 1,
        dash: '5 4',
        opacity: 0.7,
      },
      {
        kind: 'text',
        x: frame.right + 14,
        y: nameAt,
        text: referenceText(row),
        fill: theme.quiet,
        size: 11,
      },
    ];
  });
}
