/**
 * A drawing as a PDF file of one page (PDF 1.7, ISO 32000-1): vector graphics and text that can be
 * selected. Nothing is embedded, so the file has a few kilobytes.
 */
import { drawingOf, type Drawing, type PathShape, type Step, type TextShape } from './drawing.ts';
import { glyphsOf } from './fonts.ts';

/** Points of a CSS pixel. */
const POINT = 0.75;

/** The PDF of an SVG text of this app. */
export function pdfOf(svg: string): Uint8Array<ArrayBuffer> {
  const drawing = drawingOf(svg);
  const [, , width, height] = drawing.box;
  const opacities = [...new Set(drawing.shapes.map(({ opacity }) => round(opacity)))];
  const states = opacities.map((each, i) => `/G${i} << /ca ${each} /CA ${each} >>`).join(' ');
  // Objects of their own, after the first four: some readers look fonts up by their numbers.
  const fonts = ['Helvetica', 'Helvetica-Bold', 'Symbol'].map((name) => {
    const encoding = name === 'Symbol' ? '' : ' /Encoding /WinAnsiEncoding';
    return `<< /Type /Font /Subtype /Type1 /BaseFont /${name}${encoding} >>`;
  });
  const fontNames = fonts.map((_, i) => `/F${i + 1} ${i + 5} 0 R`).join(' ');
  const content = contentOf(drawing, opacities);
  return fileOf([
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${round(width * POINT)} ${round(height * POINT)}] ` +
      `/Contents 4 0 R /Resources << /Font << ${fontNames} >> /ExtGState << ${states} >> >> >>`,
    `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
    ...fonts,
    `<< /Title ${unicode(drawing.title)} /Subject ${unicode(drawing.metadata)} /Creator (KTG lab) >>`,
  ]);
}

/** Objects numbered from 1, the last one the document's information. All text is Latin 1. */
function fileOf(objects: readonly string[]): Uint8Array<ArrayBuffer> {
  let text = '%PDF-1.7\n';
  const offsets = objects.map((object, i) => {
    const offset = text.length;
    text += `${i + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const start = text.length;
  const table = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  text +=
    `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}` +
    `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R /Info ${objects.length} 0 R >>\n` +
    `startxref\n${start}\n%%EOF\n`;
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** A text string in UTF-16, as hexadecimal digits. */
function unicode(text: string): string {
  let digits = 'FEFF';
  for (let i = 0; i < text.length; i++)
    digits += text.charCodeAt(i).toString(16).toUpperCase().padStart(4, '0');
  return `<${digits}>`;
}

function contentOf({ box, shapes }: Drawing, opacities: readonly number[]): string {
  const [left, top, , height] = box;
  // Pixels, y down, from the upper left corner of the box.
  const lines = [
    `${POINT} 0 0 ${-POINT} ${round(-left * POINT)} ${round((height + top) * POINT)} cm`,
  ];
  for (const shape of shapes) {
    const state = `/G${opacities.indexOf(round(shape.opacity))} gs`;
    lines.push('q', state, ...(shape.kind === 'path' ? pathLines(shape) : textLines(shape)), 'Q');
  }
  return lines.join('\n');
}

function pathLines({ steps, fill, stroke, width, dash }: PathShape): string[] {
  const paint = fill && stroke ? 'B' : fill ? 'f' : stroke ? 'S' : 'n';
  return [
    ...(fill ? [`${color(fill)} rg`] : []),
    ...(stroke ? [`${color(stroke)} RG`, `${round(width)} w`, '1 j'] : []),
    ...(dash.length > 0 ? [`[${dash.map(round).join(' ')}] 0 d`] : []),
    ...steps.map(stepText),
    paint,
  ];
}

function stepText(step: Step): string {
  const at = ({ x, y }: { x: number; y: number }): string => `${round(x)} ${round(y)}`;
  switch (step.kind) {
    case 'move':
      return `${at(step.to)} m`;
    case 'line':
      return `${at(step.to)} l`;
    case 'curve':
      return `${step.by.map(at).join(' ')} ${at(step.to)} c`;
    case 'close':
      return 'h';
  }
}

function textLines({ at, text, size, bold, anchor, turn, fill }: TextShape): string[] {
  const runs = glyphsOf(text, bold);
  const width = size * runs.reduce((sum, run) => sum + run.width, 0);
  const shift = { start: 0, middle: -width / 2, end: -width }[anchor];
  const angle = (turn * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const [x, y] = [at.x + shift * cos, at.y + shift * sin];
  return [
    'BT',
    `${color(fill)} rg`,
    // Letters stand upright although y leads down.
    `${fine(cos)} ${fine(sin)} ${fine(sin)} ${fine(-cos)} ${round(x)} ${round(y)} Tm`,
    ...runs.flatMap(({ font, codes }) => [
      `/${font} ${round(size)} Tf`,
      `<${codes.map((code) => code.toString(16).padStart(2, '0')).join('')}> Tj`,
    ]),
    'ET',
  ];
}

const color = (hex: string): string =>
  [1, 3, 5].map((at) => fine(parseInt(hex.slice(at, at + 2), 16) / 255)).join(' ');

const round = (value: number): number => Math.round(value * 100) / 100;
const fine = (value: number): number => Math.round(value * 1000) / 1000;
