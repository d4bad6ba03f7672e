import { LabError } from '../base/errors.ts';
import type { Architecture } from '../models/layers.ts';
import { statistics, tensors, totalSize } from '../models/tensors.ts';
import type { NodeState, Rates, StepPlan } from './engine.ts';

/** Sizes of a node's flat vectors. */
export interface StateSizes {
  readonly parameters: number;
  readonly momentum: number;
  readonly statistics: number;
}

export function stateSizes(model: Architecture, classes: number): StateSizes {
  const parameters = totalSize(tensors(model, classes));
  return { parameters, momentum: parameters, statistics: totalSize(statistics(model)) };
}

export const stateParts = ['parameters', 'momentum', 'statistics'] as const;

/** Refuses a state whose vectors do not fit the node: wrong architecture or number of classes. */
export function checkState(plan: StepPlan, node: number, state: NodeState): void {
  const model = plan.architectures[node]!;
  const sizes = stateSizes(model, plan.classes);
  for (const part of stateParts) {
    if (state[part].length === sizes[part]) continue;
    throw new LabError(
      'engine.wrong-state',
      `The ${part} are ${state[part].length} numbers; ${model.title} with ${plan.classes} classes has ${sizes[part]}.`,
      'Use a checkpoint of the same architecture and data set.',
    );
  }
}

/** [learning rate, momentum, weight decay], the order in which steps take them. */
export const flatRates = (rates: Rates): Float32Array =>
  Float32Array.of(rates.learningRate, rates.momentum, rates.weightDecay);
