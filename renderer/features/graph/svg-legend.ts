/** The legend below a figure as SVG text: its gates, kinds, votes and roles. */
import { gates } from '../../../core/gates/gates.ts';
import { roles, type Role } from '../../../core/graph/roles.ts';
import { kinds } from '../../../core/kinds/kinds.ts';
import { escapeText } from '../../ui/escape-text.ts';
import { IDLE, VOTE, VOTES, type Figure } from './figure.ts';
import { round } from './geometry.ts';
import { letterSvg, lineStyle } from './svg-letter.ts';

/** Of a row of the legend, and of a letter's circle in it. */
export const LEGEND_HEIGHT = 26;
const LEGEND_LETTER = 7;

interface LegendEntry {
  readonly width: number;
  readonly draw: (x: number, y: number, ground: string) => string;
}

/** The signs that occur in a figure, and the roles of its nodes. */
export function legendEntries(shown: Figure): LegendEntry[] {
  const used = gates.filter((gate) => shown.edges.some((edge) => edge.gate.name === gate.name));
  const present = (Object.keys(roles) as Role[]).filter((role) =>
    shown.nodes.some((node) => node.role === role && !node.idle),
  );
  const word = (text: string, x: number, y: number): string =>
    `<text x="${round(x)}" y="${round(y + 4)}" font-size="12">${escapeText(text)}</text>`;
  const dot = (text: string, look: string): LegendEntry => ({
    width: 30 + text.length * 6.3,
    draw: (x, y) => `<circle cx="${round(x + 6)}" cy="${y}" ${look}/>` + word(text, x + 17, y),
  });
  const written = (text: string): LegendEntry => ({
    width: 12 + text.length * 6.3,
    draw: (x, y) => word(text, x, y),
  });
  return [
    ...used.map(({ title, color, dash, ...gate }) => ({
      width: 52 + title.length * 6.6,
      draw: (x: number, y: number, ground: string): string =>
        `<path d="M${round(x)} ${y}L${round(x + 34)} ${y}" stroke="${color}" stroke-width="2.2"${lineStyle(dash)}/>` +
        letterSvg({ x: x + 17, y }, { ...gate, color }, LEGEND_LETTER, ground) +
        word(title, x + 40, y),
    })),
    ...kinds
      .filter(({ sign, name }) => sign !== '' && shown.edges.some(({ kind }) => kind.name === name))
      .map(({ sign, title }) => written(`${sign}  ${title.toLowerCase()}`)),
    ...(shown.votes.length > 0
      ? [
          {
            width: 52 + VOTES.length * 6.6,
            draw: (x: number, y: number): string =>
              `<path d="M${round(x)} ${y}L${round(x + 34)} ${y}" stroke="${VOTE}" stroke-width="1"/>` +
              word(VOTES, x + 40, y),
          },
        ]
      : []),
    ...(shown.edges.some(({ edge }) => edge.weight !== undefined) ? [written('×  weight')] : []),
    ...(shown.edges.some(({ edge }) => edge.temperature !== undefined)
      ? [written('τ  temperature')]
      : []),
    ...present.map((role) => dot(roles[role].title, `r="6" fill="${roles[role].color}"`)),
    ...(shown.nodes.some((node) => node.idle)
      ? [
          dot(
            IDLE,
            `r="5.2" fill="none" stroke="${roles.auxiliary.color}" stroke-width="1.6" stroke-dasharray="3 2.2"`,
          ),
        ]
      : []),
  ];
}

/** Entries one after the other, in as many rows as a width takes. */
export function legendRows(entries: readonly LegendEntry[], width: number): LegendEntry[][] {
  const rows: LegendEntry[][] = [];
  for (const entry of entries) {
    const row = rows.at(-1);
    if (row && row.reduce((sum, each) => sum + each.width, entry.width) <= width) row.push(entry);
    else rows.push([entry]);
  }
  return rows;
}

/** Every row around the same middle. */
export function legendSvg(
  rows: readonly (readonly LegendEntry[])[],
  middle: number,
  top: number,
  ground: string,
): string {
  return rows
    .flatMap((row, i) => {
      let x = middle - row.reduce((sum, each) => sum + each.width, 0) / 2;
      return row.map(({ width, draw }) => {
        const drawn = draw(x, round(top + (i + 0.5) * LEGEND_HEIGHT - 2), ground);
        x += width;
        return drawn;
      });
    })
    .join('\n');
}
