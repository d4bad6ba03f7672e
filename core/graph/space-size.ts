import { LabError } from '../base/errors.ts';
import { kind, USUAL_KIND } from '../kinds/kinds.ts';
import { TARGET } from './graph.ts';
import { dimensions } from './space.ts';
import type { EdgeChoice, SearchSpace } from './space.ts';

/**
 * Returns the number of combinations of all choices, rejected ones included: 4^(M*M) * 3^(M-1) for
 * the paper's space, 2,359,296 with three nodes.
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
 * Returns the number of settings that make different graphs, rejected ones included: choices without
 * meaning beside the others, such as the temperature of a Cutoff, do not count.
 */
export const formCount = (space: SearchSpace): bigint =>
  product([
    ...space.nodes.map(({ models }) => BigInt(models.length)),
    ...space.edges.map((edge) => BigInt(edgeForms(edge))),
  ]);

/**
 * Describes the size of a space: `450 graphs; 512 combinations, 62 excluded`, or `9 graphs` without
 * exclusions.
 */
export function spaceText(space: SearchSpace): string {
  const [graphs, combinations] = [acceptedSize(space), formCount(space)];
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

/** Returns in how many ways a node's incoming edges can be, and in how many they freeze it. */
function countRow(space: SearchSpace, node: number): { all: bigint; closed: bigint } {
  const into = space.edges.filter(({ destination }) => destination === node);
  return {
    all: product(into.map((edge) => BigInt(edgeForms(edge)))),
    closed: product(into.map(({ gates }) => (gates.includes('cutoff') ? 1n : 0n))),
  };
}

/**
 * Returns in how many ways an edge can be. A closed edge is one way, whatever else it might carry,
 * and kinds that compare stages have no temperature.
 */
export function edgeForms({ gates, kinds, weights, temperatures }: EdgeChoice): number {
  const open = gates.filter((gate) => gate !== 'cutoff').length;
  const losses = (kinds ?? [USUAL_KIND]).reduce((count, name) => {
    const isSoftened = kind(name).compares === 'answers';
    return count + (isSoftened ? (temperatures?.length ?? 1) : 1);
  }, 0);
  return gates.length - open + open * losses * (weights?.length ?? 1);
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
