import type { pdfOf } from './pdf.ts';
import type { tikzOf } from './tikz.ts';

interface PaperWriters {
  readonly pdfOf: typeof pdfOf;
  readonly tikzOf: typeof tikzOf;
}

/**
 * Writers of figures for a paper, from the text of an SVG file. Their code is loaded when a person
 * first saves such a file, so the page starts without it.
 */
export async function paperWriters(): Promise<PaperWriters> {
  const [pdf, tikz] = await Promise.all([import('./pdf.ts'), import('./tikz.ts')]);
  return { pdfOf: pdf.pdfOf, tikzOf: tikz.tikzOf };
}
