/**
 * All trials of a study as their fingerprints, the best first: which gates the good graphs share is
 * seen before any number is read.
 */
import { gates } from '../../core/gates/gates.ts';
import type { TrialRow } from '../../core/lab/api.ts';
import type { Theme } from '../ui/colors.ts';
import type { Size } from './axes.ts';
import { fingerprint } from './fingerprint.ts';
import type { Mark } from './marks.ts';
import { boxEntry, type LegendEntry } from './picture.ts';

/** A trial's place: the left and upper edge of its fingerprint, and the extent. */
export interface MapCell {
  readonly run: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Pixels: least and greatest width of a fingerprint, and the free edge of the map. */
const [LEAST, MOST, EDGE] = [9, 64, 12];
/** Space between fingerprints, in their widths. */
const SPACE = 0.3;

/** Opacity of trials that do not pass the filter. */
const FAINT = 0.12;

/** Places of the trials in rows from the upper left, as large as all of them fit. */
export function placeMap(
  rows: readonly TrialRow[],
  size: number,
  { width, height }: Size,
): MapCell[] {
  const aspect = size / (size + 1);
  const grid = (wide: number): { columns: number; step: number; down: number } => {
    const [step, down] = [wide * (1 + SPACE), wide * (aspect + SPACE)];
    return {
      columns: Math.max(1, Math.floor((width - 2 * EDGE + wide * SPACE) / step)),
      step,
      down,
    };
  };
  let wide = MOST;
  const fits = (): boolean => {
    const { columns, down } = grid(wide);
    return Math.ceil(rows.length / columns) * down <= height - 2 * EDGE + wide * SPACE;
  };
  while (wide > LEAST && !fits()) wide -= 0.5;
  const { columns, step, down } = grid(wide);
  const most = columns * Math.max(1, Math.floor((height - 2 * EDGE + wide * SPACE) / down));
  return rows.slice(0, most).map(({ run }, i) => ({
    run,
    x: EDGE + (i % columns) * step,
    y: EDGE + Math.floor(i / columns) * down,
    width: wide,
    height: wide * aspect,
  }));
}

export function drawMap(
  rows: readonly TrialRow[],
  cells: readonly MapCell[],
  theme: Theme,
  faint: (run: number) => boolean = () => false,
): Mark[] {
  return cells.flatMap(({ run, x, y, width, height }, i): Mark[] => {
    const shown = fingerprint(rows[i]!.graph, width);
    const look = faint(run) ? { opacity: FAINT } : {};
    return [
      { kind: 'rect', x, y, width, height, fill: theme.grid, ...look },
      ...shown.cells.flatMap((cell): Mark[] =>
        cell.gate.name === 'cutoff'
          ? []
          : [
              {
                kind: 'rect',
                x: x + cell.x,
                y: y + cell.y,
                width: shown.side,
                height: shown.side,
                fill: cell.gate.color,
                ...look,
              },
            ],
      ),
    ];
  });
}

/** The trial at a place; null between fingerprints. */
export const cellAt = (cells: readonly MapCell[], x: number, y: number): MapCell | null =>
  cells.find(
    (cell) => x >= cell.x && x <= cell.x + cell.width && y >= cell.y && y <= cell.y + cell.height,
  ) ?? null;

/** The gates that occur, in their colours. */
export const mapLegend = (rows: readonly TrialRow[]) => (): LegendEntry[] =>
  gates
    .filter(
      ({ name }) =>
        name !== 'cutoff' &&
        rows.some(({ graph }) => graph.edges.some((edge) => edge.gate === name)),
    )
    .map(({ title, color }) => boxEntry(title, { fill: color }));
