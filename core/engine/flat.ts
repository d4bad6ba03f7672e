import { LabError } from '../base/errors.ts';
import type { Architecture } from '../models/layers.ts';
import { sizeOf, statistics, tensors, totalSize } from '../models/tensors.ts';
import { IMAGE_CHANNELS } from '../models/layers.ts';
import {
  columnsOf,
  type EdgeInputs,
  type ImageSet,
  type NodeState,
  type Rates,
  type StepPlan,
} from './engine.ts';

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

/**
 * Refuses a state of another architecture or number of classes.
 *
 * @throws LabError `engine.wrong-state`
 */
export function checkState(plan: StepPlan, node: number, state: NodeState): void {
  const model = plan.architectures[node]!;
  const sizes = stateSizes(model, plan.classes);
  for (const part of stateParts) {
    if (state[part].length === sizes[part]) continue;
    throw new LabError('engine.wrong-state', {
      part,
      found: state[part].length,
      model: model.title,
      classes: plan.classes,
      expected: sizes[part],
    });
  }
}

/** Returns the side of a step's images in pixels. */
export function sideOf({ architectures }: StepPlan): number {
  const [side, ...others] = new Set(architectures.map((model) => model.side));
  if (side === undefined || others.length > 0)
    throw new Error('The networks of a step must see images of one size.');
  return side;
}

export type ImageShape = [count: number, height: number, width: number, channels: number];

/** Returns the shape of `count` images of a step. */
export function imageShape(plan: StepPlan, count: number): ImageShape {
  const side = sideOf(plan);
  return [count, side, side, IMAGE_CHANNELS];
}

/** Refuses images of a size other than the step's. @throws LabError `engine.wrong-images` */
export function checkImages(plan: StepPlan, { images, labels }: ImageSet): void {
  const shape = imageShape(plan, labels.length);
  if (images.length === sizeOf(shape)) return;
  const expected = `[${shape.join(', ')}], ${sizeOf(shape)}`;
  throw new LabError('engine.wrong-images', { bytes: images.length, expected });
}

/** Returns [learning rate, momentum, weight decay], the order that steps expect. */
export const flatRates = (rates: Rates): Float32Array =>
  Float32Array.of(rates.learningRate, rates.momentum, rates.weightDecay);

/** Matrices of the edges in the order that steps expect. */
const EDGE_PARTS = ['weight', 'onlyCorrect', 'temperature', 'overCorrect', 'kind'] as const;

/** Returns the shape of the edges' matrices together. */
export const edgesShape = (plan: StepPlan): [parts: number, nodes: number, columns: number] => [
  EDGE_PARTS.length,
  plan.architectures.length,
  columnsOf(plan),
];

/** Returns the edges' matrices one after the other. */
export function flatEdges(edges: EdgeInputs): Float32Array {
  const flat = new Float32Array(EDGE_PARTS.length * edges.weight.length);
  for (const [i, part] of EDGE_PARTS.entries()) {
    const matrix = edges[part];
    if (matrix) flat.set(matrix, i * edges.weight.length);
  }
  return flat;
}
