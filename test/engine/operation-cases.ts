import { stream } from '../../core/base/random.ts';
import { mapPadding } from '../../core/engine/pixels.ts';
import { EPSILON, type Operations, type Tensor, type TF } from '../../core/engine/ops.ts';

export type Numbers = readonly number[];

/**
 * An operation to differentiate: how an engine computes it, and the same in plain float64 over flat
 * numbers.
 */
export interface OperationCase {
  readonly name: string;
  readonly shapes: readonly (readonly number[])[];
  readonly inputs: readonly Numbers[];
  readonly compute: (tf: TF, ops: Operations, inputs: Tensor[]) => Tensor;
  readonly plain: (inputs: readonly Numbers[]) => number[];
  /** Factors of the outputs, where `cotangentOf` the name does not give them. */
  readonly cotangent?: Numbers;
}

const sizeOf = (shape: readonly number[]): number =>
  shape.reduce((product, size) => product * size, 1);

/** `count` numbers around 0 that keep off 0, where a ReLU has no slope. */
function randomNumbers(name: string, count: number): number[] {
  const random = stream(1, 'operation', name);
  return Array.from({ length: count }, () => {
    const value = Math.fround(random.normal());
    return Math.abs(value) < 0.05 ? value + Math.sign(value) * 0.05 : value;
  });
}

/**
 * Mean and standard deviation of each channel, far from 0 and 1; the first variance is below
 * epsilon.
 */
const channels = [
  { mean: 0.01, deviation: 0.002 },
  { mean: -40, deviation: 15 },
  { mean: 3, deviation: 0.1 },
];
const DEPTH = channels.length;

/** [2, 4, 4, 3]: channel c is spread as `channels` says. */
const pixels = randomNumbers('pixels', 2 * 4 * 4 * DEPTH).map((value, i) => {
  const { mean, deviation } = channels[i % DEPTH]!;
  return Math.fround(mean + deviation * value);
});
const image = [2, 4, 4, DEPTH] as const;

const channelOf = (x: Numbers, c: number): number[] => x.filter((_, i) => i % DEPTH === c);
const meanOf = (values: Numbers): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Means and biased variances of the three channels. */
export function plainStatistics(x: Numbers): { mean: number[]; variance: number[] } {
  const mean = channels.map((_, c) => meanOf(channelOf(x, c)));
  const variance = channels.map((_, c) =>
    meanOf(channelOf(x, c).map((value) => (value - mean[c]!) ** 2)),
  );
  return { mean, variance };
}

/** 3x3 convolution of [2, 4, 4, 3] with one pixel of zeros on every side. */
function plainConvolution(x: Numbers, filter: Numbers, stride: number, outputs: number): number[] {
  const pixel = (n: number, row: number, column: number, c: number): number =>
    row < 0 || column < 0 || row > 3 || column > 3
      ? 0
      : x[((n * 4 + row) * 4 + column) * DEPTH + c]!;
  const side = 4 / stride;
  return Array.from({ length: 2 * side * side * outputs }, (_, i) => {
    const o = i % outputs;
    const column = Math.floor(i / outputs) % side;
    const row = Math.floor(i / outputs / side) % side;
    const n = Math.floor(i / outputs / side / side);
    let sum = 0;
    for (let h = 0; h < 3; h++)
      for (let w = 0; w < 3; w++)
        for (let c = 0; c < DEPTH; c++)
          sum +=
            filter[((h * 3 + w) * DEPTH + c) * outputs + o]! *
            pixel(n, row * stride + h - 1, column * stride + w - 1, c);
    return sum;
  });
}

/** A pixel of [2, 4, 4, 3], `outside` beyond its edges. */
const pixelOf =
  (x: Numbers, outside: number) =>
  (n: number, row: number, column: number, c: number): number =>
    row < 0 || column < 0 || row > 3 || column > 3
      ? outside
      : x[((n * 4 + row) * 4 + column) * DEPTH + c]!;

/** Every number of a map [2, side, side, 3] from its place. */
const mapOf = (
  side: number,
  value: (n: number, row: number, column: number, c: number) => number,
): number[] =>
  Array.from({ length: 2 * side * side * DEPTH }, (_, i) => {
    const place = Math.floor(i / DEPTH);
    const row = Math.floor(place / side) % side;
    return value(Math.floor(place / side / side), row, place % side, i % DEPTH);
  });

/** Rows and columns of the pixels of a window, from its first. */
const offsets = (size: number): [number, number][] =>
  Array.from({ length: size * size }, (_, i) => [Math.floor(i / size), i % size]);

/** Framed by `padding` pixels of -infinity. The numbers are mostly negative: zeros would win. */
const maxPool = (size: 2 | 3, padding: 0 | 1): OperationCase => ({
  name: `max-pool ${size} x ${size}, padded by ${padding}`,
  shapes: [image],
  inputs: [randomNumbers('pooled', sizeOf(image)).map((value) => value - 1.5)],
  compute: (tf, ops, [x]) => {
    return ops.maxPool(tf.pad(x!, mapPadding([padding, padding]), -Infinity), size);
  },
  plain: ([x]) => {
    const pixel = pixelOf(x!, -Infinity);
    return mapOf(2, (n, row, column, c) =>
      Math.max(
        ...offsets(size).map(([h, w]) =>
          pixel(n, 2 * row + h - padding, 2 * column + w - padding, c),
        ),
      ),
    );
  },
});

const depthwise = (stride: 1 | 2): OperationCase => ({
  name: `depthwise convolution with stride ${stride}`,
  shapes: [image, [3, 3, DEPTH, 1]],
  inputs: [randomNumbers('convolved', sizeOf(image)), randomNumbers('depthwise', 9 * DEPTH)],
  compute: (_, ops, [x, filter]) => ops.depthwise(x!, filter!, stride),
  plain: ([x, filter]) => {
    const pixel = pixelOf(x!, 0);
    return mapOf(4 / stride, (n, row, column, c) =>
      offsets(3).reduce(
        (sum, [h, w], place) =>
          sum +
          filter![place * DEPTH + c]! * pixel(n, row * stride + h - 1, column * stride + w - 1, c),
        0,
      ),
    );
  },
});

const convolution = (stride: 1 | 2): OperationCase => ({
  name: `convolution with stride ${stride}`,
  shapes: [image, [3, 3, DEPTH, 2]],
  inputs: [randomNumbers('convolved', sizeOf(image)), randomNumbers('filter', 9 * DEPTH * 2)],
  compute: (tf, _, [x, filter]) => {
    if (stride === 1) return tf.conv2d(x as never, filter as never, 1, 'same');
    const padded = tf.pad(x!, [
      [0, 0],
      [1, 1],
      [1, 1],
      [0, 0],
    ]);
    return tf.conv2d(padded as never, filter as never, stride, 'valid');
  },
  plain: ([x, filter]) => plainConvolution(x!, filter!, stride, 2),
});

export const operationCases: readonly OperationCase[] = [
  {
    name: 'relu',
    shapes: [image],
    inputs: [randomNumbers('relu', sizeOf(image))],
    compute: (_, ops, [x]) => ops.relu(x!),
    plain: ([x]) => x!.map((value) => Math.max(value, 0)),
  },
  {
    name: 'batchNorm',
    shapes: [image, [DEPTH], [DEPTH]],
    inputs: [pixels, [0.3, -2, 40], [1, 0, -7]],
    compute: (tf, ops, [x, gamma, beta]) => {
      const { output, mean, variance } = ops.batchNorm(x!, gamma!, beta!);
      tf.dispose([mean, variance]);
      return output;
    },
    plain: ([x, gamma, beta]) => {
      const { mean, variance } = plainStatistics(x!);
      return x!.map((value, i) => {
        const c = i % DEPTH;
        return ((value - mean[c]!) / Math.sqrt(variance[c]! + EPSILON)) * gamma![c]! + beta![c]!;
      });
    },
  },
  {
    name: 'globalAverage',
    shapes: [image],
    inputs: [pixels],
    compute: (_, ops, [x]) => ops.globalAverage(x!),
    plain: ([x]) =>
      [0, 1].flatMap((n) => {
        const one = x!.slice(n * 16 * DEPTH, (n + 1) * 16 * DEPTH);
        return channels.map((_, c) => meanOf(channelOf(one, c)));
      }),
  },
  {
    name: 'everySecondPixel',
    shapes: [image],
    inputs: [pixels],
    compute: (_, ops, [x]) => ops.everySecondPixel(x!),
    plain: ([x]) =>
      x!.filter((_, i) => {
        const pixel = Math.floor(i / DEPTH);
        return pixel % 2 === 0 && Math.floor(pixel / 4) % 2 === 0;
      }),
  },
  convolution(1),
  convolution(2),
  maxPool(2, 0),
  maxPool(3, 1),
  depthwise(1),
  depthwise(2),
];

/** The inputs' tensors of a case. */
export const tensorsOf = (tf: TF, { inputs, shapes }: OperationCase): Tensor[] =>
  inputs.map((values, i) => tf.tensor(values as number[], shapes[i] as number[]));

/** Fixed factors of the outputs, so that every output's gradient differs. */
export const cotangentOf = (name: string, size: number): number[] =>
  randomNumbers(`cotangent of ${name}`, size);

/**
 * Output and gradients, of sum(output * cotangent), with respect to every input: one flat list
 * each.
 */
export function differentiate(
  tf: TF,
  ops: Operations,
  one: OperationCase,
  inputs: Tensor[],
): Tensor[] {
  const size = one.plain(one.inputs).length;
  let output!: Tensor;
  const objective = (...given: Tensor[]): Tensor => {
    output = tf.keep(one.compute(tf, ops, given));
    return tf.sum(
      tf.mul(
        tf.reshape(output, [-1]),
        tf.tensor1d([...(one.cotangent ?? cotangentOf(one.name, size))]),
      ),
    );
  };
  const gradients = tf.grads(objective)(inputs);
  return [output, ...gradients];
}

/** The same in float64: gradients by central differences. */
export function differentiatePlainly({ name, inputs, plain }: OperationCase): number[][] {
  const output = plain(inputs);
  const cotangent = cotangentOf(name, output.length);
  const objective = (changed: readonly Numbers[]): number =>
    plain(changed).reduce((sum, value, i) => sum + value * cotangent[i]!, 0);
  const gradients = inputs.map((input, at) =>
    input.map((value, i) => {
      const step = 1e-5 * Math.max(Math.abs(value), 1e-3);
      const shifted = (by: number): number =>
        objective(inputs.map((other, j) => (j === at ? other.with(i, value + by) : other)));
      return (shifted(step) - shifted(-step)) / (2 * step);
    }),
  );
  return [output, ...gradients];
}

/**
 * Largest difference over the root mean square of what is expected, channel by channel, as channels
 * differ by orders of magnitude; NaN when anything is NaN or missing.
 */
export function relativeError(actual: ArrayLike<number>, expected: readonly number[]): number {
  if (actual.length !== expected.length) return NaN;
  const differences = expected.map((value, i) => Math.abs(actual[i]! - value));
  return Math.max(
    ...channels.map((_, c) => {
      const scale = Math.sqrt(meanOf(channelOf(expected, c).map((value) => value ** 2)));
      return Math.max(...channelOf(differences, c)) / scale;
    }),
  );
}
