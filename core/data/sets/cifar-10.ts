import { cifarSource } from './cifar.ts';

/**
 * CIFAR-10 (Krizhevsky 2009).
 * Source of layout and MD5: https://www.cs.toronto.edu/~kriz/cifar.html, "Binary version". Size and
 * SHA-256: see cifar.ts.
 */
export const cifar10 = cifarSource({
  name: 'cifar10',
  title: 'CIFAR-10',
  labelBytes: [{ title: 'label', values: 10 }],
  train: [1, 2, 3, 4, 5].map((part) => `data_batch_${part}.bin`),
  test: ['test_batch.bin'],
  namesFile: 'batches.meta.txt',
  classNames: 'airplane automobile bird cat deer dog frog horse ship truck'.split(' '),
  archive: {
    file: 'cifar-10-binary.tar.gz',
    bytes: 170_052_171,
    md5: 'c32a1d4ab5d03f1284b67883e8d87530',
    sha256: 'c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd',
  },
});
