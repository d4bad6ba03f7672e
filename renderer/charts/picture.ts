/** A chart as it goes into a paper: light, with a legend below, at a width of its own. */
import type { Size } from './axes.ts';
import { type Group, type Mark } from './marks.ts';
import { marksSvg } from './marks-svg.ts';
import { light } from '../ui/colors.ts';

export interface LegendEntry {
  readonly text: string;
  /** Drawn around (0, 0). */
  readonly mark: Exclude<Mark, Group>;
}

export const lineEntry = (
  text: string,
  stroke: string,
  width: number,
  dash?: string,
): LegendEntry => ({
  text,
  mark: { kind: 'line', points: [-10, 0, 10, 0], stroke, width, ...(dash && { dash }) },
});

export const dotEntry = (text: string, fill: string): LegendEntry => ({
  text,
  mark: { kind: 'dot', x: 0, y: 0, radius: 4, fill },
});

export const boxEntry = (
  text: string,
  look: { readonly fill: string; readonly opacity?: number },
): LegendEntry => ({
  text,
  mark: { kind: 'rect', x: -6, y: -6, width: 12, height: 12, ...look },
});

/** Marks and legend as one SVG text. */
export function pictureSvg(
  marks: readonly Mark[],
  { width, height }: Size,
  title: string,
  legend: readonly LegendEntry[] = [],
  provenance?: Readonly<Record<string, unknown>>,
): string {
  let x = 46;
  let row = 0;
  const entries = legend.flatMap(({ text, mark }): Mark[] => {
    const wide = 40 + text.length * 6.4;
    if (x > 46 && x + wide > width) {
      x = 46;
      row++;
    }
    const [left, y] = [x, height + 10 + row * 18];
    x += wide;
    return [
      moved(mark, left + 8, y),
      { kind: 'text', x: left + 24, y: y + 4, text, fill: light.text, size: 11 },
    ];
  });
  return marksSvg([...marks, ...entries], {
    width,
    height: height + (legend.length > 0 ? 24 + row * 18 : 0),
    ground: light.ground,
    title,
    ...(provenance && { provenance }),
  });
}

const moved = (mark: LegendEntry['mark'], x: number, y: number): Mark =>
  mark.kind === 'line'
    ? { ...mark, points: mark.points.map((value, i) => value + (i % 2 === 0 ? x : y)) }
    : { ...mark, x: mark.x + x, y: mark.y + y };
