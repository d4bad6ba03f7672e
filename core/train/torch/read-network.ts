import { LabError } from '../../base/errors.ts';
import type { NodeState } from '../../engine/engine.ts';
import type { Architecture } from '../../models/layers.ts';
import { sizeOf } from '../../models/tensors.ts';
import type { TorchFile } from './file.ts';
import { fitNetwork, type Placement } from './fit.ts';
import { openTorchFile } from './open.ts';
import { readTensor } from './tensor.ts';

/**
 * Reads a network from a checkpoint of PyTorch (`.pt`, `.pth`) or a safetensors file in its layout.
 * Half precision and float64 become float32; momentum starts at 0.
 *
 * @param part place of the network in the file, where several fit
 * @throws LabError `torch.*`
 */
export async function readTorchNetwork(
  path: string,
  model: Architecture,
  classes: number,
  options: { source: string; part?: string | undefined },
): Promise<NodeState> {
  const { source } = options;
  const file = await openTorchFile(path, source);
  try {
    const fit = fitNetwork(file.states, model, classes, options);
    const parameters = await valuesOf(file, fit.parameters, source);
    const statistics = await valuesOf(file, fit.statistics, source);
    return { parameters, statistics, momentum: new Float32Array(parameters.length) };
  } finally {
    await file.close();
  }
}

/** All tensors end to end. Each storage is read once; only one is in memory at a time. */
async function valuesOf(
  file: TorchFile,
  placements: readonly Placement[],
  source: string,
): Promise<Float32Array> {
  const byStorage = new Map<string, { placement: Placement; offset: number }[]>();
  let total = 0;
  for (const placement of placements) {
    const { key } = placement.tensor.storage;
    const own = byStorage.get(key) ?? [];
    byStorage.set(key, own);
    own.push({ placement, offset: total });
    total += sizeOf(placement.spec.shape);
  }
  const flat = new Float32Array(total);
  for (const [key, own] of byStorage) {
    const bytes = await file.storage(key);
    for (const { placement, offset } of own) {
      const { name, tensor, axes, spec } = placement;
      const values = readTensor(tensor, bytes, axes, { source, name });
      if (spec.name.endsWith('/var') && values.some((value) => value < 0))
        throw new LabError('torch.tensor', { source, name, why: 'has a variance below 0' });
      flat.set(values, offset);
    }
  }
  return flat;
}
