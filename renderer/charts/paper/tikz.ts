/** A drawing as a TikZ picture: LaTeX sets its texts in the fonts of the paper. */
import { drawingOf, type Drawing, type PathShape, type Step, type TextShape } from './drawing.ts';

/** The TikZ picture of an SVG text of this app; needs the package tikz alone. */
export function tikzOf(svg: string): string {
  const drawing = drawingOf(svg);
  const colors = colorNames(drawing);
  const nameOf = (hex: string): string => colors.get(hex)!;
  return [
    ...(drawing.title ? [`% ${drawing.title.replaceAll('\n', ' ')}`] : []),
    ...(drawing.metadata ? [`% ${drawing.metadata.replaceAll('\n', ' ')}`] : []),
    ...[...colors].map(
      ([hex, name]) => `\\definecolor{${name}}{HTML}{${hex.slice(1).toUpperCase()}}`,
    ),
    '\\begin{tikzpicture}[x=0.75pt, y=-0.75pt, line join=round]',
    ...drawing.shapes.map((shape) =>
      shape.kind === 'path' ? pathTikz(shape, nameOf) : textTikz(shape, nameOf),
    ),
    '\\end{tikzpicture}',
    '',
  ].join('\n');
}

function colorNames({ shapes }: Drawing): Map<string, string> {
  const used = shapes.flatMap((shape) =>
    shape.kind === 'path' ? [shape.fill, shape.stroke] : [shape.fill],
  );
  const names = new Map<string, string>();
  for (const hex of used)
    if (hex !== null && !names.has(hex))
      names.set(
        hex,
        `ktg${String.fromCharCode(97 + Math.floor(names.size / 26), 97 + (names.size % 26))}`,
      );
  return names;
}

const round = (value: number): number => Math.round(value * 100) / 100;
/** Lengths in points: a pixel has 0.75. */
const points = (pixels: number): string => `${round(pixels * 0.75)}pt`;
const place = ({ x, y }: { x: number; y: number }): string => `(${round(x)}, ${round(y)})`;

function pathTikz(
  { steps, fill, stroke, width, dash, opacity }: PathShape,
  nameOf: (hex: string) => string,
): string {
  const options = [
    fill ? `fill=${nameOf(fill)}` : '',
    stroke ? `draw=${nameOf(stroke)}, line width=${points(width)}` : '',
    dash.length > 0
      ? `dash pattern=${dash.map((each, i) => `${i % 2 === 0 ? 'on' : 'off'} ${points(each)}`).join(' ')}`
      : '',
    opacity < 1 ? `opacity=${round(opacity)}` : '',
  ];
  return `  \\path[${options.filter(Boolean).join(', ')}] ${steps.map(stepTikz).join('')};`;
}

function stepTikz(step: Step): string {
  switch (step.kind) {
    case 'move':
      return place(step.to);
    case 'line':
      return ` -- ${place(step.to)}`;
    case 'curve':
      return ` .. controls ${place(step.by[0])} and ${place(step.by[1])} .. ${place(step.to)}`;
    case 'close':
      return ' -- cycle';
  }
}

function textTikz(
  { at, text, size, bold, anchor, turn, fill, opacity }: TextShape,
  nameOf: (hex: string) => string,
): string {
  const side = { start: 'base west', middle: 'base', end: 'base east' }[anchor];
  const options = [
    `anchor=${side}, inner sep=0, text=${nameOf(fill)}`,
    `font=\\fontsize{${points(size)}}{${points(1.2 * size)}}\\selectfont${bold ? '\\bfseries' : ''}`,
    turn === 0 ? '' : `rotate=${-turn}`,
    opacity < 1 ? `opacity=${round(opacity)}` : '',
  ];
  return `  \\node[${options.filter(Boolean).join(', ')}] at ${place(at)} {${latex(text)}};`;
}

const special: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '→': '$\\rightarrow$',
  '≥': '$\\ge$',
  '≤': '$\\le$',
  '±': '$\\pm$',
  '×': '$\\times$',
  '−': '$-$',
  '–': '--',
  τ: '$\\tau$',
  δ: '$\\delta$',
};

/** Text that LaTeX prints as it is. */
const latex = (text: string): string =>
  text.replace(/[\\~^→≥≤±×−–τδ]|[#$%&_{}]/g, (character) => special[character] ?? `\\${character}`);
