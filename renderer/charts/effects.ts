/**
 * Which choices matter: a cell for every edge (rows learn, columns teach) with a dot and a whisker
 * for each gate, its effect on the accuracy that counts with the 95 % interval. The cell of a node
 * itself holds its networks.
 */
import { scaleLinear } from 'd3-scale';
import { pointsText } from '../../core/analysis/verdict.ts';
import { gate as gateOf, type GateName, withPaperGates } from '../../core/gates/gates.ts';
import type { Dimension } from '../../core/graph/space.ts';
import type { StudyEffects } from '../../core/lab/api.ts';
import { architecture } from '../../core/models/architecture.ts';
import { isClear, knownEffects, type KnownEffect } from '../words/effects.ts';
import type { Size } from './axes.ts';
import type { Mark } from './marks.ts';
import { dotEntry, type LegendEntry } from './picture.ts';
import type { Theme } from '../ui/colors.ts';

interface PlacedEffect {
  readonly effect: KnownEffect;
  readonly x: number;
  readonly y: number;
}

export interface DrawnEffects {
  readonly marks: Mark[];
  readonly points: readonly PlacedEffect[];
}

const [LEFT, TOP] = [52, 24];
/** Pixels of a cell: more nodes share the height. */
const cellHeight = (size: number): number => (size <= 3 ? 84 : size <= 4 ? 68 : 54);

/** Height of the matrix for graphs of `size` nodes. */
export const effectsHeight = (size: number): number => TOP + size * cellHeight(size) + 6;

/** Fraction of 1 that half a cell shows: imprecise effects do not squeeze the others. */
export function effectLimit(effects: readonly KnownEffect[]): number {
  const halves = effects.map(({ low, high }) => (high - low) / 2).sort((a, b) => a - b);
  const usual = halves[Math.floor(halves.length / 2)] ?? 0;
  const reach = effects
    .filter(({ low, high }) => (high - low) / 2 <= 3 * usual)
    .map(({ low, high }) => Math.max(Math.abs(low), Math.abs(high)));
  return Math.max(0.001, ...reach) * 1.05;
}

/** @param size number of nodes */
export function drawEffects(
  found: StudyEffects,
  size: number,
  { width }: Size,
  theme: Theme,
): DrawnEffects {
  const effects = knownEffects(found);
  const high = cellHeight(size);
  const wide = (width - LEFT - 8) / (size + 1);
  const limit = effectLimit(effects);
  const gates = gatesOf(found);
  const marks: Mark[] = [];
  const points: PlacedEffect[] = [];
  for (let destination = 1; destination <= size; destination++) {
    const y = TOP + (destination - 1) * high;
    for (let source = 0; source <= size; source++)
      marks.push(...cellMarks(LEFT + source * wide, y, wide, high, theme));
    marks.push(...rowMarks(destination, y, high, limit, theme));
  }
  for (let source = 0; source <= size; source++)
    marks.push(
      head(source === 0 ? 'Label' : `from ${source}`, LEFT + (source + 0.5) * wide, theme),
    );
  for (const [at, dimension] of found.dimensions.entries()) {
    if (dimension.kind !== 'model' && dimension.kind !== 'gate') continue; // in the list beside the matrix
    const [row, column] =
      dimension.kind === 'model'
        ? [dimension.node, dimension.node]
        : [dimension.destination, dimension.source];
    if (dimension.choices.length < 2) continue;
    const middle = TOP + (row - 0.5) * high - 5;
    const scale = scaleLinear([-limit, limit], [middle + high / 2 - 11, middle - high / 2 + 9]);
    const lanes = lanesOf(dimension, gates, LEFT + column * wide, wide);
    for (const { choice, x, text, color } of lanes) {
      const y = TOP + row * high - 6;
      marks.push({ kind: 'text', x, y, text, fill: color(theme), size: 9, anchor: 'middle' });
      const effect = effects.find((each) => each.dimension === at && each.choice === choice);
      if (!effect) continue;
      marks.push(...whisker(effect, x, (value) => clamp(scale(value), scale), color(theme)));
      points.push({ effect, x, y: clamp(scale(effect.effect), scale) });
    }
  }
  return { marks, points };
}

/** A cell with its line at no effect. */
function cellMarks(x: number, y: number, wide: number, high: number, theme: Theme): Mark[] {
  const middle = Math.round(y + high / 2 - 5) + 0.5;
  return [
    {
      kind: 'rect',
      x: x + 2,
      y: y + 2,
      width: wide - 4,
      height: high - 4,
      fill: theme.grid,
      opacity: 0.42,
    },
    {
      kind: 'line',
      points: [x + 4, middle, x + wide - 4, middle],
      stroke: theme.quiet,
      width: 1,
      opacity: 0.5,
    },
  ];
}

const head = (text: string, x: number, theme: Theme): Mark => ({
  kind: 'text',
  x,
  y: TOP - 8,
  text,
  fill: theme.quiet,
  size: 11,
  anchor: 'middle',
});

/** The name of a row, and the greatest effect that its cells show. */
function rowMarks(
  destination: number,
  y: number,
  high: number,
  limit: number,
  theme: Theme,
): Mark[] {
  const text = (at: number, words: string, size: number): Mark => ({
    kind: 'text',
    x: LEFT - 5,
    y: at,
    text: words,
    fill: theme.quiet,
    size,
    anchor: 'end',
  });
  return [
    text(y + high / 2 - 1, `into ${destination}`, 11),
    text(y + 13, pointsText(limit, '−', 1), 9),
    text(y + high - 12, pointsText(-limit, '−', 1), 9),
  ];
}

interface Lane {
  readonly choice: number;
  readonly x: number;
  readonly text: string;
  readonly color: (theme: Theme) => string;
}

/** Gates have the same lanes in all cells. */
function lanesOf(
  dimension: Extract<Dimension, { kind: 'model' | 'gate' }>,
  gates: readonly GateName[],
  left: number,
  wide: number,
): Lane[] {
  if (dimension.kind === 'model') {
    const step = (wide - 8) / dimension.choices.length;
    return dimension.choices.map((name, choice) => ({
      choice,
      x: left + 4 + (choice + 0.5) * step,
      text: step < 30 ? architecture(name).short.replace(/^[A-Z]/, '') : architecture(name).short,
      color: ({ text }) => text,
    }));
  }
  const step = (wide - 8) / gates.length;
  return dimension.choices.map((name, choice) => ({
    choice,
    x: left + 4 + (gates.indexOf(name) + 0.5) * step,
    text: gateOf(name).letter,
    color: ({ quiet }) => (name === 'cutoff' ? quiet : gateOf(name).color),
  }));
}

/** A dot and its interval; pale where the interval includes 0. */
function whisker(
  effect: KnownEffect,
  x: number,
  place: (value: number) => number,
  stroke: string,
): Mark[] {
  const opacity = isClear(effect) ? 1 : 0.28;
  const { low, high } = effect;
  return [
    { kind: 'line', points: [x, place(low), x, place(high)], stroke, width: 1.6, opacity },
    { kind: 'dot', x, y: place(effect.effect), radius: 3.4, fill: stroke, opacity },
  ];
}

function clamp(y: number, scale: { range(): number[] }): number {
  const [bottom, top] = scale.range() as [number, number];
  return Math.max(top, Math.min(bottom, y));
}

/** The paper's gates, and those that an edge of the study may have. */
const gatesOf = ({ dimensions }: StudyEffects): GateName[] =>
  withPaperGates(dimensions.flatMap((each) => (each.kind === 'gate' ? each.choices : [])));

export const effectsLegend = (found: StudyEffects, theme: Theme): LegendEntry[] =>
  gatesOf(found).map((name) =>
    dotEntry(
      `${gateOf(name).letter} ${gateOf(name).title}`,
      name === 'cutoff' ? theme.quiet : gateOf(name).color,
    ),
  );
