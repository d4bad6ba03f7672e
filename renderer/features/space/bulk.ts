/** Several edges of a search space at once. */
import type { GateName } from '../../../core/gates/gates.ts';
import { LABEL } from '../../../core/graph/graph.ts';
import {
  withGates,
  withLists,
  type EdgeLists,
  type SearchSpace,
} from '../../../core/graph/space.ts';
import { kind as kindNamed } from '../../../core/kinds/kinds.ts';

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
  if (group === 'label') return source === LABEL;
  if (group === 'networks') return source !== LABEL;
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

type Parts = Partial<Omit<EdgeLists, 'gates'>>;

/**
 * The space with the same kinds, weights or temperatures on all edges of a group, as far as an edge
 * can have them: those from the label have weights only, those from the ensemble no stages.
 */
export const withGroupParts = (space: SearchSpace, group: EdgeGroup, parts: Parts): SearchSpace =>
  space.edges
    .filter((edge) => isInGroup(group, edge))
    .reduce((next, { source, destination }) => {
      const { kinds, temperatures, ...weights } = parts;
      const own =
        source <= space.nodes.length
          ? kinds
          : kinds?.filter((name) => kindNamed(name).compares === 'answers');
      return withLists(next, source, destination, {
        ...weights,
        ...(source !== LABEL && temperatures && { temperatures }),
        ...(source !== LABEL && own && own.length > 0 && { kinds: own }),
      });
    }, space);

/** What the first edge of a group may be that can be most: an edge between networks, if there is one. */
export function partsOfGroup(space: SearchSpace, group: EdgeGroup): Parts {
  const edges = space.edges.filter((edge) => isInGroup(group, edge));
  const shown = edges.find(({ source }) => source !== LABEL) ?? edges[0];
  const { kinds, weights, temperatures } = shown ?? {};
  return {
    ...(kinds && { kinds }),
    ...(weights && { weights }),
    ...(temperatures && { temperatures }),
  };
}
