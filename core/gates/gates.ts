import { LabError } from '../base/errors.ts';
import { correct } from './correct.ts';
import { cutoff } from './cutoff.ts';
import type { Gate } from './gate.ts';
import { linear } from './linear.ts';
import { through } from './through.ts';

const list = [through, cutoff, linear, correct] as const satisfies readonly Gate[];

/** All gates in the paper's order. A new gate is one file and one entry above. */
export const gates: readonly (Gate & { readonly name: GateName })[] = list;

export type GateName = (typeof list)[number]['name'];

/** The gates of the paper: spaces draw from them unless they name others. */
export const paperGates = ['through', 'cutoff', 'linear', 'correct'] as const;

export const gateNames: readonly GateName[] = list.map((each) => each.name);

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
