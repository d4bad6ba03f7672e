import { LabError } from '../../base/errors.ts';
import type { OfficialArchive } from '../archives.ts';
import { type Dataset, identified, imageBytes } from '../dataset.ts';
import type { Member } from '../members.ts';
import type { OfficialSource } from '../source.ts';

/** Pixels on a side. */
const SIDE = 32;
const IMAGE_BYTES = imageBytes(SIDE);

/** Sizes and SHA-256 of the archives, which the site does not give, are from the checksum lists of
 * TensorFlow Datasets 4.9.10, equal in GoMLX and in red-datasets. */
const SITE = 'https://www.cs.toronto.edu/~kriz/';

/**
 * Official binary layout: records of label bytes and 3,072 pixel bytes (1,024 red, 1,024 green,
 * 1,024 blue).
 */
export interface CifarLayout {
  name: string;
  title: string;
  /**
   * One label byte after the other, each with the number of its values; the last one is the label.
   */
  labelBytes: readonly { title: string; values: number }[];
  train: readonly string[];
  test: readonly string[];
  /** The file with one class name per line. */
  namesFile: string;
  classNames: readonly string[];
  archive: Omit<OfficialArchive, 'name' | 'site'>;
}

/** Images of each official set. */
const OFFICIAL = { trainCount: 50_000, testCount: 10_000 };

/** No official file is larger than CIFAR-100's training images, and no set than all its images. */
const LARGEST_RECORD = 2 + IMAGE_BYTES;
const LARGEST_FILE = OFFICIAL.trainCount * LARGEST_RECORD;
/** Class names are a list of short words. */
const MAX_NAMES_BYTES = 2 ** 16;

const imageFiles = (layout: CifarLayout): string[] => [...layout.train, ...layout.test];
const recordBytes = (layout: CifarLayout): number => layout.labelBytes.length + IMAGE_BYTES;
const classesOf = (layout: CifarLayout): number => layout.labelBytes.at(-1)!.values;

/** A set in the binary layout of CIFAR, with its official archive. */
export const cifarSource = (layout: CifarLayout): OfficialSource => ({
  kind: 'official',
  name: layout.name,
  title: layout.title,
  size: { ...OFFICIAL, classes: classesOf(layout), side: SIDE },
  files: [{ ...layout.archive, name: layout.name, site: SITE }],
  classNames: layout.classNames,
  format: {
    files: imageFiles(layout),
    expected: imageFiles(layout).join(', '),
    wanted: {
      maxBytes: new Map([
        ...imageFiles(layout).map((name) => [name, LARGEST_FILE] as const),
        [layout.namesFile, MAX_NAMES_BYTES] as const,
      ]),
      maxTotalBytes: LARGEST_FILE + OFFICIAL.testCount * LARGEST_RECORD + MAX_NAMES_BYTES,
    },
    advice: 'Use the "binary version" of CIFAR-100 or CIFAR-10, not the Python or Matlab one.',
    read: (path, members) => readRecords(path, layout, members),
  },
});

function readRecords(
  path: string,
  layout: CifarLayout,
  members: ReadonlyMap<string, Member>,
): Dataset {
  const train = filesOf(path, layout, layout.train, members);
  const test = filesOf(path, layout, layout.test, members);
  const trainCount = countOf(train, layout);
  const testCount = countOf(test, layout);
  const images = new Uint8Array((trainCount + testCount) * IMAGE_BYTES);
  const labels = new Int32Array(trainCount + testCount);
  let at = 0;
  for (const member of [...train, ...test]) at += unpackRecords(member, layout, images, labels, at);
  const classes = classesOf(layout);
  return identified({
    name: layout.name,
    classes,
    classNames: namesIn(members.get(layout.namesFile), classes) ?? layout.classNames,
    side: SIDE,
    images,
    labels,
    trainCount,
    testCount,
    source: path,
  });
}

/** The named files in order, each a whole, positive number of records. */
function filesOf(
  path: string,
  layout: CifarLayout,
  names: readonly string[],
  members: ReadonlyMap<string, Member>,
): Member[] {
  return names.map((name) => {
    const member = members.get(name);
    if (!member)
      throw new LabError('data.missing-file', {
        path,
        name,
        files: imageFiles(layout).join(', '),
        layout: layout.title,
      });
    const bytes = member.bytes.length;
    const record = recordBytes(layout);
    if (bytes === 0 || bytes % record !== 0)
      throw new LabError('data.wrong-size', {
        where: member.where,
        bytes,
        records: Math.floor(bytes / record),
        rest: bytes % record,
        layout: layout.title,
        record,
      });
    return member;
  });
}

const countOf = (files: Member[], layout: CifarLayout): number =>
  files.reduce((sum, { bytes }) => sum + bytes.length / recordBytes(layout), 0);

/**
 * Copies a file's records to images `first`, `first` + 1, ...: colour planes become pixels. Returns
 * their number.
 */
function unpackRecords(
  member: Member,
  layout: CifarLayout,
  images: Uint8Array,
  labels: Int32Array,
  first: number,
): number {
  const { bytes } = member;
  const record = recordBytes(layout);
  const count = bytes.length / record;
  const plane = SIDE * SIDE;
  for (let i = 0; i < count; i++) {
    const start = i * record;
    layout.labelBytes.forEach(({ title, values }, place) => {
      const value = bytes[start + place]!;
      if (value >= values)
        throw new LabError('data.label-out-of-range', {
          where: member.where,
          number: i + 1,
          count,
          title,
          value,
          last: values - 1,
          layout: layout.title,
        });
      labels[first + i] = value;
    });
    let to = (first + i) * IMAGE_BYTES;
    const pixels = start + layout.labelBytes.length;
    for (let from = pixels; from < pixels + plane; from++) {
      images[to++] = bytes[from]!;
      images[to++] = bytes[from + plane]!;
      images[to++] = bytes[from + 2 * plane]!;
    }
  }
  return count;
}

/** Class names are for people only, so a list that does not fit is left out. */
function namesIn(member: Member | undefined, classes: number): string[] | undefined {
  if (!member) return undefined;
  const names = new TextDecoder()
    .decode(member.bytes)
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return names.length === classes ? names : undefined;
}
