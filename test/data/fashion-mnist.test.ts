import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { openDataset } from '../../core/data/resolve.ts';
import { fashionMnist } from '../../core/data/sets/fashion-mnist.ts';
import { tarOf, temporaryFolder } from './support.ts';

/** An idx file as the format's definition says: big-endian numbers, then bytes. */
function idx(magic: number, shape: number[], content: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  [magic, ...shape].forEach((value, i) => header.writeUInt32BE(value, 4 * i));
  return Buffer.concat([header, content]);
}

const pixel = (image: number, row: number, column: number): number =>
  (image * 50 + row * 28 + column) % 256;
const pictures = (count: number): Buffer =>
  idx(
    0x0803,
    [count, 28, 28],
    Uint8Array.from({ length: count * 784 }, (_, at) =>
      pixel(Math.floor(at / 784), Math.floor(at / 28) % 28, at % 28),
    ),
  );
const labels = (...values: number[]): Buffer => idx(0x0801, [values.length], Buffer.from(values));

const FILES = {
  'train-images-idx3-ubyte': pictures(3),
  'train-labels-idx1-ubyte': labels(9, 0, 4),
  't10k-images-idx3-ubyte': pictures(2),
  't10k-labels-idx1-ubyte': labels(1, 7),
};

async function folderOf(t: TestContext, files: Record<string, Uint8Array>): Promise<string> {
  const folder = await temporaryFolder(t);
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
  return folder;
}

const packed = (files: Record<string, Uint8Array>): Record<string, Uint8Array> =>
  Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`${name}.gz`, gzipSync(bytes)]));

describe('Fashion-MNIST', () => {
  test('28 x 28 grey pixels lie in the middle of 32 x 32 equal channels', async (t) => {
    const dataset = await openDataset(await folderOf(t, packed(FILES)));
    assert.deepEqual(
      [dataset.name, dataset.side, dataset.classes, dataset.trainCount, dataset.testCount],
      ['fashion-mnist', 32, 10, 3, 2],
    );
    assert.deepEqual([...dataset.labels], [9, 0, 4, 1, 7]);
    assert.equal(dataset.classNames?.[9], 'Ankle boot');
    const expected = [0, 1, 2, 0, 1].flatMap((image) =>
      Array.from({ length: 32 * 32 }, (_, at) => {
        const [row, column] = [Math.floor(at / 32) - 2, (at % 32) - 2];
        const isInside = row >= 0 && row < 28 && column >= 0 && column < 28;
        return new Array<number>(3).fill(isInside ? pixel(image, row, column) : 0);
      }).flat(),
    );
    assert.deepEqual([...dataset.images], expected);
  });

  test('is the same from unpacked files and from an archive', async (t) => {
    const { identity } = await openDataset(await folderOf(t, packed(FILES)));
    assert.match(identity, /^fashion-mnist:[0-9a-f]{24}$/);
    assert.equal((await openDataset(await folderOf(t, FILES))).identity, identity);
    const entries = Object.entries(packed(FILES)).map(([path, bytes]) => ({ path, bytes }));
    const folder = await folderOf(t, { 'set.tar': tarOf(...entries) });
    assert.equal((await openDataset(join(folder, 'set.tar'))).identity, identity);
  });

  test('under its name, a part in the data folder is not taken for the whole', async (t) => {
    const folder = await temporaryFolder(t);
    const asked = { folder, download: false };
    await assert.rejects(openDataset('fashion-mnist', asked), { code: 'data.not-downloaded' });
    const own = join(folder, 'fashion-mnist');
    await mkdir(own);
    for (const [name, bytes] of Object.entries(packed(FILES)))
      await writeFile(join(own, name), bytes);
    await assert.rejects(openDataset('fashion-mnist', asked), {
      code: 'data.incomplete',
      message: /holds 3 \+ 2 images of Fashion-MNIST, expected 60000 \+ 10000/,
    });
  });

  test('MNIST, whose files have the same names and sizes, is refused', async (t) => {
    for (const first of [
      [5, 0, 4, 1, 9, 2, 1, 3, 1, 4, 3],
      [7, 2, 1, 0, 4, 1, 4, 9, 5, 9, 0],
    ]) {
      const files = {
        ...FILES,
        'train-labels-idx1-ubyte': labels(...first),
        'train-images-idx3-ubyte': idx(0x0803, [11, 28, 28], new Uint8Array(11 * 784)),
      };
      await assert.rejects(openDataset(await folderOf(t, files)), { code: 'data.is-mnist' });
    }
  });

  const wrong: [string, string, RegExp, Record<string, Uint8Array>][] = [
    [
      'a label of no class',
      'data.label-out-of-range',
      /item 2 of 3 has label 10/,
      {
        'train-labels-idx1-ubyte': labels(1, 10, 2),
      },
    ],
    [
      'fewer labels than images',
      'data.wrong-size',
      /2 labels, expected 3/,
      {
        'train-labels-idx1-ubyte': labels(1, 2),
      },
    ],
    [
      'images of another size',
      'data.wrong-size',
      /header 2051, 2, 14, 56/,
      {
        't10k-images-idx3-ubyte': idx(0x0803, [2, 14, 56], new Uint8Array(2 * 784)),
      },
    ],
    [
      'a file that is cut off',
      'data.wrong-size',
      /1000 bytes, expected 1584/,
      {
        't10k-images-idx3-ubyte': pictures(2).subarray(0, 1000),
      },
    ],
    [
      'less than a header',
      'data.wrong-size',
      /header NaN/,
      {
        't10k-labels-idx1-ubyte': Buffer.of(0, 0, 8),
      },
    ],
    [
      'a number of items beyond the file',
      'data.wrong-size',
      /expected 4294967303/,
      {
        't10k-labels-idx1-ubyte': idx(0x0801, [2 ** 32 - 1], Buffer.of(1, 2)),
      },
    ],
    [
      'no items',
      'data.wrong-size',
      /16 bytes, expected 16 for 0 items/,
      {
        't10k-images-idx3-ubyte': pictures(0),
      },
    ],
  ];
  for (const [what, code, message, files] of wrong)
    test(`${what}: refused by name`, async (t) => {
      const folder = await folderOf(t, packed({ ...FILES, ...files }));
      await assert.rejects(openDataset(folder), { code, message, next: /.+/ });
    });

  test('damaged, cut or endless gzip files are refused by name', async (t) => {
    const good = packed(FILES);
    const name = 'train-labels-idx1-ubyte.gz';
    for (const [bytes, code] of [
      [Buffer.from('no gzip'), 'data.damaged'],
      [good[name]!.subarray(0, 12), 'data.truncated'],
      [gzipSync(Buffer.alloc(10 ** 6)), 'data.too-large'],
    ] as const)
      await assert.rejects(openDataset(await folderOf(t, { ...good, [name]: bytes })), {
        code,
        message: new RegExp(name),
      });
  });

  test('a missing file is named', async (t) => {
    const folder = await folderOf(t, {
      'train-images-idx3-ubyte.gz': gzipSync(pictures(1)),
    });
    await assert.rejects(openDataset(folder), {
      code: 'data.missing-file',
      message: /train-labels-idx1-ubyte.gz is missing/,
    });
    assert.equal(fashionMnist.files.length, 4);
  });
});
