import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { EPSILON } from '../../core/engine/ops.ts';
import {
  asCheckpoint,
  infoOf,
  readHeader,
  weightsOfNode,
  weightsWith,
} from '../../core/train/weights.ts';
import { architecture } from '../../core/models/architecture.ts';
import { statistics, tensors } from '../../core/models/tensors.ts';
import { decodeCheckpoint, encodeCheckpoint } from '../../core/train/checkpoint.ts';
import { decodeSafetensors, fileSize, type Header } from '../../core/train/safetensors.ts';
import { CLASSES, networks } from '../contract/samples.ts';

const checkpoint = networks({ 1: 'resnet8', 3: 'wrn-10-1' });
const made = { seed: 5, training: { protocol: 'held-out' } };

/** In portions that cut everywhere, also through the header. */
async function* portions(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 10_007)
    yield Promise.resolve(bytes.subarray(at, at + 10_007));
}
const whole = async (chunks: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
};

const headerOf = async (bytes: Uint8Array): Promise<Header> => readHeader(portions(bytes));

describe('weights that leave the lab', () => {
  test('say where they come from, and are otherwise the same checkpoint', async () => {
    const bytes = await whole(weightsWith(made, portions(encodeCheckpoint(checkpoint))));
    assert.deepEqual(decodeCheckpoint(bytes, 'x'), checkpoint);
    assert.deepEqual(JSON.parse(decodeSafetensors(bytes, 'x').metadata.made!), made);
  });

  test('say their conventions to other programs, also those of an older version', async () => {
    const { metadata: own } = decodeSafetensors(encodeCheckpoint(checkpoint), 'x');
    const { __metadata__: kept, ...tensors } = (await headerOf(encodeCheckpoint(checkpoint))).json;
    const older = Buffer.from(JSON.stringify({ __metadata__: { ktg: own.ktg }, ...tensors }));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(older.length));
    const header = Buffer.concat([length, older]);
    for (const bytes of [
      encodeCheckpoint(checkpoint),
      await whole(weightsWith(made, portions(header))),
      await whole(weightsOfNode(made, portions(header), 3)),
    ]) {
      const { conventions } = (await headerOf(bytes)).json.__metadata__ as Record<string, string>;
      const said = JSON.parse(conventions!) as Record<string, unknown>;
      assert.match(String(said.convolutionKernel), /^HWIO/);
      assert.equal(said.denseKernel, '[inputs, outputs]');
      assert.equal(said.batchNormEpsilon, EPSILON);
      assert.match(String(said.input), /^NHWC.*RGB, pixel value \/ 255/);
    }
    assert.equal((kept as Record<string, string>).conventions, own.conventions);
    const shape = (name: string): unknown =>
      (tensors[`node1/parameters/${name}`] as { shape: unknown }).shape;
    assert.deepEqual(shape('stem/conv'), [3, 3, 3, 16]);
    assert.deepEqual(shape('head/fc/kernel'), [64, CLASSES]);
  });

  test('of one network have its own names, and come back as the checkpoint of a network of its own', async () => {
    const bytes = await whole(weightsOfNode(made, portions(encodeCheckpoint(checkpoint)), 3));
    const { tensors: found, metadata } = decodeSafetensors(bytes, 'x');
    const model = architecture('wrn-10-1');
    assert.deepEqual(
      [...found.keys()].sort(),
      [...tensors(model, CLASSES), ...statistics(model)].map(({ name }) => name).sort(),
    );
    assert.deepEqual(JSON.parse(metadata.made!), made);
    const back = await whole(asCheckpoint(portions(bytes)));
    const header = await headerOf(back);
    assert.equal(fileSize(header), back.length);
    assert.deepEqual(infoOf(header.json).nodes, { '1': 'wrn-10-1' });
    const { info, states } = decodeCheckpoint(back, 'x');
    const { parameters, statistics: running } = checkpoint.states.get(3)!;
    assert.equal(info.epoch, 8);
    assert.deepEqual(states.get(1), {
      parameters,
      momentum: new Float32Array(parameters.length),
      statistics: running,
    });
  });

  test('a whole checkpoint comes in as it is', async () => {
    const bytes = encodeCheckpoint(checkpoint);
    assert.deepEqual(decodeCheckpoint(await whole(asCheckpoint(portions(bytes))), 'x'), checkpoint);
  });

  test('a node that was not trained has none', async () => {
    await assert.rejects(whole(weightsOfNode(made, portions(encodeCheckpoint(checkpoint)), 2)), {
      code: 'runs.no-such-node',
    });
  });

  test('have the same bytes in every version', async () => {
    const bytes = encodeCheckpoint(checkpoint);
    const node = await whole(weightsOfNode(made, portions(bytes), 3));
    const files = [
      bytes,
      await whole(weightsWith(made, portions(bytes))),
      node,
      await whole(asCheckpoint(portions(node))),
    ];
    const sums = files.map((file) => createHash('sha256').update(file).digest('hex').slice(0, 16));
    // A change of the conventions (models/conventions.ts) or of the sample changes all of them.
    assert.deepEqual(sums, [
      'e0e1a049961ee219',
      '609786b4b657dda8',
      '2f6e46e65cdfdccf',
      '3fc5e489222229c9',
    ]);
  });

  test('without a usable header are refused, wherever the file ends', async () => {
    const code = { code: 'runs.not-weights' };
    const long = Buffer.alloc(8);
    long.writeBigUInt64LE(BigInt((16 << 20) + 1));
    const files = [new Uint8Array(0), new Uint8Array(7), long, Buffer.from('\u0001'.padEnd(40))];
    for (const bytes of files) await assert.rejects(headerOf(bytes), code);
    for (const bytes of [long, Buffer.from('\u0001'.padEnd(40))]) {
      await assert.rejects(whole(weightsWith(made, portions(bytes))), code);
      await assert.rejects(whole(asCheckpoint(portions(bytes))), code);
    }
  });

  test('whose tensor has no offsets have no known size', () => {
    assert.ok(Number.isNaN(fileSize({ json: { t: { dtype: 'F32', shape: [1] } }, length: 8 })));
  });
});
