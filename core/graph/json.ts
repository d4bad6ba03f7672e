import { LabError, messageOf } from '../base/errors.ts';
import type { Graph } from './graph.ts';
import { parseGraph } from './parse.ts';

/** Limit of a graph file in characters, far above the largest graph with the longest names. */
const MAX_CHARACTERS = 1 << 20;

/**
 * Reads a graph from the text of a JSON file.
 *
 * @throws LabError `graph.not-json`, `graph.too-large`, and those of `parseGraph`
 */
export function fromJson(text: string): Graph {
  if (text.length > MAX_CHARACTERS) {
    throw new LabError('graph.too-large/text', { characters: text.length, limit: MAX_CHARACTERS });
  }
  let json: unknown;
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new LabError('graph.not-json', { reason: messageOf(error) }, { cause: error });
  }
  return parseGraph(json);
}

/**
 * Returns the text of a graph file: one line per node and per edge, Cutoff edges included, so that
 * a diff of two files shows the differences of the graphs.
 *
 * @param made origin for people; not part of the graph
 */
export function toJson(graph: Graph, made?: Readonly<Record<string, unknown>>): string {
  const { nodes, edges, ...head } = { ...graph, ...(made && { made }) };
  const lines = (items: readonly object[]): string =>
    `[\n${items.map((item) => `    ${JSON.stringify(item)}`).join(',\n')}\n  ]`;
  const fields = Object.entries(head).map(([key, value]) => `  "${key}": ${JSON.stringify(value)}`);
  return `{\n${[...fields, `  "nodes": ${lines(nodes)}`, `  "edges": ${lines(edges)}`].join(',\n')}\n}\n`;
}
