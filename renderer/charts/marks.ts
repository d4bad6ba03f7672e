/**
 * A chart is a list of marks, computed without a screen. The same list is painted on a canvas
 * (1,500 trials in a few milliseconds) and written as SVG for export. Pixels, y down.
 */
export type Mark = Line | Dot | Rect | Cross | Text | Group;

/** Marks of which only what lies inside a rectangle is shown. */
export interface Group {
  readonly kind: 'group';
  readonly clip: {
    readonly left: number;
    readonly right: number;
    readonly top: number;
    readonly bottom: number;
  };
  readonly marks: readonly Mark[];
  readonly opacity?: undefined;
}

interface Look {
  /** 0..1; 1 when absent. */
  readonly opacity?: number;
}

interface Line extends Look {
  readonly kind: 'line';
  /** x, y, x, y, ...; NaN interrupts the line. */
  readonly points: readonly number[];
  readonly stroke: string;
  readonly width: number;
  /** As in SVG. */
  readonly dash?: string;
}

interface Dot extends Look {
  readonly kind: 'dot';
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  /** A dot without fill is a ring. */
  readonly fill?: string;
  readonly stroke?: string;
  readonly width?: number;
}

/** A small x: where a curve was stopped. */
interface Cross extends Look {
  readonly kind: 'cross';
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  readonly stroke: string;
  readonly width: number;
}

interface Rect extends Look {
  readonly kind: 'rect';
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly fill?: string;
  readonly stroke?: string;
}

interface Text extends Look {
  readonly kind: 'text';
  readonly x: number;
  /** Of the baseline. */
  readonly y: number;
  readonly text: string;
  readonly fill: string;
  readonly size: number;
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly bold?: boolean;
  /** Degrees clockwise around (x, y). */
  readonly turn?: number;
  /** Colour around the letters, so that they can be read over lines. */
  readonly halo?: string;
}

/** The part of a canvas context that painting needs. */
export interface Pen {
  globalAlpha: number;
  fillStyle: unknown;
  strokeStyle: unknown;
  lineWidth: number;
  font: string;
  textAlign: string;
  lineJoin: string;
  save(): void;
  restore(): void;
  translate(x: number, y: number): void;
  rotate(radians: number): void;
  setLineDash(dash: number[]): void;
  beginPath(): void;
  rect(x: number, y: number, width: number, height: number): void;
  clip(): void;
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
  arc(x: number, y: number, radius: number, start: number, end: number): void;
  fill(): void;
  stroke(): void;
  fillRect(x: number, y: number, width: number, height: number): void;
  strokeRect(x: number, y: number, width: number, height: number): void;
  fillText(text: string, x: number, y: number): void;
  strokeText(text: string, x: number, y: number): void;
}

export const FONT = 'Helvetica, Arial, sans-serif';

/** Paints marks in order. `font` is a CSS family list. */
export function paint(pen: Pen, marks: readonly Mark[], font = FONT): void {
  pen.lineJoin = 'round';
  for (const mark of marks) {
    pen.globalAlpha = mark.opacity ?? 1;
    painters[mark.kind](pen, mark as never, font);
  }
  pen.globalAlpha = 1;
}

const painters: {
  [K in Mark['kind']]: (pen: Pen, mark: Extract<Mark, { kind: K }>, font: string) => void;
} = {
  line(pen, { points, stroke, width, dash }) {
    pen.strokeStyle = stroke;
    pen.lineWidth = width;
    pen.setLineDash(dash && dash !== 'none' ? dash.split(/[ ,]+/).map(Number) : []);
    pen.beginPath();
    eachPoint(points, (x, y, starts) => {
      if (starts) pen.moveTo(x, y);
      else pen.lineTo(x, y);
    });
    pen.stroke();
    pen.setLineDash([]);
  },
  dot(pen, { x, y, radius, fill, stroke, width }) {
    pen.beginPath();
    pen.arc(x, y, radius, 0, 2 * Math.PI);
    if (fill) {
      pen.fillStyle = fill;
      pen.fill();
    }
    if (stroke) {
      pen.strokeStyle = stroke;
      pen.lineWidth = width ?? 1;
      pen.stroke();
    }
  },
  cross(pen, { x, y, radius, stroke, width }) {
    pen.strokeStyle = stroke;
    pen.lineWidth = width;
    pen.beginPath();
    pen.moveTo(x - radius, y - radius);
    pen.lineTo(x + radius, y + radius);
    pen.moveTo(x - radius, y + radius);
    pen.lineTo(x + radius, y - radius);
    pen.stroke();
  },
  rect(pen, { x, y, width, height, fill, stroke }) {
    if (fill) {
      pen.fillStyle = fill;
      pen.fillRect(x, y, width, height);
    }
    if (stroke) {
      pen.strokeStyle = stroke;
      pen.lineWidth = 1;
      pen.strokeRect(x, y, width, height);
    }
  },
  group(pen, { clip: { left, right, top, bottom }, marks }, font) {
    pen.save();
    pen.beginPath();
    pen.rect(left, top, right - left, bottom - top);
    pen.clip();
    paint(pen, marks, font);
    pen.restore();
  },
  text(pen, { x, y, text, fill, size, anchor, bold, turn, halo }, font) {
    pen.fillStyle = fill;
    pen.font = `${bold ? '600 ' : ''}${size}px ${font}`;
    pen.textAlign = anchor === 'middle' ? 'center' : (anchor ?? 'start');
    if (halo) {
      pen.strokeStyle = halo;
      pen.lineWidth = 3.5;
      pen.strokeText(text, x, y);
    }
    if (turn) {
      pen.save();
      pen.translate(x, y);
      pen.rotate((turn * Math.PI) / 180);
      pen.fillText(text, 0, 0);
      pen.restore();
    } else {
      pen.fillText(text, x, y);
    }
  },
};

/** Walks over the points of a line; `starts` at the first one and after every gap. */
export function eachPoint(
  points: readonly number[],
  visit: (x: number, y: number, starts: boolean) => void,
): void {
  let starts = true;
  for (let i = 0; i + 1 < points.length; i += 2) {
    const x = points[i]!;
    const y = points[i + 1]!;
    if (Number.isNaN(x) || Number.isNaN(y)) {
      starts = true;
      continue;
    }
    visit(x, y, starts);
    starts = false;
  }
}
