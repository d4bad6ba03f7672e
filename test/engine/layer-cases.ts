import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { forward } from '../../core/engine/forward.ts';
import { architecture } from '../../core/models/architecture.ts';
import type { Layer } from '../../core/models/layers.ts';
import type { Numbers, OperationCase } from './operation-cases.ts';

/** Nested lists of numbers, with their shape. */
const values = v.pipe(
  v.custom<unknown[]>(Array.isArray),
  v.transform((list) => {
    const shape: number[] = [];
    for (let at: unknown = list; Array.isArray(at); at = at[0]) shape.push(at.length);
    return { shape, flat: list.flat(Infinity) as number[] };
  }),
);

const fixture = v.object({
  kind: v.literal('layers2'),
  cases: v.array(
    v.object({
      name: v.string(),
      op: v.picklist(['max-pool', 'depthwise', 'conv', 'average-pool']),
      size: v.optional(v.number()),
      stride: v.optional(v.number()),
      pad: v.optional(v.number()),
      input: values,
      kernel: v.optional(values),
      bias: v.optional(values),
      output: values,
      cotangent: values,
      grad_input: values,
      grad_kernel: v.optional(values),
      grad_bias: v.optional(values),
    }),
  ),
});
type Fixture = v.InferOutput<typeof fixture>['cases'][number];

/** A layer alone, with PyTorch's output and gradients. */
export interface LayerCase {
  readonly one: OperationCase;
  /** The output, then the gradient of every input. */
  readonly expected: readonly Numbers[];
}

/** The layers of a fixture; average pools belong to attention losses. */
export const layerCasesOf = (json: unknown): LayerCase[] =>
  v
    .parse(fixture, json)
    .cases.filter(({ op }) => op !== 'average-pool')
    .map(caseOf);

/** The layers in `fixtures/ktg2/layers.json`. */
export const layerCases: readonly LayerCase[] = layerCasesOf(read('../fixtures/ktg2/layers.json'));

function caseOf(given: Fixture): LayerCase {
  const inputs = [given.input, given.kernel, given.bias].filter((each) => each !== undefined);
  const gradients = [given.grad_input, given.grad_kernel, given.grad_bias];
  const expected = [given.output, ...gradients].filter((each) => each !== undefined);
  const model = { ...architecture('resnet8'), layers: [layerOf(given)] };
  return {
    expected: expected.map(({ flat }) => flat),
    one: {
      name: given.name,
      shapes: inputs.map(({ shape }) => shape),
      inputs: inputs.map(({ flat }) => flat),
      compute: (tf, ops, [x, ...parameters]) =>
        forward(tf, ops, model, parameters, (y) => y, x!).logits,
      plain: () => given.output.flat,
      cotangent: given.cotangent.flat,
    },
  };
}

function layerOf({ op, size, stride, pad, kernel, bias }: Fixture): Layer {
  const name = op;
  if (op === 'max-pool') return { kind: op, size, padding: pad } as Layer;
  const [height, , inputs, outputs] = kernel!.shape;
  if (op === 'depthwise') return { kind: op, name, channels: inputs, stride } as Layer;
  const shape = { size: height, inputs, outputs, stride, bias: bias !== undefined };
  return { kind: 'convolution', name, ...shape } as Layer;
}

function read(path: string): unknown {
  return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
}

/** The measure of the fixtures: largest difference over 1 + the largest expected value. */
export function layerError(actual: ArrayLike<number>, expected: Numbers): number {
  if (actual.length !== expected.length) return NaN;
  const largest = Math.max(...expected.map(Math.abs));
  return Math.max(...expected.map((value, i) => Math.abs(actual[i]! - value))) / (1 + largest);
}

/** What `fixtures/ktg2/tolerances.json` allows for layers in float32. */
export const LAYER_ALLOWED = 3e-6;

/** A case whose windows hold equal numbers, as after a ReLU. */
export const ties: OperationCase = {
  name: 'max-pool of equal pixels',
  shapes: [[1, 4, 4, 3]],
  inputs: [new Array<number>(48).fill(0)],
  compute: (_, ops, [x]) => ops.maxPool(x!, 2),
  plain: () => new Array<number>(12).fill(0),
};

/** The gradient of `ties` for a cotangent: each to the first pixel of its window. */
export const tiesGradient = (cotangent: Numbers): number[] =>
  Array.from({ length: 48 }, (_, i) => {
    const [row, column, c] = [Math.floor(i / 12), Math.floor(i / 3) % 4, i % 3] as const;
    const first = row % 2 === 0 && column % 2 === 0;
    return first ? cotangent[((row / 2) * 2 + column / 2) * 3 + c]! : 0;
  });
