/** Zip archives of images whose directory does not say what is in them. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { crc32, deflateRawSync } from 'node:zlib';
import type { Dataset } from '../../core/data/dataset.ts';
import { openDataset } from '../../core/data/resolve.ts';
import { type ZipEntry, zipOf } from '../train/torch-files.ts';
import { halves, put } from './photographs.ts';
import { temporaryFolder } from './support.ts';

// JPEG has no checksum of its own.
const image = await halves(20, 16, [
  [90, 90, 90],
  [160, 160, 160],
]);
const good = [
  { name: 'train/a/1.jpg', data: image },
  { name: 'train/b/1.jpg', data: image },
];

/** An entry whose content is compressed. */
const deflated = (name: string, content: Uint8Array): ZipEntry & { readonly size: number } => ({
  name,
  data: deflateRawSync(content),
  method: 8,
  crc: crc32(content),
  size: content.length,
});

type Open = (options?: string) => Promise<Dataset>;

/** Opens an archive of good images and some more. */
async function archiveOf(t: TestContext, ...more: readonly ZipEntry[]): Promise<Open> {
  const folder = await temporaryFolder(t);
  put(folder, 'set.zip', zipOf([...good, ...more]));
  return async (options = '') =>
    openDataset(`images:side=32,${options}path=${join(folder, 'set.zip')}`, {
      folder: join(folder, 'home'),
    });
}

const leftOut = ({ leftOut: { files } = { count: 0, files: [] } }: Dataset): string[] =>
  files.map(({ file, why }) => `${file} ${why}`);

describe('an archive of images', () => {
  test('that understates the size of a file leaves it out, however large it is', async (t) => {
    const zeros = { ...deflated('train/a/zeros.jpg', Buffer.alloc(200 << 20)), size: 1000 };
    const open = await archiveOf(t, zeros, { ...zeros, name: 'train/b/zeros.jpg' });
    const why = 'has another size than the 1000 bytes that the archive says';
    for (const _again of [1, 2]) {
      const set = await open();
      assert.equal(set.trainCount + set.testCount, 2);
      assert.deepEqual(leftOut(set), [
        `train/a/zeros.jpg cannot be decoded: its content ${why}`,
        `train/b/zeros.jpg cannot be decoded: its content ${why}`,
      ]);
    }
  });

  test('with one flipped bit in a file leaves it out, or refuses the set', async (t) => {
    const stored = Buffer.from(image);
    stored[stored.length - 20]! ^= 1;
    const open = await archiveOf(
      t,
      { name: 'train/a/stored.jpg', data: stored, crc: crc32(image) },
      { ...deflated('train/a/packed.jpg', stored), crc: crc32(image) },
      deflated('train/a/whole.jpg', image),
    );
    const set = await open();
    assert.equal(set.trainCount + set.testCount, 3);
    const why = 'cannot be decoded: its content has another checksum (CRC-32)';
    assert.deepEqual(leftOut(set), [`train/a/packed.jpg ${why}`, `train/a/stored.jpg ${why}`]);
    await assert.rejects(open('bad=refuse,'), { code: 'data.bad-images', message: /CRC-32/ });
  });

  test('with a damaged, encrypted or overlong file leaves these alone out', async (t) => {
    const packed = deflated('train/a/damaged.jpg', image);
    const damaged = { ...packed, data: Buffer.from(packed.data).fill(0xff, 10, 40) };
    const short = { ...deflated('train/a/short.jpg', image), size: image.length + 1 };
    const locked = { name: 'train/a/locked.jpg', data: image, size: image.length - 12, flags: 1 };
    const set = await (await archiveOf(t, damaged, short, locked))();
    assert.equal(set.trainCount + set.testCount, 2);
    const [first, second, third, fourth] = leftOut(set);
    assert.match(first!, /^train\/a\/damaged\.jpg cannot be decoded: /);
    assert.match(second!, /^train\/a\/locked\.jpg cannot be decoded: it is encrypted/);
    assert.equal(fourth, undefined);
    assert.match(third!, /^train\/a\/short\.jpg cannot be decoded: its content has another size/);
  });
  test('with two files of one name leaves both out', async (t) => {
    const twice = { name: 'train/a/2.jpg', data: image };
    const set = await (await archiveOf(t, twice, twice))();
    assert.deepEqual(leftOut(set), ['train/a/2.jpg is in the archive more than once']);
  });
});
