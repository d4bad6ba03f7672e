/** Networks that leave the lab, run by the examples in Python beside our own logits. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Engine, NodeState } from '../../core/engine/engine.ts';
import type { Architecture } from '../../core/models/layers.ts';

/** Of the largest logit: the limit of test/fixtures/ktg2 for logits in evaluation mode. */
const TOLERANCE = 1e-4;

const python = process.env.KTG_PYTHON ?? 'python3';
const examples = fileURLToPath(new URL('../../examples/', import.meta.url));

/**
 * Calls an example once for each list of files, in one process: PyTorch takes seconds to load.
 *
 * @returns what it prints
 */
export function runExample(
  example: 'pytorch_network' | 'onnx_network',
  calls: readonly (readonly string[])[],
): string {
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
export function withoutPackage(name: 'torch' | 'onnxruntime'): string | false {
  const { status } = spawnSync(python, ['-c', `import numpy, ${name}`]);
  return status === 0
    ? false
    : `NOT TESTED: ${python} has no ${name} and numpy (pip install ${name} numpy), so networks that leave are unproved there.`;
}

/** `count` images in [0, 1], [count, side, side, 3]. */
export const imagesInRange = (count: number, side: number): Float32Array =>
  new Float32Array(count * side * side * 3).map((_, i) => 0.5 + 0.5 * Math.sin(0.37 * i * i + i));

/** Images as numpy saves an array, channels first. */
export function npyOf(images: Float32Array, side: number): Buffer {
  const plane = side * side;
  const count = images.length / 3 / plane;
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${count}, 3, ${side}, ${side}), }`;
  const padded = `${header.padEnd(117)}\n`;
  const values = new Float32Array(images.length);
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

/** The numbers of a float32 array that numpy saved. */
export function npyIn(path: string): Float32Array {
  const bytes = readFileSync(path);
  const start = bytes.byteOffset + 10 + bytes.readUInt16LE(8);
  return new Float32Array(bytes.buffer.slice(start, bytes.byteOffset + bytes.length));
}

/** Fails when logits differ by more than the limit. */
export function assertClose(found: Float32Array, expected: Float32Array, what: string): void {
  assert.equal(found.length, expected.length, what);
  const largest = Math.max(...expected.map(Math.abs));
  const off = Math.max(...expected.map((value, i) => Math.abs(found[i]! - value))) / largest;
  assert.ok(off < TOLERANCE, `${what}: off by ${off}`);
}

/** Our logits in evaluation mode, [images, classes]. */
export async function logitsOf(
  engine: Engine,
  model: Architecture,
  classes: number,
  state: NodeState,
  images: Float32Array,
): Promise<Float32Array> {
  const batch = images.length / 3 / model.side ** 2;
  const step = await engine.compile({ architectures: [model], classes, batch });
  step.write(0, state);
  const logits = step.logits({ images, labels: new Int32Array(batch) });
  step.dispose();
  return logits;
}
