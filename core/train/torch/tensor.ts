import { LabError } from '../../base/errors.ts';
import { sizeOf } from '../../models/tensors.ts';

/** Number formats that a weight may have, and `int64` of PyTorch's counters. */
export type TorchType = 'float32' | 'float64' | 'float16' | 'bfloat16' | 'int64';

export const bytesPerElement: Readonly<Record<TorchType, number>> = {
  float32: 4,
  float64: 8,
  float16: 2,
  bfloat16: 2,
  int64: 8,
};

/** Axes of a tensor, as in PyTorch. */
export const MAX_AXES = 64;

/** A tensor of a file: a view into one of its storages. Numbers count elements. */
export interface TorchTensor {
  readonly type: TorchType;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
  /** Key and elements of the storage. */
  readonly storage: { readonly key: string; readonly length: number };
}

/** Why a tensor cannot be read; null for a sound one. No element may be used twice. */
export function faultOf({ shape, strides, offset, storage }: TorchTensor): string | null {
  const numbers = [...shape, ...strides, offset, storage.length];
  const sound = numbers.every((number) => Number.isSafeInteger(number) && number >= 0);
  if (!sound || strides.length !== shape.length)
    return `has the shape [${words(shape)}], the strides [${words(strides)}] and the offset ${offset}, which are not all whole numbers from 0`;
  if (sizeOf(shape) === 0) return null;
  const last = shape.reduce((sum, size, axis) => sum + (size - 1) * strides[axis]!, offset);
  if (!(last < storage.length))
    return `of shape [${words(shape)}] needs ${last + 1} numbers, its storage has ${storage.length}`;
  const axes = [...shape.keys()].filter((axis) => shape[axis]! > 1);
  axes.sort((a, b) => strides[a]! - strides[b]!);
  let reach = 0;
  for (const axis of axes) {
    if (strides[axis]! <= reach) return `of shape [${words(shape)}] uses a number twice`;
    reach += (shape[axis]! - 1) * strides[axis]!;
  }
  return null;
}

const words = (numbers: readonly number[]): string => numbers.slice(0, 10).join(', ');

/** The strides of a tensor whose elements lie one after the other, the last axis first. */
export function denseStrides(shape: readonly number[]): number[] {
  const strides: number[] = [];
  let step = 1;
  for (const size of shape.toReversed()) {
    strides.unshift(step);
    step *= size;
  }
  return strides;
}

/**
 * Returns the elements of a tensor as float32, its axes in another order.
 *
 * @param bytes of its storage
 * @param axes for each axis of the result, the axis of the tensor
 * @throws LabError `torch.tensor` for a number that is not finite
 */
export function readTensor(
  tensor: TorchTensor,
  bytes: Uint8Array,
  axes: readonly number[],
  { source, name }: { source: string; name: string },
): Float32Array {
  const shape = axes.map((axis) => tensor.shape[axis]!);
  const strides = axes.map((axis) => tensor.strides[axis]!);
  const read = readers[tensor.type];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const values = new Float32Array(sizeOf(shape));
  const index = shape.map(() => 0);
  let at = tensor.offset;
  for (let i = 0; i < values.length; i++) {
    values[i] = read(view, at);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      at -= shape[axis]! * strides[axis]!;
      index[axis] = 0;
    }
  }
  if (!values.every(Number.isFinite))
    throw new LabError('torch.tensor', { source, name, why: 'has numbers that are not finite' });
  return values;
}

const bits = new DataView(new ArrayBuffer(4));
function bfloat16(view: DataView, at: number): number {
  bits.setUint32(0, view.getUint16(2 * at, true) << 16);
  return bits.getFloat32(0);
}

/** The element at an index. */
const readers: Readonly<Record<TorchType, (view: DataView, at: number) => number>> = {
  float32: (view, at) => view.getFloat32(4 * at, true),
  float64: (view, at) => view.getFloat64(8 * at, true),
  float16: (view, at) => view.getFloat16(2 * at, true),
  bfloat16,
  int64: (view, at) => Number(view.getBigInt64(8 * at, true)),
};
