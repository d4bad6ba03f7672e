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
  const columns = groups.map((group, i) => {
    const centre = frame.left + (i + 0.5) * step;
    const column = columnOf(group[0]!, centre, Math.min(34, step * 0.3), y, theme);
    const titles = titlesOf(group, centre, frame.bottom, theme);
    return { dots: column.dots, marks: [...titles, ...inFrame(column.marks, frame, view)] };
  });
  return {
    dots: columns.flatMap(({ dots }) => dots).filter((dot) => isInside(dot, frame)),
    frame,
    y,
    marks: [
      ...accuracyAxis(y, frame, theme),
      ...referenceMarks(reached, frame, y, theme),
      ...columns.flatMap(({ marks }) => marks),
    ],
  };
}

/** Below the frame: the names of a group of equal variants, and their mean. */
function titlesOf(group: readonly VariantView[], x: number, bottom: number, theme: Theme): Mark[] {
  const { mean, standardDeviation } = group[0]!;
  return [
    ...group.map(({ name }, k): Mark => ({
      kind: 'text',
      x,
      y: bottom + 17 + LINE * k,
      text: variantTitle(name),
      fill: theme.text,
      size: 12,
      anchor: 'middle',
      bold: name === 'graph',
    })),
    {
      kind: 'text',
      x,
      y: bottom + 18 + LINE * group.length,
      text: meanText(mean, standardDeviation) || 'no result yet',
      fill: theme.quiet,
      size: 11,
      anchor: 'middle',
    },
  ];
}

/** Deviation, mean and a dot per seed, at most `reach` pixels from the centre. */
function columnOf(
  { name, values, runs, mean, standardDeviation }: VariantView,
  centre: number,
  reach: number,
  y: (value: number) => number,
  theme: Theme,
): { marks: Mark[]; dots: SeedDot[] } {
  const color = name === 'graph' ? theme.focus : theme.quiet;
  const marks: Mark[] = [];
  if (mean !== null && standardDeviation !== null) {
    const [top, bottom] = [y(mean + standardDeviation), y(mean - standardDeviation)];
    const height = Math.max(1, bottom - top);
    const place = { x: centre - reach, y: top, width: 2 * reach, height };
    marks.push({ kind: 'rect', ...place, fill: color, opacity: 0.14 });
  }
  if (mean !== null) {
    const points = [centre - reach, y(mean), centre + reach, y(mean)];
    marks.push({ kind: 'line', points, stroke: color, width: 2.4 });
  }
  const dots = values.map(({ seed, accuracy }, k): SeedDot => {
    const shift = values.length === 1 ? 0 : (k / (values.length - 1) - 0.5) * reach * 1.3;
    const run = runs.find((each) => each.seed === seed)?.run ?? -1;
    return { run, x: centre + shift, y: y(accuracy) };
  });
  for (const { x, y: at } of dots)
    marks.push({ kind: 'dot', x, y: at, radius: 4, fill: color, stroke: theme.ground, width: 1 });
  return { marks, dots };
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
