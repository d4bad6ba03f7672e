/** Several edges of a search space at once. */
import type { GateName } from '../../../core/gates/gates.ts';
import { withGates, type SearchSpace } from '../../../core/graph/space.ts';

interface Ends {
  readonly source: number;
  readonly destination: number;
}

/** Which edges: those from the label, those into a node, those between networks, or all. */
export type EdgeGroup = 'label' | 'networks' | 'all' | `into ${number}`;

/** Groups of a space with so many nodes, in the order of a menu. */
export const edgeGroups = (nodes: number): EdgeGroup[] => [
  'all',
  'label',
  ...(nodes > 1
    ? (['networks', ...Array.from({ length: nodes }, (_, i) => `into ${i + 1}` as const)] as const)
    : []),
];

export function groupTitle(group: EdgeGroup): string {
  const titles = { all: 'All edges', label: 'All Label edges', networks: 'Between networks' };
  return group in titles
    ? titles[group as keyof typeof titles]
    : `All edges into ${group.slice('into '.length)}`;
}

function isInGroup(group: EdgeGroup, { source, destination }: Ends): boolean {
  if (group === 'label') return source === 0;
  if (group === 'networks') return source !== 0;
  return group === 'all' || group === `into ${destination}`;
}

/** The space with the same gates on all edges of a group. */
export const withGroup = (
  space: SearchSpace,
  group: EdgeGroup,
  gates: readonly GateName[],
): SearchSpace =>
  space.edges
    .filter((edge) => isInGroup(group, edge))
    .reduce((next, { source, destination }) => withGates(next, source, destination, gates), space);
