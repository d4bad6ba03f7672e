/**
 * A figure as a self-contained SVG text: every colour and size is an attribute, fonts are ones that
 * every viewer has a face for, and nothing is loaded. Text is escaped: names may come from
 * other people.
 */
import { FONT } from '../../charts/marks.ts';
import { escapeText } from '../../ui/escape-text.ts';
import type { Graph } from '../../../core/graph/graph.ts';
import { roles } from '../../../core/graph/roles.ts';
import { toText } from '../../../core/graph/text.ts';
import { graphName } from '../../words/graph.ts';
import { figure, type FigureOptions, PALE, VOTE, type Figure } from './figure.ts';
import { levelPath, type FilmFrame } from './film.ts';
import { round, type Point } from './geometry.ts';
import { edgeKey } from './part.ts';
import { legendEntries, LEGEND_HEIGHT, legendRows, legendSvg } from './svg-legend.ts';
import { letterSvg, lineStyle, NOTE } from './svg-letter.ts';

export interface SvgOptions {
  /** Colours of text and ground; `light` has no ground, as papers want it. */
  readonly theme?: 'light' | 'dark';
  /** Below the figure: the gates and roles that occur. */
  readonly legend?: boolean;
  /** Size of captions; more than 1 where the figure is shown small. */
  readonly captionScale?: number;
  /** Read by screen readers and shown by viewers as the picture's name. */
  readonly title?: string;
  /** Seed, protocol, versions, device...: kept in the file, not drawn. */
  readonly provenance?: Readonly<Record<string, unknown>>;
}

/** As wide as a legend may be below a narrow figure. */
const LEGEND_WIDTH = 470;
const themes = {
  light: { text: '#15181d', quiet: '#565d68', ground: '#ffffff' },
  dark: { text: '#eceef1', quiet: '#a9b0bb', ground: '#16191e' },
};

/** The figure with a legend: 1 user unit = 1 CSS pixel. */
export function figureSvg(shown: Figure, options: SvgOptions = {}): string {
  const { theme = 'light', legend = true, captionScale = 1, title, provenance } = options;
  const { text, ground } = themes[theme];
  const [left, top, width, height] = shown.viewBox;
  const rows = legendRows(legend ? legendEntries(shown) : [], Math.max(width, LEGEND_WIDTH));
  const wide = Math.max(
    width,
    ...rows.map((row) => row.reduce((sum, entry) => sum + entry.width, 12)),
  );
  const x = round(left - (wide - width) / 2);
  const high = height + rows.length * LEGEND_HEIGHT;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${round(wide)}" ` +
      `height="${round(high)}" viewBox="${x} ${top} ${round(wide)} ${round(high)}" ` +
      `font-family="${FONT}" fill="${text}">`,
    title ? `<title>${escapeText(title)}</title>` : '',
    provenance ? `<metadata>${escapeText(JSON.stringify(provenance))}</metadata>` : '',
    theme === 'dark'
      ? `<rect x="${x}" y="${top}" width="100%" height="100%" fill="${ground}"/>`
      : '',
    figureParts(shown, theme, captionScale),
    legendSvg(rows, left + width / 2, top + height, ground),
    '</svg>',
  ]
    .filter(Boolean)
    .join('\n');
}

/** The figure of a graph as a file that the lab reads again: its provenance holds the graph. */
export const graphSvg = (
  graph: Graph,
  accuracies: readonly (number | null | undefined)[],
  provenance: Readonly<Record<string, unknown>>,
  options: FigureOptions = {},
): string =>
  figureSvg(figure(graph, accuracies, { votes: true, ...options }), {
    title: graphName(graph),
    provenance: { graph: toText(graph), ...provenance },
  });

/** The figure itself, to be put into an SVG: without frame, ground and legend. */
export function figureParts(
  shown: Figure,
  theme: 'light' | 'dark' = 'light',
  captionScale = 1,
  film?: FilmFrame,
): string {
  const { text, ground } = themes[theme];
  const { letterRadius } = shown.layout;
  return [
    ...shown.votes.map(
      ({ path, pale }) =>
        `<path d="${path}" fill="none" stroke="${inkOf(VOTE, pale, ground)}" stroke-width="1"/>`,
    ),
    ...shown.edges
      .toSorted((a, b) => Number(b.pale) - Number(a.pale))
      .map((edge) => edgeSvg(edge, letterRadius, ground, film)),
    ...shown.edges.map((edge) => noteSvg(edge, letterRadius, themes[theme])),
    labelSvg(shown, text, ground),
    ...shown.nodes.map((node) => nodeSvg(node, theme, captionScale, film)),
  ]
    .filter(Boolean)
    .join('\n');
}

/** Strength of an edge that is cut. */
const CUT = 0.45;

/** A colour, or for pale parts its mix with the ground: an opaque one hides lines below letters. */
function inkOf(color: string, pale: boolean, ground: string): string {
  if (!pale) return color;
  const mixed = [1, 3, 5].map((at) => {
    const [own, other] = [color, ground].map((hex) => parseInt(hex.slice(at, at + 2), 16));
    return Math.round(other! + PALE * (own! - other!));
  });
  return `#${mixed.map((part) => part.toString(16).padStart(2, '0')).join('')}`;
}

function edgeSvg(
  { edge, path, end, letter, gate, kind, sign, pale }: Figure['edges'][number],
  letterRadius: number,
  ground: string,
  film?: FilmFrame,
): string {
  const cut = gate.name === 'cutoff';
  const points = end.map((point) => `${round(point.x)},${round(point.y)}`).join(' ');
  const isDouble = !cut && kind.compares === 'stages';
  const usual = cut ? 1.2 : isDouble ? 4.6 : 2.2;
  const width = round(usual * (film?.widths.get(edgeKey(edge)) ?? 1));
  const level = film?.passing.get(edgeKey(edge));
  const color = inkOf(gate.color, pale, ground);
  return [
    `<g${cut ? ` opacity="${CUT}"` : ''}>`,
    `<path d="${path}" fill="none" stroke="${color}" stroke-width="${width}"${lineStyle(gate.dash)}/>`,
    isDouble ? `<path d="${path}" fill="none" stroke="${ground}" stroke-width="1.6"/>` : '',
    `<polygon points="${points}" fill="${color}"/>`,
    cut ? '' : letterSvg(letter, { color, letter: sign }, letterRadius, ground, level),
    '</g>',
  ].join('');
}

/**
 * Written twice, first as its own halo: not every program that reads SVG paints strokes below
 * fills.
 */
function noteSvg(
  { note, pale }: Figure['edges'][number],
  radius: number,
  { quiet, ground }: (typeof themes)['light'],
): string {
  if (!note) return '';
  const at =
    `x="${note.x}" y="${round(note.y + NOTE.drop * radius)}" ` +
    `font-size="${round(NOTE.size * radius)}" text-anchor="middle"`;
  return (
    `<text ${at} fill="none" stroke="${ground}" stroke-width="4" stroke-linejoin="round" ` +
    `aria-hidden="true">${note.text}</text>` +
    `<text ${at} fill="${inkOf(quiet, pale, ground)}">${note.text}</text>`
  );
}

function labelSvg({ layout: { label } }: Figure, text: string, ground: string): string {
  const [x, y] = [round(label.x - label.halfWidth), round(label.y - label.halfHeight)];
  return (
    `<rect x="${x}" y="${y}" width="${2 * label.halfWidth}" ` +
    `height="${2 * label.halfHeight}" rx="7" fill="${ground}" stroke="${text}" ` +
    'stroke-width="1.4"/>' +
    `<text x="${label.x}" y="${round(label.y + 4.8)}" font-size="14" text-anchor="middle">Label</text>`
  );
}

function nodeSvg(
  node: Figure['nodes'][number],
  theme: 'light' | 'dark',
  scale: number,
  film?: FilmFrame,
): string {
  const { x, y, caption } = node;
  const { text, quiet, ground } = themes[theme];
  const { color } = roles[node.role];
  const at = captionAt(node, scale);
  const [textX, size] = [round(at.x), (pixels: number): number => round(pixels * scale)];
  const lines = [
    `<text x="${textX}" y="${round(at.y + node.titleY * scale)}" font-size="${size(13.5)}" ` +
      `text-anchor="${caption.anchor}">${escapeText(node.title)}</text>`,
    `<text x="${textX}" y="${round(at.y + 13 * scale)}" font-size="${size(12.5)}" ` +
      `text-anchor="${caption.anchor}" fill="${quiet}">${escapeText(node.accuracy)}</text>`,
  ];
  return [
    '<g>',
    film && !node.idle
      ? `<circle cx="${round(x)}" cy="${round(y)}" r="${node.radius}" fill="${ground}" ` +
        `stroke="${color}" stroke-width="1.6"/>` +
        `<path d="${levelPath({ x, y }, node.radius, film.accuracies[node.node - 1] ?? 0)}" fill="${color}" opacity="0.6"/>`
      : node.idle
        ? `<circle cx="${round(x)}" cy="${round(y)}" r="${node.radius - 1}" fill="${ground}" ` +
          `stroke="${color}" stroke-width="2" stroke-dasharray="4 3"/>`
        : `<circle cx="${round(x)}" cy="${round(y)}" r="${node.radius}" fill="${color}"/>`,
    `<text x="${round(x)}" y="${round(y + 7)}" font-size="20" font-weight="bold" ` +
      `text-anchor="middle" fill="${node.idle ? quiet : film ? text : '#ffffff'}">${node.node}</text>`,
    lines[0],
    node.accuracy ? lines[1] : '',
    '</g>',
  ].join('');
}

/**
 * Where the text of a caption starts, ends or has its middle. Scaled, it grows away from its node.
 */
export function captionAt({ y: nodeY, caption }: Figure['nodes'][number], scale = 1): Point {
  const { x, y, halfWidth, halfHeight, anchor } = caption;
  if (anchor !== 'middle') return { x: anchor === 'start' ? x - halfWidth : x + halfWidth, y };
  return { x, y: y + Math.sign(y - nodeY) * (scale - 1) * halfHeight };
}
