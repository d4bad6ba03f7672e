/**
 * Reads a graph from any file that the lab writes: JSON, text form, or a picture (SVG, PNG, DOT)
 * with the text form in its description. Files are untrusted: every step of reading takes time
 * proportional to the file size.
 */
import { NO_GRAPH } from '../base/problems/graph.ts';
import { isPng, textIn } from '../base/png.ts';
import { LabError, problemOf } from '../base/errors.ts';
import { FORMAT } from './graph.ts';
import type { Graph } from './graph.ts';
import { fromJson } from './json.ts';
import { beginsLikeText, fromText } from './text.ts';

/** Control characters, and what stands for bytes that are no UTF-8: no text has them. */
const BINARY = /(?![\t\n\v\f\r])\p{Cc}|\ufffd/u;

/** Limit of a graph file in bytes; a figure of seven nodes needs a hundredth of it. */
export const MAX_GRAPH_BYTES = 2 << 20;

/**
 * Returns the graph in a file.
 *
 * @throws LabError `graph.none-in-picture`, `graph.no-text`, `graph.too-large`, and those of
 * `fromJson` and `fromText`
 */
export function fromFile(bytes: Uint8Array): Graph {
  requireGraphSize(bytes.length);
  if (isPng(bytes)) return fromDescription('PNG', textIn(bytes, 'Description'));
  const text = new TextDecoder().decode(bytes).trim();
  if (BINARY.test(text)) throw new LabError('graph.no-text');
  if (text.startsWith('<')) return fromDescription('SVG', metadataOf(text));
  if (/^(strict\s+)?(di)?graph\b/i.test(text)) return fromDescription('DOT', commentOf(text));
  try {
    return text.startsWith('{') ? fromJson(text) : fromText(text);
  } catch (error) {
    if (!(error instanceof LabError) || isMeantAsGraph(text)) throw error;
    throw new LabError(
      { ...problemOf(error), message: `${NO_GRAPH} ${error.message}` },
      { cause: error },
    );
  }
}

/** @throws LabError `graph.too-large` */
export function requireGraphSize(bytes: number, name = 'It'): void {
  if (bytes <= MAX_GRAPH_BYTES) return;
  throw new LabError('graph.too-large/file', { name, bytes });
}

/** True for a text that is probably a graph with a mistake, not another kind of file. */
function isMeantAsGraph(text: string): boolean {
  return text.startsWith('{') ? text.includes(`"${FORMAT}"`) : beginsLikeText(text);
}

/** @param description JSON with the text form under `graph`; null for a picture without one */
function fromDescription(kind: string, description: string | null): Graph {
  const graph = graphIn(description);
  if (graph !== null) return fromText(graph);
  throw new LabError('graph.none-in-picture', { kind });
}

function graphIn(description: string | null): string | null {
  try {
    const { graph } = JSON.parse(description ?? '{}') as { graph?: unknown };
    return typeof graph === 'string' ? graph : null;
  } catch {
    return null;
  }
}

const entities = { lt: '<', gt: '>', quot: '"', '#39': "'", amp: '&' } as const;

/** Returns the description in an SVG of `figureSvg`, entities resolved. */
const metadataOf = (svg: string): string | null =>
  /<metadata>([^<]*)<\/metadata>/
    .exec(svg)?.[1]!
    .replace(/&(lt|gt|quot|#39|amp);/g, (_, name: keyof typeof entities) => entities[name]) ?? null;

const COMMENT = 'comment="';

/**
 * Returns the description in a DOT file of `toDot`: the first line that begins with `comment="`.
 */
function commentOf(dot: string): string | null {
  for (let start = 0; start >= 0 && start < dot.length;) {
    const end = dot.indexOf('\n', start);
    const line = dot.slice(start, end < 0 ? dot.length : end).trimStart();
    if (line.startsWith(COMMENT)) return quotedIn(line, COMMENT.length);
    start = end < 0 ? -1 : end + 1;
  }
  return null;
}

/**
 * Returns the text from `start` to the next quotation mark, backslashes resolved; null without an
 * end.
 */
function quotedIn(line: string, start: number): string | null {
  let text = '';
  for (let at = start; at < line.length; at++) {
    if (line[at] === '"') return text;
    if (line[at] === '\\') at++;
    text += line[at] ?? '';
  }
  return null;
}
