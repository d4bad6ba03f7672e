/**
 * A figure as a self-contained SVG text: every colour and size is an attribute, fonts are ones that every viewer
 * has a face for, and nothing is loaded. Text is escaped: names may come from strangers.
 */
import { gates } from '../../core/gates/gates.ts';
import { roles, type Role } from '../../core/graph/roles.ts';
import type { Figure } from './figure.ts';
import { round, type Point } from './geometry.ts';
import { LETTER_RADIUS } from './layout.ts';

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

const FONT = 'Helvetica, Arial, sans-serif';
const LEGEND_HEIGHT = 26;
const themes = {
  light: { text: '#15181d', quiet: '#565d68', ground: '#ffffff' },
  dark: { text: '#eceef1', quiet: '#a9b0bb', ground: '#16191e' },
};

/** Text for SVG and HTML; characters that XML 1.0 forbids are dropped. */
export const escapeText = (text: string): string =>
  text
    // eslint-disable-next-line no-control-regex -- these are what XML forbids
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
    .replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
    .replace(/'/g, '&#39;');

const lineStyle = (dash: string): string => (dash === 'none' ? '' : ` stroke-dasharray="${dash}"`);

/** The figure with a legend: 1 user unit = 1 CSS pixel. */
export function figureSvg(shown: Figure, options: SvgOptions = {}): string {
  const { theme = 'light', legend = true, captionScale = 1, title, provenance } = options;
  const { text, ground } = themes[theme];
  const [left, top, width, height] = shown.layout.viewBox;
  const entries = legend ? legendEntries(shown) : [];
  const legendWidth = entries.reduce((sum, entry) => sum + entry.width, 0);
  const wide = Math.max(width, legendWidth + 12);
  const x = round(left - (wide - width) / 2);
  const high = height + (entries.length > 0 ? LEGEND_HEIGHT : 0);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${round(wide)}" height="${round(high)}" viewBox="${x} ${top} ${round(wide)} ${round(high)}" font-family="${FONT}" fill="${text}">`,
    title ? `<title>${escapeText(title)}</title>` : '',
    provenance ? `<metadata>${escapeText(JSON.stringify(provenance))}</metadata>` : '',
    theme === 'dark' ? `<rect x="${x}" y="${top}" width="100%" height="100%" fill="${ground}"/>` : '',
    ...shown.edges.map((edge) => edgeSvg(edge, ground)),
    labelSvg(shown, text, ground),
    ...shown.nodes.map((node) => nodeSvg(node, theme, captionScale)),
    legendSvg(entries, left + width / 2 - legendWidth / 2, top + height, ground),
    '</svg>',
  ]
    .filter(Boolean)
    .join('\n');
}

function edgeSvg({ path, head, letter, gate }: Figure['edges'][number], ground: string): string {
  const cut = gate.name === 'cutoff';
  const points = head.map((point) => `${round(point.x)},${round(point.y)}`).join(' ');
  return [
    `<g${cut ? ' opacity="0.45"' : ''}>`,
    `<path d="${path}" fill="none" stroke="${gate.color}" stroke-width="${cut ? 1.2 : 2.2}"${lineStyle(gate.dash)}/>`,
    `<polygon points="${points}" fill="${gate.color}"/>`,
    cut ? '' : letterSvg(letter.x, letter.y, gate, ground),
    '</g>',
  ].join('');
}

const letterSvg = (x: number, y: number, gate: { letter: string; color: string }, ground: string): string =>
  `<circle cx="${round(x)}" cy="${round(y)}" r="${LETTER_RADIUS}" fill="${ground}" stroke="${gate.color}" stroke-width="1.2"/>` +
  `<text x="${round(x)}" y="${round(y + 3.2)}" font-size="9" font-weight="bold" text-anchor="middle" fill="${gate.color}">${escapeText(gate.letter)}</text>`;

function labelSvg({ layout: { label } }: Figure, text: string, ground: string): string {
  const [x, y] = [round(label.x - label.halfWidth), round(label.y - label.halfHeight)];
  return (
    `<rect x="${x}" y="${y}" width="${2 * label.halfWidth}" height="${2 * label.halfHeight}" rx="7" fill="${ground}" stroke="${text}" stroke-width="1.4"/>` +
    `<text x="${label.x}" y="${round(label.y + 4.8)}" font-size="14" text-anchor="middle">Label</text>`
  );
}

function nodeSvg(node: Figure['nodes'][number], theme: 'light' | 'dark', scale: number): string {
  const { x, y, caption } = node;
  const { quiet, ground } = themes[theme];
  const { color } = roles[node.role];
  const at = captionAt(node, scale);
  const [textX, size] = [round(at.x), (pixels: number): number => round(pixels * scale)];
  const lines = [
    `<text x="${textX}" y="${round(at.y + node.titleY * scale)}" font-size="${size(13.5)}" text-anchor="${caption.anchor}">${escapeText(node.title)}</text>`,
    `<text x="${textX}" y="${round(at.y + 13 * scale)}" font-size="${size(12.5)}" text-anchor="${caption.anchor}" fill="${quiet}">${escapeText(node.accuracy)}</text>`,
  ];
  return [
    '<g>',
    node.idle
      ? `<circle cx="${round(x)}" cy="${round(y)}" r="${node.radius - 1}" fill="${ground}" stroke="${color}" stroke-width="2" stroke-dasharray="4 3"/>`
      : `<circle cx="${round(x)}" cy="${round(y)}" r="${node.radius}" fill="${color}"/>`,
    `<text x="${round(x)}" y="${round(y + 7)}" font-size="20" font-weight="bold" text-anchor="middle" fill="${node.idle ? quiet : '#ffffff'}">${node.node}</text>`,
    lines[0],
    node.accuracy ? lines[1] : '',
    '</g>',
  ].join('');
}

/** Where the text of a caption starts, ends or has its middle. Scaled, it grows away from its node. */
export function captionAt({ y: nodeY, caption }: Figure['nodes'][number], scale = 1): Point {
  const { x, y, halfWidth, halfHeight, anchor } = caption;
  if (anchor !== 'middle') return { x: anchor === 'start' ? x - halfWidth : x + halfWidth, y };
  return { x, y: y + Math.sign(y - nodeY) * (scale - 1) * halfHeight };
}

interface LegendEntry {
  readonly width: number;
  readonly draw: (x: number, y: number, ground: string) => string;
}

function legendEntries(shown: Figure): LegendEntry[] {
  const used = gates.filter((gate) => shown.edges.some((edge) => edge.gate.name === gate.name));
  const present = (Object.keys(roles) as Role[]).filter((role) => shown.nodes.some((n) => n.role === role));
  const word = (text: string, x: number, y: number): string =>
    `<text x="${round(x)}" y="${round(y + 4)}" font-size="12">${escapeText(text)}</text>`;
  return [
    ...used.map(({ title, color, dash, ...gate }) => ({
      width: 52 + title.length * 6.6,
      draw: (x: number, y: number, ground: string): string =>
        `<path d="M${round(x)} ${y}h34" stroke="${color}" stroke-width="2.2"${lineStyle(dash)}/>` +
        letterSvg(x + 17, y, { ...gate, color }, ground) +
        word(title, x + 40, y),
    })),
    ...present.map((role) => ({
      width: 30 + roles[role].title.length * 6.6,
      draw: (x: number, y: number): string =>
        `<circle cx="${round(x + 6)}" cy="${y}" r="6" fill="${roles[role].color}"/>` +
        word(roles[role].title, x + 17, y),
    })),
  ];
}

function legendSvg(entries: readonly LegendEntry[], left: number, top: number, ground: string): string {
  let x = left;
  return entries
    .map(({ width, draw }) => {
      const drawn = draw(x, round(top + LEGEND_HEIGHT / 2 - 2), ground);
      x += width;
      return drawn;
    })
    .join('\n');
}
