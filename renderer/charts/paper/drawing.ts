/**
 * The SVG texts of this app as lists of shapes, for other vector formats. Reads the subset that its
 * figures and charts write: paths of M, L, C and Z, circles, rectangles, polygons, texts, groups.
 */
interface Point {
  readonly x: number;
  readonly y: number;
}

/** A step of a path; a curve has two handles before its end. */
export type Step =
  | { readonly kind: 'move' | 'line'; readonly to: Point }
  | { readonly kind: 'curve'; readonly by: readonly [Point, Point]; readonly to: Point }
  | { readonly kind: 'close' };

interface Look {
  /** `#rrggbb`; null: none. */
  readonly fill: string | null;
  readonly stroke: string | null;
  readonly width: number;
  readonly dash: readonly number[];
  /** 0..1 */
  readonly opacity: number;
}

export interface PathShape extends Look {
  readonly kind: 'path';
  readonly steps: readonly Step[];
}

export interface TextShape {
  readonly kind: 'text';
  readonly at: Point;
  readonly text: string;
  readonly size: number;
  readonly bold: boolean;
  readonly anchor: 'start' | 'middle' | 'end';
  /** Degrees clockwise. */
  readonly turn: number;
  readonly fill: string;
  readonly opacity: number;
}

export interface Drawing {
  /** Pixels: left, top, width, height. */
  readonly box: readonly [number, number, number, number];
  readonly title: string;
  /** JSON; '' without one. */
  readonly metadata: string;
  readonly shapes: readonly (PathShape | TextShape)[];
}

type Attributes = Readonly<Record<string, string>>;

const entities: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};
const plain = (text: string): string =>
  text.replace(/&(?:#(\d+)|(\w+));/g, (whole, code: string | undefined, name = '') =>
    code === undefined ? (entities[name as string] ?? whole) : String.fromCodePoint(Number(code)),
  );

const attributesOf = (text: string): Attributes =>
  Object.fromEntries(
    [...text.matchAll(/([\w:-]+)="([^"]*)"/g)].map(([, name = '', value = '']) => [
      name,
      plain(value),
    ]),
  );

/** Reads an SVG text of this app. */
export function drawingOf(svg: string): Drawing {
  const shapes: (PathShape | TextShape)[] = [];
  const opacities: number[] = [];
  let root: Attributes = {};
  let [title, metadata] = ['', ''];
  let inClip = false;
  for (const [, closing, name = '', rest = '', self, text = ''] of svg.matchAll(
    /<(\/?)(\w+)([^>]*?)(\/?)>([^<]*)/g,
  )) {
    const own = attributesOf(rest);
    if (name === 'clipPath') inClip = closing === '';
    if (name === 'svg' && closing === '') root = own;
    if (name === 'title' && closing === '') title = plain(text);
    if (name === 'metadata' && closing === '') metadata = plain(text);
    if (name === 'g' && closing !== '') opacities.pop();
    else if (name === 'g' && self === '') opacities.push(Number(own['opacity'] ?? 1));
    if (closing !== '' || inClip) continue;
    const opacity = opacities.reduce(
      (product, each) => product * each,
      Number(own['opacity'] ?? 1),
    );
    // A text without a fill is the outline that sets another apart from the lines below it.
    if (name === 'text' && own['fill'] !== 'none')
      shapes.push(textShape({ fill: root['fill'] ?? '#000000', ...own }, plain(text), opacity));
    const steps = stepsOf(name, own);
    if (steps) shapes.push({ kind: 'path', steps, ...lookOf(own), opacity });
  }
  const [left = 0, top = 0, width = 0, height = 0] = (root['viewBox'] ?? '')
    .split(/[ ,]+/)
    .map(Number);
  return { box: [left, top, width, height], title, metadata, shapes };
}

const lookOf = (own: Attributes): Omit<Look, 'opacity'> => ({
  fill: own['fill'] === 'none' ? null : colorOf(own['fill'] ?? '#000000'),
  stroke: own['stroke'] === undefined || own['stroke'] === 'none' ? null : colorOf(own['stroke']),
  width: Number(own['stroke-width'] ?? 1),
  dash: (own['stroke-dasharray'] ?? '').split(/[ ,]+/).filter(Boolean).map(Number),
});

/** `#rrggbb` of that, of `#rgb` and of `rgb(r, g, b)`. */
function colorOf(color: string): string {
  const three = /^#([\da-f])([\da-f])([\da-f])$/i.exec(color);
  if (three)
    return `#${three
      .slice(1)
      .map((each) => each + each)
      .join('')}`;
  const numbers = /^rgba?\((\d+)[, ]+(\d+)[, ]+(\d+)/.exec(color);
  if (!numbers) return color;
  return `#${numbers
    .slice(1)
    .map((each) => Number(each).toString(16).padStart(2, '0'))
    .join('')}`;
}

function textShape(own: Attributes, text: string, opacity: number): TextShape {
  const turn = /rotate\((-?[\d.]+)/.exec(own['transform'] ?? '')?.[1] ?? '0';
  const bold = own['font-weight'] === 'bold' || Number(own['font-weight']) >= 600;
  return {
    kind: 'text',
    at: { x: Number(own['x'] ?? 0), y: Number(own['y'] ?? 0) },
    text,
    size: Number(own['font-size'] ?? 12),
    bold,
    anchor: (own['text-anchor'] ?? 'start') as TextShape['anchor'],
    turn: Number(turn),
    fill: colorOf(own['fill'] ?? '#000000'),
    opacity,
  };
}

function stepsOf(name: string, own: Attributes): Step[] | null {
  const number = (key: string): number => Number(own[key] ?? 0);
  switch (name) {
    case 'path':
      return pathSteps(own['d'] ?? '');
    case 'polygon':
      return [...lineThrough((own['points'] ?? '').match(/-?[\d.]+/g) ?? []), { kind: 'close' }];
    case 'circle':
      return ellipse({ x: number('cx'), y: number('cy') }, number('r'));
    case 'rect':
      if ((own['width'] ?? '').endsWith('%')) return null; // the ground of a page
      return rectangle(number('x'), number('y'), number('width'), number('height'), number('rx'));
    default:
      return null;
  }
}

const lineThrough = (numbers: readonly string[]): Step[] =>
  numbers.flatMap((x, i): Step[] =>
    i % 2 === 0
      ? [{ kind: i === 0 ? 'move' : 'line', to: { x: Number(x), y: Number(numbers[i + 1]) } }]
      : [],
  );

function pathSteps(d: string): Step[] {
  return [...d.matchAll(/([MLCZ])([^MLCZ]*)/g)].flatMap(([, letter, rest = '']): Step[] => {
    if (letter === 'Z') return [{ kind: 'close' }];
    const n = (rest.match(/-?[\d.]+(?:e-?\d+)?/g) ?? []).map(Number);
    const at = (i: number): Point => ({ x: n[i]!, y: n[i + 1]! });
    if (letter === 'C') return [{ kind: 'curve', by: [at(0), at(2)], to: at(4) }];
    return [{ kind: letter === 'M' ? 'move' : 'line', to: at(0) }];
  });
}

/** Handles of a quarter of a circle, as a share of its radius. */
const QUARTER = 0.5523;

const ellipse = ({ x, y }: Point, r: number): Step[] => rectangle(x - r, y - r, 2 * r, 2 * r, r);

/** A rectangle, its corners rounded by `r`. */
function rectangle(x: number, y: number, width: number, height: number, r: number): Step[] {
  const [right, bottom] = [x + width, y + height];
  if (r === 0)
    return [
      { kind: 'move', to: { x, y } },
      { kind: 'line', to: { x: right, y } },
      { kind: 'line', to: { x: right, y: bottom } },
      { kind: 'line', to: { x, y: bottom } },
      { kind: 'close' },
    ];
  const h = r * (1 - QUARTER);
  const corner = (a: Point, b: Point, to: Point): Step => ({ kind: 'curve', by: [a, b], to });
  return [
    { kind: 'move', to: { x: x + r, y } },
    { kind: 'line', to: { x: right - r, y } },
    corner({ x: right - h, y }, { x: right, y: y + h }, { x: right, y: y + r }),
    { kind: 'line', to: { x: right, y: bottom - r } },
    corner({ x: right, y: bottom - h }, { x: right - h, y: bottom }, { x: right - r, y: bottom }),
    { kind: 'line', to: { x: x + r, y: bottom } },
    corner({ x: x + h, y: bottom }, { x, y: bottom - h }, { x, y: bottom - r }),
    { kind: 'line', to: { x, y: y + r } },
    corner({ x, y: y + h }, { x: x + h, y }, { x: x + r, y }),
    { kind: 'close' },
  ];
}
