/** Letters of gates and line styles in SVG text, for figures and their legends. */
import { escapeText } from '../../ui/escape-text.ts';
import { signScale } from './figure.ts';
import { levelPath } from './film.ts';
import { round, type Point } from './geometry.ts';
import { NOTE_SIZE } from './note.ts';

export const lineStyle = (dash: string): string =>
  dash === 'none' ? '' : ` stroke-dasharray="${dash}"`;

/**
 * Sizes of texts in radii of the letters' circles, and how far a baseline lies below the middle.
 */
export const LETTER = { size: 1.3, drop: 0.46 };
export const NOTE = { size: NOTE_SIZE, drop: 0.46 };

/** A gate's letter in its circle, filled to a share of its height where a level is given. */
export const letterSvg = (
  { x, y }: Point,
  gate: { letter: string; color: string },
  radius: number,
  ground: string,
  level?: number,
): string =>
  `<circle cx="${round(x)}" cy="${round(y)}" r="${radius}" fill="${ground}" ` +
  `stroke="${gate.color}" stroke-width="1.2"/>` +
  (level === undefined
    ? ''
    : `<path d="${levelPath({ x, y }, radius, level)}" fill="${gate.color}" opacity="0.42"/>`) +
  `<text x="${round(x)}" y="${round(y + LETTER.drop * radius)}" ` +
  `font-size="${round(LETTER.size * radius * signScale(gate.letter))}" font-weight="bold" text-anchor="middle" ` +
  `fill="${gate.color}">${escapeText(gate.letter)}</text>`;
