import { LabError } from '../base/errors.ts';
import { kind, USUAL_KIND } from '../kinds/kinds.ts';
import { TARGET } from './graph.ts';
import { dimensions } from './space.ts';
import type { SearchSpace } from './space.ts';

/**
 * Returns the number of combinations, rejected ones included: 4^(M*M) * 3^(M-1) for the paper's
 * space, 2,359,296 with three nodes.
 */
export const spaceSize = (space: SearchSpace): bigint =>
  dimensions(space).reduce((size, { choices }) => size * BigInt(choices.length), 1n);

/**
 * Returns the number of accepted graphs; 0 if there are none. A closed edge is one graph whatever
 * else it carries.
 */
export function acceptedSize(space: SearchSpace): bigint {
  const models = space.nodes.reduce((size, node) => size * BigInt(node.models.length), 1n);
  const rows = space.nodes.map((_, index) => openRows(space, index + 1));
  const all = product(rows);
  const voters = space.ensemble?.voters;
  const isVoter = (node: number): boolean => voters?.includes(node) ?? true;
  const frozenVoters =
    space.ensemble?.isObjective && space.frozen
      ? product(rows.map((row, i) => (isVoter(i + 1) ? countRow(space, i + 1).closed : row)))
      : 0n;
  return models * (all - frozenVoters);
}

const product = (factors: readonly bigint[]): bigint =>
  factors.reduce((size, one) => size * one, 1n);

/**
 * Describes the size of a space: `450 graphs; 512 combinations, 62 excluded`, or `9 graphs` without
 * exclusions.
 */
export function spaceText(space: SearchSpace): string {
  const [graphs, combinations] = [acceptedSize(space), spaceSize(space)];
  const counted = `${graphs.toLocaleString('en')} ${graphs === 1n ? 'graph' : 'graphs'}`;
  if (graphs === combinations) return counted;
  const excluded = (combinations - graphs).toLocaleString('en');
  return `${counted}; ${combinations.toLocaleString('en')} combinations, ${excluded} excluded`;
}

/** Returns the number of accepted choices for a node's incoming edges. */
function openRows(space: SearchSpace, node: number): bigint {
  const { all, closed } = countRow(space, node);
  const isTarget = node === TARGET && !space.ensemble?.isObjective;
  return !isTarget && space.frozen ? all : all - closed;
}

/**
 * Returns in how many ways a node's incoming edges can be, and in how many they freeze it. A closed
 * edge is one way, whatever else it might carry, and kinds that compare stages have no temperature.
 */
function countRow(space: SearchSpace, node: number): { all: bigint; closed: bigint } {
  const counts = space.edges
    .filter(({ destination }) => destination === node)
    .map(({ gates, kinds = [USUAL_KIND], weights = [1], temperatures = [1] }) => {
      const open =
        gates.filter((gate) => gate !== 'cutoff').length *
        weights.filter((weight) => weight !== 0).length;
      const losses = kinds.map((name) =>
        kind(name).compares === 'answers' ? temperatures.length : 1,
      );
      const forms = losses.reduce((sum, count) => sum + count, 0);
      const closed = gates.includes('cutoff') || weights.includes(0) ? 1 : 0;
      return { all: BigInt(closed + open * forms), closed: BigInt(closed) };
    });
  return {
    all: product(counts.map(({ all }) => all)),
    closed: product(counts.map(({ closed }) => closed)),
  };
}

/**
 * Refuses a space whose graphs would all be rejected.
 *
 * @throws LabError `space.impossible`, with the node that causes it
 */
export function requirePossible(space: SearchSpace): void {
  const stuck = space.nodes.findIndex((_, index) => openRows(space, index + 1) === 0n) + 1;
  if (stuck === 0 && acceptedSize(space) === 0n) throw new LabError('space.impossible/voters');
  if (stuck === 0) return;
  const isTarget = stuck === TARGET && !space.ensemble?.isObjective;
  const why = isTarget
    ? 'so the target (node 1) would always be frozen and learn nothing'
    : `so node ${stuck} would always be frozen, and this space allows no frozen nodes`;
  throw new LabError('space.impossible', {
    stuck,
    why,
    otherwise: isTarget ? '' : ', or allow frozen nodes',
  });
}
