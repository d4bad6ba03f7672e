import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { describe, test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { openDataset } from '../../core/data/resolve.ts';
import { records, tarOf, temporaryFolder } from './support.ts';

/** 5 training and 2 test images of each class of the real CIFAR-100, in the official layout. */
const REAL = join(import.meta.dirname, '../fixtures/data/cifar-100-part.tar.gz');

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

const cifar100 = (record: number) => [record % 20, (record * 3) % 100];
const train = records(7, cifar100);
const testImages = records(3, cifar100);

/** Writes files and gives the folder. */
async function folderOf(
  t: TestContext,
  files: Record<string, Uint8Array | string>,
): Promise<string> {
  const folder = await temporaryFolder(t);
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), bytes);
  }
  return folder;
}

/** Writes one file and gives its path. */
const fileOf = async (t: TestContext, name: string, bytes: Uint8Array | string): Promise<string> =>
  join(await folderOf(t, { [name]: bytes }), name);

describe('real CIFAR-100', () => {
  test('pixels and labels equal what numpy reads from the same archive', async () => {
    const dataset = await openDataset(REAL);
    assert.deepEqual([dataset.name, dataset.classes], ['cifar100', 100]);
    assert.deepEqual([dataset.trainCount, dataset.testCount], [500, 200]);
    // numpy: frombuffer(train + test).reshape(-1, 3074); [:, 2:].reshape(-1, 3, 32,
    // 32).transpose(0, 2, 3, 1)
    assert.equal(
      sha256(dataset.images),
      '9f86e9b8e7ed9f844e6eb28f07d4f20a87cce412fadae408d83f2f9ddeaef5b4',
    );
    assert.equal(
      sha256(Uint8Array.from(dataset.labels)),
      '28df67b7ca8145b95bdb8b491de5c127f89e25301ba543e541ae61fd1e5d07d6',
    );
    const pixel = ((123 * 32 + 5) * 32 + 9) * 3;
    assert.deepEqual([...dataset.images.subarray(pixel, pixel + 3)], [139, 138, 134]);
    assert.equal(dataset.classNames?.[dataset.labels[123]!], 'rocket');
    assert.equal(dataset.identity, 'cifar100:7c6caef403010a917df4e03b');
    assert.equal(dataset.source, REAL);
  });

  test('is the same from a plain .tar, from a folder, and from a folder in a folder', async (t) => {
    const { identity } = await openDataset(REAL);
    const plain = gunzipSync(await readFile(REAL));
    assert.equal((await openDataset(await fileOf(t, 'part.tar', plain))).identity, identity);

    const trainBytes = 500 * 3074; // the first member, after its 512 byte header and before padding
    const testStart = 512 + Math.ceil(trainBytes / 512) * 512 + 512;
    const folder = await folderOf(t, {
      'inner/train.bin': plain.subarray(512, 512 + trainBytes),
      'inner/test.bin': plain.subarray(testStart, testStart + 200 * 3074),
      'notes.txt': 'anything else is left alone',
    });
    assert.equal((await openDataset(folder)).identity, identity);
    assert.equal((await openDataset(join(folder, 'inner'))).identity, identity);
    // Without the list in the archive the official names stand in.
    const { classNames } = await openDataset(REAL);
    assert.deepEqual((await openDataset(join(folder, 'inner'))).classNames, classNames);
  });

  test('nothing is written beside the archive', async (t) => {
    const path = await fileOf(t, 'part.tar.gz', await readFile(REAL));
    await openDataset(path);
    assert.deepEqual(await readdir(join(path, '..')), ['part.tar.gz']);
  });

  test('progress ends with the whole archive', async () => {
    const seen: { done: number; total: number }[] = [];
    await openDataset(REAL, { onProgress: (p) => p.phase === 'read' && seen.push(p) });
    const { length } = await readFile(REAL);
    assert.deepEqual(seen.at(-1), { phase: 'read', done: length, total: length });
  });

  test('can be stopped', async () => {
    await assert.rejects(
      openDataset(REAL, { signal: AbortSignal.abort(new Error('enough')) }),
      /enough/,
    );
  });
});

test('CIFAR-10: five training files in order, one label byte, class names', async (t) => {
  const part = (first: number, count: number) => records(count, (record) => [first + record]);
  const names = [
    'airplane',
    'automobile',
    'bird',
    'cat',
    'deer',
    'dog',
    'frog',
    'horse',
    'ship',
    'truck',
  ];
  const path = await fileOf(
    t,
    'ten.tar.gz',
    gzipSync(
      tarOf(
        { path: 'cifar-10-batches-bin/', type: 'Directory' },
        { path: 'cifar-10-batches-bin/data_batch_5.bin', bytes: part(8, 2) },
        { path: 'cifar-10-batches-bin/data_batch_1.bin', bytes: part(0, 2) },
        { path: 'cifar-10-batches-bin/data_batch_3.bin', bytes: part(4, 2) },
        { path: 'cifar-10-batches-bin/data_batch_2.bin', bytes: part(2, 2) },
        { path: 'cifar-10-batches-bin/test_batch.bin', bytes: part(3, 3) },
        { path: 'cifar-10-batches-bin/data_batch_4.bin', bytes: part(6, 2) },
        {
          path: 'cifar-10-batches-bin/batches.meta.txt',
          bytes: Buffer.from(`${names.join('\n')}\n\n`),
        },
        { path: 'cifar-10-batches-bin/readme.html', bytes: Buffer.from('<html>') },
      ),
    ),
  );
  const dataset = await openDataset(path);
  assert.deepEqual([dataset.name, dataset.classes], ['cifar10', 10]);
  assert.deepEqual([...dataset.labels], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 3, 4, 5]);
  assert.deepEqual([dataset.trainCount, dataset.testCount], [10, 3]);
  assert.deepEqual(dataset.classNames, names);
  // Image 1 is record 1: planes hold (31 + place * 7) % 256, so pixel 10 is places 10, 1034, 2058.
  assert.deepEqual(
    [...dataset.images.subarray(3072 + 30, 3072 + 33)],
    [10, 1034, 2058].map((place) => (31 + place * 7) % 256),
  );
});

describe('the fine label counts', () => {
  test('and the coarse one does not', async (t) => {
    const dataset = await openDataset(
      await folderOf(t, { 'train.bin': train, 'test.bin': testImages }),
    );
    assert.deepEqual([...dataset.labels], [0, 3, 6, 9, 12, 15, 18, 0, 3, 6]);
  });
});

describe('broken folders', () => {
  /** Files of a folder, what must be said about it, and what the sentence must name. */
  const cases: [string, Record<string, Uint8Array | string>, string, RegExp][] = [
    [
      'a truncated file',
      { 'train.bin': train.subarray(0, -100), 'test.bin': testImages },
      'data.wrong-size',
      /train\.bin holds 21418 bytes: 6 records and 2974 bytes more, expected .* records of 3074 bytes/,
    ],
    [
      'an empty file',
      { 'train.bin': '', 'test.bin': testImages },
      'data.wrong-size',
      /train\.bin holds 0 bytes/,
    ],
    [
      'a file of the other layout',
      { 'train.bin': records(3, () => [1]), 'test.bin': testImages },
      'data.wrong-size',
      /train\.bin holds 9219 bytes/,
    ],
    [
      'a fine label out of range',
      { 'train.bin': train, 'test.bin': records(3, (i) => [0, 98 + i]) },
      'data.label-out-of-range',
      /test\.bin: record 3 of 3 has fine label 100, expected 0 to 99/,
    ],
    [
      'a coarse label out of range',
      { 'train.bin': records(1, () => [20, 5]), 'test.bin': testImages },
      'data.label-out-of-range',
      /train\.bin: record 1 of 1 has coarse label 20, expected 0 to 19/,
    ],
    ['no test images', { 'train.bin': train }, 'data.missing-file', /test\.bin is missing/],
    [
      'no training images',
      { 'test.bin': testImages },
      'data.missing-file',
      /train\.bin is missing/,
    ],
    [
      'a missing batch of CIFAR-10',
      { 'data_batch_1.bin': records(1, () => [1]), 'test_batch.bin': records(1, () => [1]) },
      'data.missing-file',
      /data_batch_2\.bin is missing/,
    ],
    [
      'no image files',
      { 'train.csv': '1,2,3' },
      'data.no-images',
      /holds no image files, expected train\.bin/,
    ],
    [
      'both sets at once',
      { 'a/train.bin': train, 'a/test.bin': testImages, 'b/test_batch.bin': testImages },
      'data.ambiguous',
      /CIFAR-100 and CIFAR-10/,
    ],
    [
      'the same file twice',
      { 'a/train.bin': train, 'b/train.bin': train, 'b/test.bin': testImages },
      'data.ambiguous',
      /twice: a\/train\.bin and b\/train\.bin/,
    ],
  ];
  for (const [what, files, code, message] of cases)
    test(what, async (t) => {
      const folder = await folderOf(t, files);
      await assert.rejects(openDataset(folder), { name: 'LabError', code, message, next: /.+/ });
    });
});

describe('broken archives', () => {
  const good = tarOf(
    { path: 'c/train.bin', bytes: train },
    { path: 'c/test.bin', bytes: testImages },
  );
  const bomb = Buffer.alloc(60e6);
  const cases: [string, () => Uint8Array | string, string, RegExp][] = [
    ['text', () => 'this is no archive\n'.repeat(100), 'data.not-an-archive', /is not an archive/],
    ['a few bytes', () => 'hi', 'data.not-an-archive', /is not an archive/],
    ['nothing at all', () => '', 'data.not-an-archive', /is not an archive/],
    ['no codes of the reader', () => 'hi', 'data.not-an-archive', /read \([^_]+\), expected/],
    [
      'gzip of something else',
      () => gzipSync('text '.repeat(500)),
      'data.not-an-archive',
      /is not an archive/,
    ],
    ['a .bin file by itself', () => train, 'data.not-an-archive', /is not an archive/],
    ['a truncated tar', () => good.subarray(0, 9000), 'data.truncated', /ends too early/],
    [
      'a truncated gzip',
      () => gzipSync(good).subarray(0, -200),
      'data.truncated',
      /ends too early/,
    ],
    [
      'a damaged gzip',
      () => {
        const bytes = gzipSync(good);
        bytes.writeUInt32LE(0, bytes.length - 8); // the checksum of the content
        return bytes;
      },
      'data.damaged',
      /is damaged/,
    ],
    [
      'a damaged header in the middle',
      () => {
        const bytes = Buffer.from(good);
        bytes[512 + Math.ceil(train.length / 512) * 512] = 0xff;
        return bytes;
      },
      'data.damaged',
      /checksum/,
    ],
    [
      'a path that climbs out',
      () =>
        tarOf({ path: '../../train.bin', bytes: train }, { path: 'test.bin', bytes: testImages }),
      'data.unsafe-archive',
      /"\.\.\/\.\.\/train\.bin" points outside/,
    ],
    [
      'a path that climbs out, of a file that is not asked for',
      () =>
        tarOf(
          { path: 'a/../../evil.txt', bytes: Buffer.from('x') },
          { path: 'train.bin', bytes: train },
        ),
      'data.unsafe-archive',
      /evil\.txt/,
    ],
    [
      'an absolute path',
      () => tarOf({ path: '/etc/train.bin', bytes: train }),
      'data.unsafe-archive',
      /"\/etc\/train\.bin" points outside/,
    ],
    [
      'a symbolic link',
      () =>
        tarOf(
          { path: 'train.bin', type: 'SymbolicLink', linkpath: '/etc/passwd' },
          { path: 'test.bin', bytes: testImages },
        ),
      'data.unsafe-archive',
      /"train\.bin" is of type SymbolicLink, expected a plain file/,
    ],
    [
      'a hard link',
      () => tarOf({ path: 'test.bin', type: 'Link', linkpath: 'train.bin' }),
      'data.unsafe-archive',
      /type Link/,
    ],
    [
      'a file larger than the official one',
      () => tarOf({ path: 'train.bin', size: 200e6 }),
      'data.too-large',
      /train\.bin holds 200000000 bytes, expected at most 153700000/,
    ],
    [
      'more than a data set can hold',
      () => gzipSync(tarOf({ path: 'big', size: 2 ** 31, bytes: bomb })),
      'data.too-large',
      /expected at most 1073741824/,
    ],
    [
      'a gigabyte of zeros after its end',
      () => {
        const zeros = gzipSync(new Uint8Array(2 ** 25));
        return Buffer.concat([gzipSync(good), ...Array<Buffer>(33).fill(zeros)]);
      },
      'data.too-large',
      /expected at most 1073741824/,
    ],
    ['gzip in gzip', () => gzipSync(gzipSync(good)), 'data.not-an-archive', /compressed twice/],
    [
      'more images than the largest set',
      () => gzipSync(tarOf({ path: 'test.bin', bytes: bomb }, { path: 'train.bin', size: 150e6 })),
      'data.too-large',
      /holds 210000000 bytes, expected at most 184505536/,
    ],
    [
      'class names without end',
      () => tarOf({ path: 'fine_label_names.txt', bytes: Buffer.alloc(2 ** 16 + 1, '\n') }),
      'data.too-large',
      /fine_label_names\.txt holds 65537 bytes, expected at most 65536/,
    ],
    [
      'the same file twice',
      () => tarOf({ path: 'a/train.bin', bytes: train }, { path: 'b/train.bin', bytes: train }),
      'data.ambiguous',
      /a\/train\.bin and .*b\/train\.bin/,
    ],
    [
      'no test images',
      () => tarOf({ path: 'train.bin', bytes: train }),
      'data.missing-file',
      /test\.bin/,
    ],
    [
      'other files only',
      () => tarOf({ path: 'x.txt', bytes: train }),
      'data.no-images',
      /no image files/,
    ],
    [
      'a cut-off file inside',
      () =>
        tarOf(
          { path: 'train.bin', bytes: train.subarray(1) },
          { path: 'test.bin', bytes: testImages },
        ),
      'data.wrong-size',
      /: train\.bin holds 21517 bytes/,
    ],
  ];
  for (const [what, bytes, code, message] of cases)
    test(what, async (t) => {
      const path = await fileOf(t, 'archive', bytes());
      await assert.rejects(openDataset(path), { name: 'LabError', code, message, next: /.+/ });
    });

  test('files and links that are not asked for are left alone', async (t) => {
    const bytes = Buffer.concat([
      tarOf(
        { path: 'c/latest', type: 'SymbolicLink', linkpath: '/tmp' },
        { path: 'c/._train.bin', bytes: Buffer.from('x') },
      ).subarray(0, -1024),
      good,
    ]);
    assert.equal((await openDataset(await fileOf(t, 'archive', bytes))).trainCount, 7);
  });

  test('a path with nothing there', async (t) => {
    const path = join(await temporaryFolder(t), 'nowhere.tar.gz');
    await assert.rejects(openDataset(path), {
      code: 'data.not-found',
      message: `There is no file or folder ${path}.`,
    });
  });

  test('a file that is in the way of a folder', async (t) => {
    const path = await fileOf(t, 'file', 'x');
    await assert.rejects(openDataset(join(path, 'inner')), { code: 'data.unreadable' });
  });
});
