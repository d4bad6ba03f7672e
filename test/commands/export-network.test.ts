import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { GENERATOR } from '../../core/base/random.ts';
import { architecture } from '../../core/models/architecture.ts';
import { initialParameters } from '../../core/models/initialise.ts';
import { statistics, totalSize } from '../../core/models/tensors.ts';
import { encodeCheckpoint } from '../../core/train/checkpoint.ts';
import { ktg } from '../e2e/ktg.ts';

const folder = mkdtempSync(join(tmpdir(), 'ktg-export-network-'));
after(() => {
  rmSync(folder, { recursive: true });
});

/** A checkpoint of one untrained network. */
function checkpointFile(): string {
  const [model, classes] = [architecture('resnet8'), 3];
  const parameters = initialParameters(model, classes, 5, 1);
  const info = {
    ...({ format: 'ktg-checkpoint', version: 1, nodes: { '1': 'resnet8' }, classes } as const),
    ...({ data: 'set:0', seed: 1, generator: GENERATOR, epoch: 1, step: 0, seconds: 0 } as const),
    ...{ sums: null, run: '' },
  };
  const state = {
    ...{ parameters, momentum: new Float32Array(parameters.length) },
    statistics: new Float32Array(totalSize(statistics(model))).fill(1),
  };
  const file = join(folder, 'checkpoint.safetensors');
  writeFileSync(file, encodeCheckpoint({ info, states: new Map([[1, state]]) }));
  return file;
}

test('a name for exported networks may have its end already', async () => {
  const checkpoint = checkpointFile();
  const names = async (as: string, out: string): Promise<string[]> => {
    const to = mkdtempSync(join(folder, 'to-'));
    const from = ['export', '--as', as, '--checkpoint', checkpoint];
    const { code, err } = await ktg(join(folder, 'none'), ...from, '--out', join(to, out));
    assert.equal(code, 0, err);
    return readdirSync(to).sort();
  };
  const module = ['net-pytorch.safetensors', 'net.py'];
  assert.deepEqual(await names('onnx', 'net.onnx'), ['net.onnx']);
  assert.deepEqual(await names('onnx', 'net'), ['net.onnx']);
  assert.deepEqual(await names('onnx', 'net.v2'), ['net.v2.onnx']);
  assert.deepEqual(await names('pytorch', 'net.py'), module);
  assert.deepEqual(await names('pytorch', 'net-pytorch.safetensors'), module);
});
