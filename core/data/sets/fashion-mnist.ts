import { LabError } from '../../base/errors.ts';
import { CHANNELS, type Dataset, identified, imageBytes } from '../dataset.ts';
import { gunzipMember } from '../gzip.ts';
import type { Member } from '../members.ts';
import type { OfficialSource } from '../source.ts';

const TITLE = 'Fashion-MNIST';
const CLASS_NAMES = [
  ...['T-shirt/top', 'Trouser', 'Pullover', 'Dress', 'Coat'],
  ...['Sandal', 'Shirt', 'Sneaker', 'Bag', 'Ankle boot'],
];

/** Pixels on a side, in the files and padded with zeros: the networks halve their images. */
const GREY_SIDE = 28;
const SIDE = 32;
const BORDER = (SIDE - GREY_SIDE) / 2;

/** Images of the whole set. */
const OFFICIAL = { trainCount: 60_000, testCount: 10_000 };

/** An idx file: a magic number and its dimensions as big-endian 32-bit integers, then bytes. */
interface IdxFile {
  readonly name: string;
  /** 0x0800 (bytes) + number of dimensions. */
  readonly magic: number;
  /** Of one item, after the number of items. */
  readonly shape: readonly number[];
  /** In the whole set. */
  readonly items: number;
}

const images = (part: string, items: number): IdxFile => ({
  name: `${part}-images-idx3-ubyte`,
  magic: 0x0803,
  shape: [GREY_SIDE, GREY_SIDE],
  items,
});
const labels = (part: string, items: number): IdxFile => ({
  name: `${part}-labels-idx1-ubyte`,
  magic: 0x0801,
  shape: [],
  items,
});
const part = (name: string, items: number) => ({
  images: images(name, items),
  labels: labels(name, items),
});
const TRAIN = part('train', OFFICIAL.trainCount);
const TEST = part('t10k', OFFICIAL.testCount);
const FILES = [TRAIN.images, TRAIN.labels, TEST.images, TEST.labels];

const EXPECTED = FILES.map(({ name }) => `${name}.gz`).join(', ');

const headerBytes = ({ shape }: IdxFile): number => 4 * (2 + shape.length);
const itemBytes = ({ shape }: IdxFile): number => shape.reduce((bytes, size) => bytes * size, 1);
const largest = (file: IdxFile): number => headerBytes(file) + file.items * itemBytes(file);

const archive = (file: IdxFile, bytes: number, md5: string, sha256: string) => ({
  name: 'fashion-mnist',
  site: 'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/',
  file: `${file.name}.gz`,
  folder: 'fashion-mnist',
  ...{ bytes, md5, sha256 },
});

/**
 * Fashion-MNIST (Xiao et al. 2017): grey images of 28 x 28 pixels, padded to 32 x 32, their one
 * channel repeated as R, G and B.
 * Source of addresses and MD5: README.md of github.com/zalandoresearch/fashion-mnist. Sizes and
 * SHA-256: the checksum lists of TensorFlow Datasets.
 */
export const fashionMnist: OfficialSource = {
  kind: 'official',
  name: 'fashion-mnist',
  title: TITLE,
  size: { ...OFFICIAL, classes: CLASS_NAMES.length, side: SIDE },
  classNames: CLASS_NAMES,
  files: [
    archive(
      TRAIN.images,
      26_421_880,
      '8d4fb7e6c68d591d4c3dfef9ec88bf0d',
      '3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84',
    ),
    archive(
      TRAIN.labels,
      29_515,
      '25c81989df183df01b3e8a0aad5dffbe',
      'a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845',
    ),
    archive(
      TEST.images,
      4_422_102,
      'bef4ecab320f06d8554ea6380940ec79',
      '346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073',
    ),
    archive(
      TEST.labels,
      5_148,
      'bb300cfdad3c16e7a12a480ee83cd310',
      '67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5',
    ),
  ],
  format: {
    files: FILES.flatMap(({ name }) => [name, `${name}.gz`]),
    expected: EXPECTED,
    wanted: {
      maxBytes: new Map(
        FILES.flatMap((file) => [
          [file.name, largest(file)],
          [`${file.name}.gz`, largest(file)],
        ]),
      ),
      maxTotalBytes: FILES.reduce((sum, file) => sum + largest(file), 0),
    },
    advice: `For ${TITLE}, use a folder with its four idx files, packed (.gz) or not.`,
    read: readIdx,
  },
};

function readIdx(path: string, members: ReadonlyMap<string, Member>): Dataset {
  const parts = [TRAIN, TEST].map((part) => {
    const pictures = contentOf(path, part.images, members);
    const classes = contentOf(path, part.labels, members);
    refuseMnist(path, classes);
    if (pictures.items === classes.items) return { pictures, classes };
    throw damaged(classes.where, `${classes.items} labels`, `${pictures.items}, one per image`);
  });
  const counts = parts.map(({ pictures }) => pictures.items);
  const [trainCount, testCount] = counts as [number, number];
  const bytes = imageBytes(SIDE);
  const found = new Uint8Array((trainCount + testCount) * bytes);
  const labels = new Int32Array(trainCount + testCount);
  let image = 0;
  for (const { pictures, classes } of parts)
    for (let item = 0; item < pictures.items; item++, image++) {
      labels[image] = labelOf(classes, item);
      pad(pictures, item, found.subarray(image * bytes, (image + 1) * bytes));
    }
  return identified({
    name: 'fashion-mnist',
    classes: CLASS_NAMES.length,
    classNames: CLASS_NAMES,
    side: SIDE,
    images: found,
    ...{ labels, trainCount, testCount },
    source: path,
  });
}

/** The first labels of MNIST, whose files have the same names, headers and sizes. */
const MNIST = [
  [5, 0, 4, 1, 9, 2, 1, 3, 1, 4],
  [7, 2, 1, 0, 4, 1, 4, 9, 5, 9],
].map(String);

/** @throws LabError `data.is-mnist` */
function refuseMnist(path: string, { bytes }: Content): void {
  if (MNIST.includes(bytes.subarray(0, 10).join())) throw new LabError('data.is-mnist', { path });
}

/** The items of an idx file. */
interface Content {
  readonly where: string;
  readonly items: number;
  /** Without the header. */
  readonly bytes: Uint8Array;
}

/** @throws LabError `data.missing-file`, `data.wrong-size`, and those of unpacking */
function contentOf(path: string, file: IdxFile, members: ReadonlyMap<string, Member>): Content {
  const packed = members.get(`${file.name}.gz`);
  const member = packed ? gunzipMember(packed, largest(file)) : members.get(file.name);
  if (!member)
    throw new LabError('data.missing-file', {
      path,
      name: `${file.name}.gz`,
      files: EXPECTED,
      layout: TITLE,
    });
  const { bytes, where } = member;
  const header = headerBytes(file);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const numbers = Array.from({ length: header / 4 }, (_, i) =>
    bytes.length < header ? NaN : view.getUint32(4 * i),
  );
  const [magic, items = 0, ...shape] = numbers;
  if (magic !== file.magic || shape.join() !== file.shape.join())
    throw damaged(
      where,
      `the header ${numbers.join(', ')}`,
      [file.magic, 'the number of items', ...file.shape].join(', '),
    );
  const size = header + items * itemBytes(file);
  if (items === 0 || bytes.length !== size)
    throw damaged(where, `${bytes.length} bytes`, `${size} for ${items} items`);
  return { where, items, bytes: bytes.subarray(header) };
}

function labelOf({ where, items, bytes }: Content, item: number): number {
  const label = bytes[item]!;
  if (label < CLASS_NAMES.length) return label;
  throw new LabError('data.label-out-of-range/item', {
    where,
    number: item + 1,
    count: items,
    label,
    last: CLASS_NAMES.length - 1,
    title: TITLE,
  });
}

/** Writes item `item` [28, 28] into the middle of `image` [32, 32, 3], which is zero. */
function pad({ bytes }: Content, item: number, image: Uint8Array): void {
  let from = item * GREY_SIDE * GREY_SIDE;
  for (let row = BORDER; row < SIDE - BORDER; row++) {
    const start = (row * SIDE + BORDER) * CHANNELS;
    const end = start + GREY_SIDE * CHANNELS;
    for (let to = start; to < end; to += CHANNELS) image.fill(bytes[from++]!, to, to + CHANNELS);
  }
}

const damaged = (where: string, found: string, expected: string): LabError =>
  new LabError('data.wrong-size/content', { where, found, expected });
