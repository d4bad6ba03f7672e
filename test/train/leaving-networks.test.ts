import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { NodeState } from '../../core/engine/engine.ts';
import { openEngine } from '../../core/engine/open.ts';
import { architecture } from '../../core/models/architecture.ts';
import { initialParameters } from '../../core/models/initialise.ts';
import type { Architecture } from '../../core/models/layers.ts';
import { sizeOf, statistics, tensors, totalSize } from '../../core/models/tensors.ts';
import { onnxModel } from '../../core/train/onnx/model.ts';
import { torchModule } from '../../core/train/torch/module.ts';
import { readTorchNetwork } from '../../core/train/torch/read-network.ts';
import { type NetworkTensors, torchWeights } from '../../core/train/torch/weights.ts';
import { stream } from '../../core/base/random.ts';
import {
  assertClose,
  imagesInRange,
  logitsOf,
  npyIn,
  npyOf,
  runExample,
  withoutPackage,
} from '../examples/leaving.ts';

const CLASSES = 7;
const BATCH = 3;

const cases = [
  ['resnet8', 32],
  ['wrn-10-1', 32],
  ['resnet18', 96],
  ['vgg8', 64],
  ['mobilenetv2-half', 32],
] as const;

const folder = mkdtempSync(join(tmpdir(), 'ktg-leaving-'));
after(() => {
  rmSync(folder, { recursive: true });
});

/** A state with values of its own everywhere: batch norms are not the identity. */
function stateOf(model: Architecture): NodeState {
  const parameters = initialParameters(model, CLASSES, 5, 1);
  const draw = stream(3, 'leaving', model.name);
  let offset = 0;
  for (const { shape, role } of tensors(model, CLASSES)) {
    const size = sizeOf(shape);
    if (['gamma', 'beta', 'bias'].includes(role))
      for (let i = 0; i < size; i++) parameters[offset + i]! += 0.4 * draw.uniform() - 0.2;
    offset += size;
  }
  const running = statistics(model);
  const values = new Float32Array(totalSize(running)).map(() => 0.5 + draw.uniform());
  return { parameters, momentum: new Float32Array(parameters.length), statistics: values };
}

function named(model: Architecture, state: NodeState): NetworkTensors {
  const own = new Map<string, { name: string; shape: readonly number[]; values: Float32Array }>();
  for (const [specs, flat] of [
    [tensors(model, CLASSES), state.parameters],
    [statistics(model), state.statistics],
  ] as const) {
    let offset = 0;
    for (const { name, shape } of specs)
      own.set(name, { name, shape, values: flat.slice(offset, (offset += sizeOf(shape))) });
  }
  return own;
}

describe('networks that leave the lab', () => {
  const networks = cases.map(([name, side]) => {
    const model = architecture(name, { side });
    const state = stateOf(model);
    const own = named(model, state);
    const at = (end: string): string => join(folder, `${name}-${side}${end}`);
    const images = imagesInRange(BATCH, side);
    writeFileSync(at('.npy'), npyOf(images, side));
    writeFileSync(at('.py'), torchModule(model, CLASSES, ['a "b"', ...'cdefgh']));
    writeFileSync(at('.safetensors'), torchWeights(model, CLASSES, own, {}));
    writeFileSync(at('.onnx'), Buffer.concat(onnxModel(model, CLASSES, own, {})));
    return { title: `${name} at ${side} px`, model, state, images, at };
  });
  const expected: Float32Array[] = [];
  before(async () => {
    const engine = await openEngine({ engine: 'auto' });
    for (const { model, state, images } of networks)
      expected.push(await logitsOf(engine, model, CLASSES, state, images));
    engine.dispose();
  });
  /** Compares what an example wrote with our logits. */
  const compareAll = (end: string): void => {
    for (const [i, { title, at }] of networks.entries())
      assertClose(npyIn(at(end)), expected[i]!, title);
  };

  test('come back with the same bits', async () => {
    for (const { title, model, state, at } of networks) {
      const options = { source: title };
      assert.deepEqual(
        await readTorchNetwork(at('.safetensors'), model, CLASSES, options),
        state,
        title,
      );
    }
  });

  test('give our logits in PyTorch', { skip: withoutPackage('torch') }, () => {
    const files = networks.map(({ at }) =>
      ['.py', '.safetensors', '.npy', '-torch.npy'].map((end) => at(end)),
    );
    assert.match(runExample('pytorch_network', files), /^3 images; classes: \[/);
    compareAll('-torch.npy');
  });

  test('give our logits in onnxruntime', { skip: withoutPackage('onnxruntime') }, () => {
    const files = networks.map(({ at }) => ['.onnx', '.npy', '-onnx.npy'].map((end) => at(end)));
    assert.match(runExample('onnx_network', files), /^3 images; classes: \[/);
    compareAll('-onnx.npy');
  });
});
