import type { Step } from '../actions.ts';
import type { ProblemTable } from './_base.ts';

export const dataProblems = {
  'data.ambiguous/files': {
    message: ({ path, first, second }: { path: string; first: string; second: string }) =>
      `${path} holds the same file twice: ${first} and ${second}`,
    next: () => ['Give the path of one data set.'],
  },
  'data.ambiguous/sets': {
    message: ({ path, present }: { path: string; present: string }) =>
      `${path} holds files of ${present}`,
    next: () => ['Give the path of one data set.'],
  },
  'data.batch-size': {
    message: ({ batch }: { batch: number }) =>
      `The batch size is ${batch}, expected a whole number of at least 1.`,
    next: () => ['Choose a batch size such as 64.'],
  },
  'data.damaged': {
    message: ({ path, message }: { path: string; message: string }) =>
      `${path} is damaged: ${message}`,
    next: () => ['Copy or download the archive again.'],
  },
  'data.damaged/file': {
    message: ({ where, message }: { where: string; message: string }) =>
      `${where} is damaged: ${message}`,
    next: () => ['Copy or download the file again.'],
  },
  'data.delivery-damaged': {
    message: () => 'The lab has delivered a data set that this program cannot read.',
    next: () => ['Install the same version of the program on both machines.'],
  },
  'data.fewer-images-than-batch': {
    message: ({ images, batch }: { images: number; batch: number }) =>
      `There are ${images} training images, fewer than one batch of ${batch}`,
    next: ({ largest }: { largest: number }) => [
      `Choose a batch size of at most ${largest}, or more training images.`,
    ],
  },
  'data.incomplete': {
    message: ({
      path,
      foundTrain,
      foundTest,
      found,
      train,
      test,
      title,
    }: {
      path: string;
      foundTrain: number;
      foundTest: number;
      found: string;
      train: number;
      test: number;
      title: string;
    }) =>
      `${path} holds ${foundTrain} + ${foundTest} images of ${found}, expected ${train} + ${test} of ${title}`,
    next: ({ path }: { path: string }) => [
      'Remove it to download the official archive.',
      { do: 'use-data-path', path },
    ],
  },
  'data.is-mnist': {
    message: ({ path }: { path: string }) =>
      `${path} holds MNIST, whose files have the names of Fashion-MNIST's.`,
    next: () => ['Use the files of Fashion-MNIST, or add the images of MNIST as a folder.'],
  },
  'data.label-out-of-range': {
    message: ({
      where,
      number,
      count,
      title,
      value,
      last,
    }: {
      where: string;
      number: number;
      count: number;
      title: string;
      value: number;
      last: number;
    }) => `${where}: record ${number} of ${count} has ${title} ${value}, expected 0 to ${last}`,
    next: ({ layout }: { layout: string }) => [
      `The file is damaged or not in the binary layout of ${layout}: copy or download it again.`,
    ],
  },
  'data.label-out-of-range/item': {
    message: ({
      where,
      number,
      count,
      label,
      last,
    }: {
      where: string;
      number: number;
      count: number;
      label: number;
      last: number;
    }) => `${where}: item ${number} of ${count} has label ${label}, expected 0 to ${last}.`,
    next: ({ title }: { title: string }) => [
      `The file is damaged or not of ${title}: copy or download it again.`,
    ],
  },
  'data.missing-file': {
    message: ({
      path,
      name,
      files,
      layout,
    }: {
      path: string;
      name: string;
      files: string;
      layout: string;
    }) => `${path}: ${name} is missing, expected ${files} for ${layout}`,
    next: () => ['Copy or download the whole data set.'],
  },
  'data.no-images': {
    message: ({ path, layouts }: { path: string; layouts: string }) =>
      `${path} holds no image files, expected ${layouts}`,
    next: ({ advice }: { advice: readonly string[] }) => advice,
  },
  'data.not-an-archive': {
    message: ({ path, found }: { path: string; found: string }) =>
      `${path} is not an archive that can be read (${found}), expected .tar.gz or .tar.`,
    next: () => ['Choose the official binary archive, or a folder with the files of a set.'],
  },
  'data.not-delivered': {
    message: ({ folder }: { folder: string }) =>
      `The data set that the lab has delivered is missing or damaged in the data folder ${folder}.`,
    next: () => ['Resume the study: the lab delivers it again.'],
  },
  'data.not-downloaded': {
    message: ({ title, folder }: { title: string; folder: string }) =>
      `${title} is not in the data folder ${folder}`,
    next: ({ otherWay }: { otherWay: Step }) => ['Download it.', otherWay],
  },
  'data.not-downloaded/yet': {
    message: ({ title }: { title: string }) => `${title} is not on this machine yet.`,
    next: () => ['Download it first, or choose a file.'],
  },
  'data.not-found/gone': {
    message: ({ path }: { path: string }) => `${path} no longer exists.`,
    next: () => ['Put it back, or remove it from the list.'],
  },
  'data.not-found/path': {
    message: ({ path }: { path: string }) => `There is no file or folder ${path}.`,
    next: () => [{ do: 'choose-data' }],
  },
  'data.not-found/set': {
    message: ({ name }: { name: string }) => `There is no data set ${name}.`,
    next: () => ['Check the path.'],
  },
  'data.synthetic-option/too-large': {
    message: ({ train, test, side }: { train: number; test: number; side: number }) =>
      `Synthetic data: ${train} + ${test} images of ${side} x ${side} pixels are more than 1 GiB.`,
    next: () => ['Ask for fewer or smaller images.'],
  },
  'data.synthetic-option/unknown': {
    message: ({ item, known }: { item: string; known: string }) =>
      `Synthetic data: "${item}" is not an option, expected ${known}`,
    next: () => ['For example: synthetic:seed=1,train=5000,test=1000,classes=10'],
  },
  'data.synthetic-option/value': {
    message: ({
      name,
      value,
      low,
      high,
    }: {
      name: string;
      value: number;
      low: number;
      high: number;
    }) => `Synthetic data: ${name} is ${value}, expected a whole number from ${low} to ${high}`,
    next: () => [`For example: synthetic:seed=1,train=5000,test=1000,classes=10`],
  },
  'data.too-few-images': {
    message: ({
      source,
      protocol,
      train,
      evaluation,
      evaluationName,
      trainCount,
      testCount,
    }: {
      source: string;
      protocol: string;
      train: number;
      evaluation: number;
      evaluationName: string;
      trainCount: number;
      testCount: number;
    }) =>
      `${source}: protocol ${protocol} finds ${train} images to train on and ${evaluation} ` +
      `${evaluationName} images in ${trainCount} + ${testCount}, expected at least one of ` +
      'each.',
    next: () => ['Choose a larger data set or another protocol.'],
  },
  'data.too-large/file': {
    message: ({ where, bytes, max }: { where: string; bytes: number; max: number }) =>
      `${where} holds ${bytes} bytes, expected at most ${max}`,
    next: () => ['Use the official files or a part of them.'],
  },
  'data.too-large/unpacked': {
    message: ({ where, max }: { where: string; max: number }) =>
      `${where} unpacks to more than ${max} bytes, the limit.`,
    next: () => ['Use the official files or a part of them.'],
  },
  'data.truncated': {
    message: ({ path, message }: { path: string; message: string }) =>
      `${path} ends too early (${message}).`,
    next: () => ['Copy or download the archive again.'],
  },
  'data.truncated/file': {
    message: ({ where, message }: { where: string; message: string }) =>
      `${where} ends too early (${message}).`,
    next: () => ['Copy or download the file again.'],
  },
  'data.unknown': {
    message: ({ name }: { name: string }) => `There is no data set "${name}" in the list.`,
    next: () => ['Add it first.'],
  },
  'data.unreadable': {
    message: ({ path }: { path: string }) => `${path} is neither a file nor a folder.`,
    next: () => [{ do: 'choose-data' }],
  },
  'data.unreadable/ended': {
    message: ({ what }: { what: string }) =>
      `The reader of this file ended before it had an answer: ${what}.`,
    next: () => ['Check the file, or try again.'],
  },
  'data.unreadable/file': {
    message: ({ reason }: { reason: string }) => reason,
    next: () => ['Check the file.'],
  },
  'data.unreadable/reason': {
    message: ({ path, reason }: { path: string; reason: string }) =>
      `${path} cannot be read: ${reason}`,
    next: () => [{ do: 'choose-data' }],
  },
  'data.unsafe-archive/outside': {
    message: ({ archive, entry }: { archive: string; entry: string }) =>
      `${archive}: the entry "${entry}" points outside the archive, expected plain names in folders.`,
    next: () => ['Use the official archive.'],
  },
  'data.unsafe-archive/type': {
    message: ({ archive, entry, type }: { archive: string; entry: string; type: string }) =>
      `${archive}: the entry "${entry}" is of type ${type}, expected a plain file.`,
    next: () => ['Use the official archive.'],
  },
  'data.wrong-size': {
    message: ({
      where,
      bytes,
      records,
      rest,
      layout,
      record,
    }: {
      where: string;
      bytes: number;
      records: number;
      rest: number;
      layout: string;
      record: number;
    }) =>
      `${where} holds ${bytes} bytes: ${records} records and ${rest} bytes more, expected ` +
      `a whole number of ${layout} records of ${record} bytes.`,
    next: () => ['The file is cut off or of another format: copy or download it again.'],
  },
  'data.wrong-size/content': {
    message: ({ where, found, expected }: { where: string; found: string; expected: string }) =>
      `${where} holds ${found}, expected ${expected}.`,
    next: () => ['The file is cut off or of another format: copy or download it again.'],
  },
} satisfies ProblemTable;
