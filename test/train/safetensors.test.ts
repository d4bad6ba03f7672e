import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { LabError } from '../../core/base/errors.ts';
import { sizeOf } from '../../core/models/tensors.ts';
import {
  decodeSafetensors,
  encodeSafetensors,
  type NamedTensor,
} from '../../core/train/safetensors.ts';

const tensor = (name: string, shape: number[], values: number[]): NamedTensor => ({
  name,
  shape,
  values: Float32Array.from(values),
});
const sample = encodeSafetensors(
  [
    tensor('a/b', [2, 3], [1, 2, 3, 4, 5, 6]),
    tensor('empty', [0, 7], []),
    tensor('scalar', [], [-0.5]),
  ],
  { ktg: '{}', note: 'ü' },
);

const arbitraryTensors = fc
  .uniqueArray(
    fc.string({ minLength: 1 }).filter((name) => !name.startsWith('__')),
    { maxLength: 5 },
  )
  .chain((names) =>
    fc.tuple(
      ...names.map((name) =>
        fc
          .array(fc.nat(4), { maxLength: 3 })
          .chain((shape) =>
            fc
              .float32Array({ minLength: sizeOf(shape), maxLength: sizeOf(shape) })
              .map((values): NamedTensor => ({ name, shape, values })),
          ),
      ),
    ),
  );

/** A file with this JSON header (or text) and so many bytes of data. */
function file(header: unknown, data = 0): Uint8Array {
  const json = new TextEncoder().encode(
    typeof header === 'string' ? header : JSON.stringify(header),
  );
  const bytes = new Uint8Array(8 + json.length + data);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

const refused = (bytes: Uint8Array, code: string, words: RegExp): void => {
  assert.throws(
    () => decodeSafetensors(bytes, 'weights.safetensors'),
    (error) =>
      error instanceof LabError &&
      error.code === code &&
      error.message.includes('weights.safetensors') &&
      words.test(error.message),
  );
};

describe('safetensors', () => {
  test('round trip bit for bit with names, shapes and metadata, aligned or not, in a Buffer too', () => {
    fc.assert(
      fc.property(
        arbitraryTensors,
        fc.dictionary(fc.string(), fc.string()),
        fc.nat(9),
        (tensors, metadata, shift) => {
          const bytes = encodeSafetensors(tensors, metadata);
          const moved = Buffer.alloc(bytes.length + shift + 3).subarray(
            shift,
            shift + bytes.length,
          );
          moved.set(bytes);
          for (const form of [bytes, moved, Buffer.from(bytes)]) {
            const decoded = decodeSafetensors(form, 'x');
            assert.deepEqual(decoded.tensors, new Map(tensors.map((one) => [one.name, one])));
            assert.deepEqual({ ...decoded.metadata }, { ...metadata });
          }
        },
      ),
    );
  });

  test('has the layout of the format: length, JSON to a multiple of 8, data without gaps', () => {
    const length = Number(new DataView(sample.buffer).getBigUint64(0, true));
    assert.equal(length % 8, 0);
    assert.equal(sample.length, 8 + length + 28);
    const header = JSON.parse(new TextDecoder().decode(sample.subarray(8, 8 + length))) as unknown;
    assert.deepEqual(header, {
      __metadata__: { ktg: '{}', note: 'ü' },
      'a/b': { dtype: 'F32', shape: [2, 3], data_offsets: [0, 24] },
      empty: { dtype: 'F32', shape: [0, 7], data_offsets: [24, 24] },
      scalar: { dtype: 'F32', shape: [], data_offsets: [24, 28] },
    });
    assert.equal(new DataView(sample.buffer).getFloat32(8 + length + 4, true), 2);
  });

  test('a file that ends early is refused wherever it ends', () => {
    for (let length = 0; length < sample.length; length++) {
      assert.throws(
        () => decodeSafetensors(sample.slice(0, length), 'x'),
        (error) => error instanceof LabError && error.code.startsWith('checkpoint.'),
        `cut after ${length} bytes`,
      );
    }
    refused(
      sample.slice(0, -1),
      'checkpoint.truncated',
      /ends after \d+ bytes; tensor "scalar" needs \d+/,
    );
  });

  const entry = (fields: object): object => ({
    t: { dtype: 'F32', shape: [1], data_offsets: [0, 4], ...fields },
  });
  const broken: [string, Uint8Array, RegExp][] = [
    ['no file at all', new Uint8Array(0), /0 bytes/],
    [
      'a header longer than the file',
      Uint8Array.of(255, 0, 0, 0, 0, 0, 0, 0, 123, 125),
      /longer than the file/,
    ],
    ['a header of absurd length', new Uint8Array(100).fill(255), /longer than the file/],
    ['a header of more than 16 MiB', file(`{${' '.repeat(17 << 20)}}`), /than 16 MiB/],
    ['no JSON', file('no JSON'), /not a JSON object/],
    [
      'bytes that are no text',
      Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xfe),
      /not a JSON object/,
    ],
    ['a list', file([]), /not a JSON object/],
    ['null', file('null'), /not a JSON object/],
    ['a tensor that is a number', file({ t: 5 }), /not a JSON object/],
    ['no shape', file(entry({ shape: undefined }), 4), /no shape or offsets/],
    ['a negative size', file(entry({ shape: [-1] }), 4), /no shape or offsets/],
    ['half an element', file(entry({ shape: [0.5] }), 4), /no shape or offsets/],
    ['no offsets', file(entry({ data_offsets: undefined }), 4), /no shape or offsets/],
    ['three offsets', file(entry({ data_offsets: [0, 2, 4] }), 4), /no shape or offsets/],
    ['offsets backwards', file(entry({ data_offsets: [4, 0] }), 4), /do not fit its shape/],
    ['too few bytes for the shape', file(entry({ shape: [2] }), 8), /do not fit its shape/],
    ['a shape beyond any number', file(entry({ shape: [1e15, 1e15] }), 4), /do not fit its shape/],
    ['another type', file(entry({ dtype: 'BF16' }), 4), /BF16, expected F32/],
  ];
  for (const [what, bytes, words] of broken) {
    test(`refuses ${what}`, () => {
      refused(bytes, 'checkpoint.not-safetensors', words);
    });
  }

  test('any damage is refused with a message or does not affect the format', () => {
    const change = fc.record({ at: fc.nat(sample.length - 1), to: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
        const damaged = sample.slice();
        for (const { at, to } of changes) damaged[at] = to;
        try {
          decodeSafetensors(damaged, 'x');
        } catch (error) {
          assert.ok(
            error instanceof LabError && error.code.startsWith('checkpoint.'),
            String(error),
          );
        }
      }),
      { numRuns: 2000 },
    );
  });
});
