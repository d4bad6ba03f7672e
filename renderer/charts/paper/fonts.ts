/**
 * Text of a PDF in the fonts that every viewer has: Helvetica, and Symbol for Greek letters and
 * relations. Widths in thousandths of the size (Adobe's font metrics).
 */
const REGULAR =
  '278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 ' +
  '556 556 278 278 584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 ' +
  '778 667 778 722 667 611 722 667 944 667 667 611 278 278 278 469 556 333 556 556 500 556 556 278 ' +
  '556 556 222 222 500 222 833 556 556 556 556 333 500 278 556 500 722 500 500 500 334 260 334 584';
const BOLD =
  '278 333 474 556 556 889 722 238 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 ' +
  '556 556 333 333 584 584 584 611 975 722 722 722 722 667 611 778 722 278 556 722 611 833 722 778 ' +
  '667 778 722 667 611 722 667 944 667 667 611 333 278 333 584 556 333 556 611 556 611 556 333 611 ' +
  '611 278 278 556 278 889 611 611 611 611 389 556 333 611 556 778 556 556 500 389 280 389 584';
const widths = [REGULAR, BOLD].map((text) => text.split(' ').map(Number));

/** Codes in WinAnsiEncoding, and widths, of characters beyond ASCII. */
const beyond: Readonly<Record<string, readonly [code: number, width: number]>> = {
  '±': [0xb1, 584],
  '×': [0xd7, 584],
  '·': [0xb7, 278],
  '–': [0x96, 556],
  '−': [0x96, 556],
  '—': [0x97, 1000],
  '’': [0x92, 222],
  '…': [0x85, 1000],
  '²': [0xb2, 333],
};

/** Codes in the encoding of Symbol, and widths. */
const symbols: Readonly<Record<string, readonly [code: number, width: number]>> = {
  '→': [0xae, 987],
  '≥': [0xb3, 549],
  '≤': [0xa3, 549],
  τ: [0x74, 439],
  δ: [0x64, 494],
  α: [0x61, 631],
};

export interface Glyphs {
  /** F1: Helvetica, F2: Helvetica-Bold, F3: Symbol. */
  readonly font: 'F1' | 'F2' | 'F3';
  readonly codes: readonly number[];
  /** In sizes. */
  readonly width: number;
}

/** A text as runs of one font; a character of none of them becomes a question mark. */
export function glyphsOf(text: string, bold: boolean): Glyphs[] {
  const runs: { font: Glyphs['font']; codes: number[]; width: number }[] = [];
  for (const character of text) {
    const symbol = symbols[character];
    const font = symbol ? 'F3' : bold ? 'F2' : 'F1';
    const code = character.codePointAt(0)!;
    const known = widths[bold ? 1 : 0]![code - 32];
    const [own, width] =
      symbol ?? beyond[character] ?? (known === undefined ? [63, 556] : [code, known]);
    const last = runs.at(-1);
    if (last?.font === font) {
      last.codes.push(own);
      last.width += width / 1000;
    } else runs.push({ font, codes: [own], width: width / 1000 });
  }
  return runs;
}
