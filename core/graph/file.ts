/**
 * A graph from any file that the lab writes: JSON, the text form, and pictures of it (SVG, PNG,
 * DOT), which carry the text form in their description. Files come from strangers: every step of
 * the reading takes time in proportion to the size of the file.
 */
import { NO_GRAPH } from '../base/problems/graph.ts';
import { isPng, textIn } from '../base/png.ts';
import { LabError, problemOf } from '../base/errors.ts';
import { FORMAT } from './graph.ts';
import type { Graph } from './graph.ts';
import { fromJson } from './json.ts';
import { beginsLikeText, fromText } from './text.ts';

/** Largest graph file that is read, in bytes: a figure of seven nodes takes a hundredth of it. */
export const MAX_GRAPH_BYTES = 2 << 20;

/**
 * The graph in a file's content. The message of a file that is no graph begins with these words.
 *
 * @throws LabError `graph.none-in-picture`, `graph.too-large`, and those of `fromJson` and
 * `fromText`
 */
export function fromFile(bytes: Uint8Array): Graph {
  requireGraphSize(bytes.length);
  if (isPng(bytes)) return fromDescription('PNG', textIn(bytes, 'Description'));
  const text = new TextDecoder().decode(bytes).trim();
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

/** Whether a broken text is a graph with a mistake in it, rather than some other file. */
function isMeantAsGraph(text: string): boolean {
  return text.startsWith('{') ? text.includes(`"${FORMAT}"`) : beginsLikeText(text);
}

/** @param description JSON with the text form under `graph`; null where the picture has none */
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

/** The description in an SVG as `figureSvg` writes it, entities resolved. */
const metadataOf = (svg: string): string | null =>
  /<metadata>([^<]*)<\/metadata>/
    .exec(svg)?.[1]!
    .replace(/&(lt|gt|quot|#39|amp);/g, (_, name: keyof typeof entities) => entities[name]) ?? null;

const COMMENT = 'comment="';

/** The description in a DOT as `toDot` writes it: the first line that begins with `comment="`. */
function commentOf(dot: string): string | null {
  for (let start = 0; start >= 0 && start < dot.length;) {
    const end = dot.indexOf('\n', start);
    const line = dot.slice(start, end < 0 ? dot.length : end).trimStart();
    if (line.startsWith(COMMENT)) return quotedIn(line, COMMENT.length);
    start = end < 0 ? -1 : end + 1;
  }
  return null;
}

/** The text from `start` to the next quotation mark, backslashes resolved; null without an end. */
function quotedIn(line: string, start: number): string | null {
  let text = '';
  for (let at = start; at < line.length; at++) {
    if (line[at] === '"') return text;
    if (line[at] === '\\') at++;
    text += line[at] ?? '';
  }
  return null;
}
