/** A part of a figure: what the pointer or the keyboard is at, or what is picked. */
import type { Edge } from '../../../core/graph/graph.ts';

export type Part = { readonly node: number } | { readonly edge: Edge };

/** "2-1": names an edge of any graph. */
export const edgeKey = ({ source, destination }: Pick<Edge, 'source' | 'destination'>): string =>
  `${source}-${destination}`;

export const partKey = (part: Part): string =>
  'node' in part ? String(part.node) : edgeKey(part.edge);
