/** What the signs of a figure mean, one line each, for its legend. */
import type { Gate } from '../../core/gates/gate.ts';
import { roles, type Role } from '../../core/graph/roles.ts';
import type { Kind } from '../../core/kinds/kind.ts';

/** Returns a gate's formula and the meaning of its symbols. */
export const gateMeaning = ({ formula, symbols }: Gate): string =>
  [formula, 'a: the loss of one image on an edge', symbols].filter(Boolean).join('; ');

/** Returns a kind's formula, its symbols and how its edges are drawn. */
export const kindMeaning = ({ formula, symbols, compares, repels }: Kind): string =>
  [
    formula,
    symbols,
    `drawn as a ${compares === 'stages' ? 'double line' : 'line'}${repels ? ' with a bar' : ''}`,
  ].join('; ');

export const signMeaning = {
  weight: 'The factor of an edge’s loss; 1 where none is written.',
  temperature: 'The temperature of the softmax on an edge; 1 where none is written.',
  locked: 'A search keeps this gate.',
  vote: 'The ensemble counts the answers of this network.',
  idle: 'No path of open edges leads from the node to the target, so it is not trained.',
} as const;

/** A role in one word. */
export const roleSign = (role: Role): string => roles[role].title.split(',')[0]!;

export const roleMeaning: Readonly<Record<Role, string>> = {
  target: 'The network whose accuracy counts.',
  pretrained: 'A network that was trained before; it only teaches.',
  auxiliary: 'A network that is trained together with the target.',
  ensemble: 'Combines the answers of its voters; it has no parameters.',
};
