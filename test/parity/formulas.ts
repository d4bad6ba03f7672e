import type { Architecture } from '../../core/models/layers.ts';
import { sizeOf, type TensorSpec, tensors, totalSize } from '../../core/models/tensors.ts';

/**
 * Constants of the closed formulas that stand for weights and images (test/fixtures/ktg/README.md).
 */
export interface InitFormula {
  readonly k: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  readonly gamma0: number;
  readonly beta0: number;
}

export interface InputFormula {
  readonly k: number;
  readonly a: number;
  readonly b: number;
  readonly d: number;
  readonly m: number;
}

/** Parameters of node `node` (from 0), laid end to end. */
export function formulaParameters(
  model: Architecture,
  classes: number,
  formula: InitFormula,
  node: number,
): Float32Array {
  const specs = tensors(model, classes);
  const flat = new Float32Array(totalSize(specs));
  let offset = 0;
  for (const [t, spec] of specs.entries()) {
    const { k, a, b, c, d } = formula;
    const u = (j: number): number => Math.sin(k * Math.sin(a * j + b * t + c * node + d));
    const size = sizeOf(spec.shape);
    for (let j = 0; j < size; j++) flat[offset + j] = element(spec, formula, u, j);
    offset += size;
  }
  return flat;
}

function element(
  { role, shape }: TensorSpec,
  { gamma0, beta0 }: InitFormula,
  u: (j: number) => number,
  j: number,
): number {
  switch (role) {
    case 'convolution':
      return (2 / Math.sqrt(shape[0]! * shape[1]! * shape[2]!)) * u(j);
    case 'depthwise':
      return (2 / Math.sqrt(shape[0]! * shape[1]!)) * u(j);
    case 'gamma':
      return gamma0 * (1 + 0.1 * u(j));
    case 'beta':
      return (j % 2 === 0 ? beta0 : -beta0) + gamma0 * 0.1 * u(j);
    case 'kernel': {
      const [inputs, outputs] = shape as [number, number];
      const row = Math.floor(j / outputs);
      const scale = 2 / Math.sqrt(inputs);
      return row % 4 < 2 ? scale * u(j) : -scale * u(j - 2 * outputs);
    }
    case 'bias':
      return 0.1 * u(j);
  }
}

/** Image batch `s` (from 0) of n images, [n, side, side, 3] in [0, 1]. */
export function formulaImages(
  n: number,
  s: number,
  { k, a, b, d, m }: InputFormula,
  side = 32,
): Float32Array {
  const images = new Float32Array(n * side * side * 3);
  let j = 0;
  for (let image = 0; image < n; image++) {
    const fh = 0.1 + 0.07 * ((5 * image + 3 * s + m) % 11);
    const fw = 0.1 + 0.07 * ((3 * image + 7 * s + m) % 13);
    for (let h = 0; h < side; h++) {
      for (let w = 0; w < side; w++) {
        for (let c = 0; c < 3; c++, j++) {
          const fine = Math.sin(k * Math.sin(a * j + b * s + d));
          const tint = Math.sin(k * Math.sin(a * (3 * image + c) + b * s + d + 1));
          const coarse = Math.sin(fh * h + fw * w + 2 * c + image + 0.5 * s);
          images[j] = 0.5 + 0.25 * tint + 0.15 * coarse + 0.1 * fine;
        }
      }
    }
  }
  return images;
}
