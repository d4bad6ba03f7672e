import { ensembleNumber, goalOf, isFrozen } from './graph.ts';
import type { Graph } from './graph.ts';

/** Roles of nodes and their drawing, of the first three as in Figure 2 of the paper. */
export const roles = {
  target: { title: 'Target', color: '#d8343f' },
  pretrained: { title: 'Pretrained, frozen', color: '#3f7fe0' },
  auxiliary: { title: 'Auxiliary', color: '#858b93' },
  ensemble: { title: 'Ensemble', color: '#a89000' },
} as const;

export type Role = keyof typeof roles;

export function roleOf(graph: Graph, node: number): Role {
  if (node === ensembleNumber(graph)) return 'ensemble';
  if (node === goalOf(graph)) return 'target';
  return isFrozen(graph, node) ? 'pretrained' : 'auxiliary';
}
