import type { Architecture } from '../../models/layers.ts';
import { statistics, tensors, type TensorSpec } from '../../models/tensors.ts';
import { encodeSafetensors, type NamedTensor } from '../safetensors.ts';
import { torchAxes, torchShape } from './fit.ts';
import { torchName } from './names.ts';
import { denseStrides, readTensor } from './tensor.ts';

/** The tensors of a trained network by our names, in our layout. */
export type NetworkTensors = ReadonlyMap<string, NamedTensor>;

/** Every parameter and running statistic of a network under PyTorch's name and in its layout. */
export const torchTensors = (
  model: Architecture,
  classes: number,
  own: NetworkTensors,
): NamedTensor[] =>
  [...tensors(model, classes), ...statistics(model)].map((spec) => ({
    name: torchName(model, spec.name),
    shape: torchShape(spec),
    values: inTorchLayout(spec, own.get(spec.name)!.values),
  }));

/**
 * Returns a safetensors file that `load_state_dict` of the module of `torchModule` takes.
 *
 * @param notes metadata for people and programs
 */
export const torchWeights = (
  model: Architecture,
  classes: number,
  own: NetworkTensors,
  notes: Readonly<Record<string, string>>,
): Uint8Array => encodeSafetensors(torchTensors(model, classes, own), { format: 'pt', ...notes });

function inTorchLayout({ name, shape, role }: TensorSpec, values: Float32Array): Float32Array {
  const axes: number[] = [];
  for (const [place, axis] of torchAxes[role].entries()) axes[axis] = place;
  const storage = { key: name, length: values.length };
  const tensor = {
    type: 'float32',
    shape,
    strides: denseStrides(shape),
    offset: 0,
    storage,
  } as const;
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return readTensor(tensor, bytes, axes, { source: 'The network', name });
}
