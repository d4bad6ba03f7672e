/**
 * A graph from any file that the lab writes: JSON, the text form, and pictures of it (SVG, PNG, DOT), which carry the
 * text form in what they say of their origin.
 */
import { isPng, textIn } from '../base/png.ts';
import { LabError } from '../base/errors.ts';
import type { Graph } from './graph.ts';
import { fromJson } from './json.ts';
import { fromText } from './text.ts';

/** Throws LabError `graph.none-in-picture`, and what `fromJson` and `fromText` throw. */
export function fromFile(bytes: Uint8Array): Graph {
  if (isPng(bytes)) return fromOrigin('PNG', textIn(bytes, 'Description'));
  const text = new TextDecoder().decode(bytes).trim();
  if (text.startsWith('{')) return fromJson(text);
  if (text.startsWith('<')) return fromOrigin('SVG', metadataOf(text));
  if (/^(strict\s+)?(di)?graph\b/i.test(text)) return fromOrigin('DOT', commentOf(text));
  return fromText(text);
}

/** @param origin JSON with the text form under `graph`; null when the picture says nothing of its origin */
function fromOrigin(kind: string, origin: string | null): Graph {
  const graph = graphIn(origin);
  if (graph !== null) return fromText(graph);
  throw new LabError(
    'graph.none-in-picture',
    `The ${kind} file says of no graph that it shows.`,
    'Choose a figure of a graph that this lab saved, or the graph as JSON or text.',
  );
}

function graphIn(origin: string | null): string | null {
  try {
    const { graph } = JSON.parse(origin ?? '{}') as { graph?: unknown };
    return typeof graph === 'string' ? graph : null;
  } catch {
    return null;
  }
}

const entities = { lt: '<', gt: '>', quot: '"', '#39': "'", amp: '&' } as const;

/** As `figureSvg` writes it, entities resolved. */
const metadataOf = (svg: string): string | null =>
  /<metadata>([^<]*)<\/metadata>/
    .exec(svg)?.[1]!
    .replace(/&(lt|gt|quot|#39|amp);/g, (_, name: keyof typeof entities) => entities[name]) ?? null;

/** As `toDot` writes it, on a line of its own. */
const commentOf = (dot: string): string | null =>
  /^\s*comment="((?:[^"\\]|\\.)*)"/m.exec(dot)?.[1]!.replace(/\\(.)/g, '$1') ?? null;
