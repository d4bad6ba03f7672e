import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LabError } from '../../core/base/errors.ts';
import { GENERATOR, stream } from '../../core/base/random.ts';
import { architecture } from '../../core/models/architecture.ts';
import { initialParameters, initialStatistics } from '../../core/models/initialise.ts';
import {
  type Checkpoint,
  type CheckpointInfo,
  decodeCheckpoint,
  encodeCheckpoint,
  teacherState,
} from '../../core/train/checkpoint.ts';
import {
  decodeSafetensors,
  encodeSafetensors,
  type NamedTensor,
} from '../../core/train/safetensors.ts';
import { assertAllBits } from '../engine/support.ts';

const info: CheckpointInfo = {
  format: 'ktg-checkpoint',
  version: 1,
  nodes: { 1: 'resnet8', 3: 'wrn-10-1' },
  classes: 10,
  data: 'synthetic:0123',
  seed: 5,
  generator: GENERATOR,
  epoch: 2,
  step: 7,
  seconds: 1.25,
  sums: { raw: [0.1, 1 / 3], gated: [1e-9, 0], bothRight: [3, 4], nodeLoss: [2.5] },
  run: '["a","run"]',
};

const state = (name: string, node: number) => {
  const random = stream(1, 'checkpoint', node);
  const model = architecture(name);
  const parameters = initialParameters(model, info.classes, 1, node);
  const momentum = parameters.map(() => random.normal());
  return { parameters, momentum, statistics: initialStatistics(model).map(() => random.uniform()) };
};
const checkpoint: Checkpoint = {
  info,
  states: new Map([
    [1, state('resnet8', 1)],
    [3, state('wrn-10-1', 3)],
  ]),
};
const bytes = encodeCheckpoint(checkpoint);

/** The file with its tensors or description changed. */
function changed(tensors: (all: NamedTensor[]) => NamedTensor[], about: object = {}): Uint8Array {
  const { tensors: all } = decodeSafetensors(bytes, 'x');
  return encodeSafetensors(tensors([...all.values()]), {
    ktg: JSON.stringify({ ...info, ...about }),
  });
}

const refused = (work: () => unknown, code: string, words: RegExp): void => {
  assert.throws(
    work,
    (error) =>
      error instanceof LabError &&
      error.code === code &&
      words.test(error.message) &&
      error.next !== '',
  );
};
const decoding = (file: Uint8Array) => () => decodeCheckpoint(file, 'run/checkpoint.safetensors');

describe('checkpoints', () => {
  test('keep every node bit for bit, the position and the sums', () => {
    const decoded = decodeCheckpoint(bytes, 'x');
    assert.deepEqual(decoded.info, info);
    assert.deepEqual([...decoded.states.keys()], [1, 3]);
    for (const [node, expected] of checkpoint.states)
      assertAllBits(decoded.states.get(node)!, expected, `${node}`);
    assert.deepEqual(encodeCheckpoint(decoded), bytes, 'written again it is the same file');
  });

  test('name their tensors by node, part and layer, in the shapes of the network', () => {
    const { tensors } = decodeSafetensors(bytes, 'x');
    assert.deepEqual(tensors.get('node1/parameters/stem/conv')?.shape, [3, 3, 3, 16]);
    assert.deepEqual(tensors.get('node1/momentum/head/fc/kernel')?.shape, [64, 10]);
    assert.deepEqual(tensors.get('node3/statistics/head/bn/var')?.shape, [64]);
  });

  test('a missing or wrong-shaped tensor is named', () => {
    const name = 'node1/parameters/s1/b1/conv1';
    refused(
      decoding(changed((all) => all.filter((one) => one.name !== name))),
      'checkpoint.wrong-shape',
      /conv1" is missing/,
    );
    const flat = changed((all) =>
      all.map((one) => (one.name === name ? { ...one, shape: [one.values.length] } : one)),
    );
    refused(
      decoding(flat),
      'checkpoint.wrong-shape',
      /conv1" has the shape \[2304\], expected \[3, 3, 16, 16\]/,
    );
    refused(
      decoding(changed((all) => all, { classes: 100 })),
      'checkpoint.wrong-shape',
      /expected \[64, 100\]/,
    );
    refused(
      decoding(changed((all) => all, { nodes: { 1: 'resnet14', 3: 'wrn-10-1' } })),
      'checkpoint.wrong-shape',
      /s1\/b2/,
    );
  });

  test('foreign tensors, newer formats and damage have different errors', () => {
    refused(
      decoding(encodeSafetensors([], {})),
      'checkpoint.foreign',
      /no description of a training run/,
    );
    refused(
      decoding(encodeSafetensors([], { ktg: '{"epoch":' })),
      'checkpoint.foreign',
      /no description/,
    );
    refused(
      decoding(changed((all) => all, { version: 2 })),
      'checkpoint.foreign',
      /newer version .* format 2/,
    );
    refused(
      decoding(changed((all) => all, { seconds: null })),
      'checkpoint.foreign',
      /no description/,
    );
    refused(decoding(bytes.subarray(0, -1000)), 'checkpoint.truncated', /ends after/);
    refused(
      decoding(new TextEncoder().encode('hello, world')),
      'checkpoint.not-safetensors',
      /header/,
    );
  });

  test('a network of unknown architecture is refused', () => {
    assert.throws(decoding(changed((all) => all, { nodes: { 1: 'resnet9' } })), LabError);
  });
});

describe('a teacher', () => {
  const resnet8 = architecture('resnet8');

  test('is the target of a checkpoint, without its momentum', () => {
    const teacher = teacherState(checkpoint, resnet8, 10, 'x');
    const { parameters, statistics } = checkpoint.states.get(1)!;
    assertAllBits(
      teacher,
      { parameters, statistics, momentum: new Float32Array(parameters.length) },
      'teacher',
    );
  });

  test('of another architecture or another number of classes is refused', () => {
    const wanted = (name: string, classes: number) => () =>
      teacherState(checkpoint, architecture(name), classes, 'teacher.safetensors');
    refused(
      wanted('resnet32', 10),
      'checkpoint.wrong-network',
      /holds resnet8 for 10 classes; .* needs resnet32/,
    );
    refused(wanted('resnet8', 100), 'checkpoint.wrong-network', /needs resnet8 for 100 classes/);
    refused(wanted('wrn-10-1', 10), 'checkpoint.wrong-network', /teacher\.safetensors/);
    const headless = {
      ...checkpoint,
      states: new Map([[3, checkpoint.states.get(3)!]]),
      info: { ...info, nodes: { 3: 'wrn-10-1' } },
    };
    refused(
      () => teacherState(headless, resnet8, 10, 'x'),
      'checkpoint.wrong-network',
      /no network/,
    );
  });
});
