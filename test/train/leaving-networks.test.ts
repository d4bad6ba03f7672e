import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Engine, NodeState } from '../../core/engine/engine.ts';
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

const CLASSES = 7;
const BATCH = 3;
/** Of the largest logit: the limit of test/fixtures/ktg2 for logits in evaluation mode. */
const TOLERANCE = 1e-4;

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

const python = process.env.KTG_PYTHON ?? 'python3';
const examples = fileURLToPath(new URL('../../examples/', import.meta.url));

/** Calls an example once for each list of files, in one process: PyTorch takes seconds to load. */
function run(example: string, calls: readonly (readonly string[])[]): string {
  const program = `import json, sys, ${example}
for files in json.loads(sys.argv[1]): ${example}.main(*files)`;
  const { status, stdout, stderr } = spawnSync(python, ['-c', program, JSON.stringify(calls)], {
    encoding: 'utf8',
    env: { ...process.env, PYTHONPATH: examples, PYTHONDONTWRITEBYTECODE: '1' },
  });
  assert.equal(status, 0, stderr);
  return stdout;
}

/** Why Python cannot import a package; false when it can. */
function without(name: string): string | false {
  const { status } = spawnSync(python, ['-c', `import numpy, ${name}`]);
  return status === 0
    ? false
    : `${python} has no ${name} and numpy: networks that leave are unproved`;
}

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

/** Images in [0, 1], [batch, side, side, 3]. */
const imagesOf = (side: number): Float32Array =>
  new Float32Array(BATCH * side * side * 3).map((_, i) => 0.5 + 0.5 * Math.sin(0.37 * i * i + i));

/** A float32 array as numpy saves it, channels first. */
function npyOf(images: Float32Array, side: number): Buffer {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${BATCH}, 3, ${side}, ${side}), }`;
  const padded = `${header.padEnd(117)}\n`;
  const values = new Float32Array(images.length);
  const plane = side * side;
  for (let i = 0; i < images.length; i++) {
    const [image, pixel, channel] = [Math.floor(i / 3 / plane), Math.floor(i / 3) % plane, i % 3];
    values[(3 * image + channel) * plane + pixel] = images[i]!;
  }
  const length = Buffer.alloc(2);
  length.writeUInt16LE(padded.length);
  return Buffer.concat([
    Buffer.from('\x93NUMPY\x01\x00', 'latin1'),
    length,
    Buffer.from(padded),
    Buffer.from(values.buffer),
  ]);
}

function npyIn(path: string): Float32Array {
  const bytes = readFileSync(path);
  const start = bytes.byteOffset + 10 + bytes.readUInt16LE(8);
  return new Float32Array(bytes.buffer.slice(start, bytes.byteOffset + bytes.length));
}

function close(found: Float32Array, expected: Float32Array, what: string): void {
  assert.equal(found.length, expected.length, what);
  const largest = Math.max(...expected.map(Math.abs));
  const off = Math.max(...expected.map((value, i) => Math.abs(found[i]! - value))) / largest;
  assert.ok(off < TOLERANCE, `${what}: off by ${off}`);
}

async function ourLogits(
  engine: Engine,
  model: Architecture,
  state: NodeState,
  images: Float32Array,
) {
  const step = await engine.compile({ architectures: [model], classes: CLASSES, batch: BATCH });
  step.write(0, state);
  const logits = step.logits({ images, labels: new Int32Array(BATCH) });
  step.dispose();
  return logits;
}

describe('networks that leave the lab', () => {
  const networks = cases.map(([name, side]) => {
    const model = architecture(name, { side });
    const state = stateOf(model);
    const own = named(model, state);
    const at = (end: string): string => join(folder, `${name}-${side}${end}`);
    const images = imagesOf(side);
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
      expected.push(await ourLogits(engine, model, state, images));
    engine.dispose();
  });
  /** Compares what an example wrote with our logits. */
  const compareAll = (end: string): void => {
    for (const [i, { title, at }] of networks.entries()) close(npyIn(at(end)), expected[i]!, title);
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

  test('give our logits in PyTorch', { skip: without('torch') }, () => {
    const files = networks.map(({ at }) =>
      ['.py', '.safetensors', '.npy', '-torch.npy'].map((end) => at(end)),
    );
    assert.match(run('pytorch_network', files), /^3 images; classes: \[/);
    compareAll('-torch.npy');
  });

  test('give our logits in onnxruntime', { skip: without('onnxruntime') }, () => {
    const files = networks.map(({ at }) => ['.onnx', '.npy', '-onnx.npy'].map((end) => at(end)));
    assert.match(run('onnx_network', files), /^3 images; classes: \[/);
    compareAll('-onnx.npy');
  });
});
