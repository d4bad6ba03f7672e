import { LabError } from '../base/errors.ts';
import { correctMean } from './correct-mean.ts';
import { correct } from './correct.ts';
import { cutoff } from './cutoff.ts';
import type { Gate } from './gate.ts';
import { halfCosine } from './half-cosine.ts';
import { linear } from './linear.ts';
import { negativeLinear } from './negative-linear.ts';
import { through } from './through.ts';

const list = [
  through,
  cutoff,
  linear,
  correct,
  negativeLinear,
  halfCosine,
  correctMean,
] as const satisfies readonly Gate[];

/** All gates, the paper's four first. A new gate is one file and one entry above. */
export const gates: readonly (Gate & { readonly name: GateName })[] = list;

export type GateName = (typeof list)[number]['name'];

export const gateNames: readonly GateName[] = list.map((each) => each.name);

/** The paper's gates: what a search space draws from where it names no others. */
export const paperGates: readonly GateName[] = ['through', 'cutoff', 'linear', 'correct'];

/** Returns the paper's gates and those of a list, in the order of `gates`. */
export const withPaperGates = (used: Iterable<GateName>): GateName[] => {
  const shown = new Set<GateName>([...paperGates, ...used]);
  return gateNames.filter((name) => shown.has(name));
};

const byName = new Map<string, Gate & { readonly name: GateName }>(
  gates.map((each) => [each.name, each]),
);

export const isGateName = (name: unknown): name is GateName =>
  typeof name === 'string' && byName.has(name);

/**
 * Returns the gate with this name.
 *
 * @throws LabError `gate.unknown`
 */
export function gate(name: string): Gate & { readonly name: GateName } {
  const found = byName.get(name);
  if (!found) {
    throw new LabError('gate.unknown', {
      name: name.slice(0, 60),
      gateNames: gateNames.join(', '),
    });
  }
  return found;
}
