import { LabError } from '../../base/errors.ts';
import type { Dataset } from '../dataset.ts';
import { IMAGE_BYTES, SIDE, identified } from '../dataset.ts';
import type { Member, Wanted } from '../members.ts';
import { readMembers } from '../members.ts';
import type { DataOptions } from '../progress.ts';

export type CifarName = 'cifar100' | 'cifar10';

/**
 * Official binary layout: records of label bytes and 3,072 pixel bytes (1,024 red, 1,024 green,
 * 1,024 blue).
 */
export interface CifarLayout {
  name: CifarName;
  title: string;
  /**
   * One label byte after the other, each with the number of its values; the last one is the label.
   */
  labelBytes: readonly { title: string; values: number }[];
  train: readonly string[];
  test: readonly string[];
  /** One class name per line. */
  classNames: string;
  /** Images of the whole official set. */
  official: { train: number; test: number };
}

/** Source: https://www.cs.toronto.edu/~kriz/cifar.html, "Binary version". */
export const CIFAR_LAYOUTS: Readonly<Record<CifarName, CifarLayout>> = {
  cifar100: {
    name: 'cifar100',
    title: 'CIFAR-100',
    labelBytes: [
      { title: 'coarse label', values: 20 },
      { title: 'fine label', values: 100 },
    ],
    train: ['train.bin'],
    test: ['test.bin'],
    classNames: 'fine_label_names.txt',
    official: { train: 50_000, test: 10_000 },
  },
  cifar10: {
    name: 'cifar10',
    title: 'CIFAR-10',
    labelBytes: [{ title: 'label', values: 10 }],
    train: [1, 2, 3, 4, 5].map((part) => `data_batch_${part}.bin`),
    test: ['test_batch.bin'],
    classNames: 'batches.meta.txt',
    official: { train: 50_000, test: 10_000 },
  },
};

const layouts = Object.values(CIFAR_LAYOUTS);
const imageFiles = (layout: CifarLayout): string[] => [...layout.train, ...layout.test];
const recordBytes = (layout: CifarLayout): number => layout.labelBytes.length + IMAGE_BYTES;

/** Class names are a list of short words. */
const MAX_NAMES_BYTES = 2 ** 16;

/**
 * No official file is larger than CIFAR-100's training images, and no set than all of its images.
 */
const WANTED: Wanted = {
  maxBytes: new Map(
    layouts.flatMap((layout) => [
      ...imageFiles(layout).map((name) => [name, largestFile()] as const),
      [layout.classNames, MAX_NAMES_BYTES] as const,
    ]),
  ),
  maxTotalBytes:
    largestFile() +
    CIFAR_LAYOUTS.cifar100.official.test * recordBytes(CIFAR_LAYOUTS.cifar100) +
    MAX_NAMES_BYTES,
};

function largestFile(): number {
  return CIFAR_LAYOUTS.cifar100.official.train * recordBytes(CIFAR_LAYOUTS.cifar100);
}

/**
 * Reads CIFAR-100 (fine labels) or CIFAR-10, or a part of one in the same layout, from a .tar.gz, a
 * .tar or a folder with the .bin files; file names tell which it is.
 *
 * @throws LabError those of `readMembers`, and `data.no-images`, `data.missing-file`,
 * `data.wrong-size`, `data.label-out-of-range`
 */
export async function readCifar(path: string, options: DataOptions = {}): Promise<Dataset> {
  const members = await readMembers(path, WANTED, options);
  const layout = layoutOf(path, members);
  const train = filesOf(path, layout, layout.train, members);
  const test = filesOf(path, layout, layout.test, members);
  const trainCount = countOf(train, layout);
  const testCount = countOf(test, layout);
  const images = new Uint8Array((trainCount + testCount) * IMAGE_BYTES);
  const labels = new Int32Array(trainCount + testCount);
  let at = 0;
  for (const member of [...train, ...test]) at += unpackRecords(member, layout, images, labels, at);

  const classes = layout.labelBytes.at(-1)!.values;
  const classNames = namesIn(members.get(layout.classNames), classes);
  return identified({
    name: layout.name,
    classes,
    ...(classNames ? { classNames } : {}),
    images,
    labels,
    trainCount,
    testCount,
    source: path,
  });
}

function layoutOf(path: string, members: Map<string, Member>): CifarLayout {
  const present = layouts.filter((layout) => imageFiles(layout).some((name) => members.has(name)));
  if (present.length > 1)
    throw new LabError(
      'data.ambiguous',
      `${path} holds files of ${present.map(({ title }) => title).join(' and ')}`,
      'Give the path of one data set.',
    );
  if (!present[0])
    throw new LabError(
      'data.no-images',
      `${path} holds no image files, expected ${layouts.map((layout) => `${imageFiles(layout).join(', ')} (${layout.title})`).join(' or ')}`,
      'Use the "binary version" of CIFAR-100 or CIFAR-10, not the Python or Matlab one.',
    );
  return present[0];
}

/** The named files in order, each a whole, positive number of records. */
function filesOf(
  path: string,
  layout: CifarLayout,
  names: readonly string[],
  members: Map<string, Member>,
): Member[] {
  return names.map((name) => {
    const member = members.get(name);
    if (!member)
      throw new LabError(
        'data.missing-file',
        `${path}: ${name} is missing, expected ${imageFiles(layout).join(', ')} for ${layout.title}`,
        'Copy or download the whole data set.',
      );
    const bytes = member.bytes.length;
    const record = recordBytes(layout);
    if (bytes === 0 || bytes % record !== 0)
      throw new LabError(
        'data.wrong-size',
        `${member.where} holds ${bytes} bytes: ${Math.floor(bytes / record)} records and ${bytes % record} bytes more, expected a whole number of ${layout.title} records of ${record} bytes`,
        'The file is cut off or of another format: copy or download it again.',
      );
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
        throw new LabError(
          'data.label-out-of-range',
          `${member.where}: record ${i + 1} of ${count} has ${title} ${value}, expected 0 to ${values - 1}`,
          `The file is damaged or not in the binary layout of ${layout.title}: copy or download it again.`,
        );
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
