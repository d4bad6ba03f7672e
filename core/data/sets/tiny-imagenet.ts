import type { OfficialSource } from '../source.ts';

/** From the files: `words.txt` names them when the set is read. */
const CLASSES = 200;

/**
 * Tiny-ImageNet-200 (Stanford CS231n 2015): JPEG files of 64 x 64 pixels. Its 10,000 validation
 * images are the test set, as in the literature: the published test images have no labels.
 * Source of address and MD5: the reader of Avalanche (avalanche-lib); size and SHA-256: checksums
 * published by three projects that do not copy each other.
 */
export const tinyImageNet: OfficialSource = {
  kind: 'official',
  name: 'tiny-imagenet-200',
  title: 'Tiny-ImageNet-200',
  size: { trainCount: 100_000, testCount: 10_000, classes: CLASSES, side: 64 },
  classNames: [],
  files: [
    {
      name: 'tiny-imagenet-200',
      site: 'http://cs231n.stanford.edu/',
      file: 'tiny-imagenet-200.zip',
      bytes: 248_100_043,
      md5: '90528d7ca1a48142e341f4ef8d21d0de',
      sha256: '6198c8ae015e2b3e007c7841da39ec069199b9aa3bfa943a462022fe5e43c821',
    },
  ],
  format: null,
};
