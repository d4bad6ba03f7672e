import type { ProblemTable } from './_base.ts';

export const imagesProblems = {
  'data.bad-images': {
    message: ({ path, count, files }: { path: string; count: number; files: readonly string[] }) =>
      `${path} has ${count} file${count === 1 ? '' : 's'} that cannot be used: ${files.join('; ')}${count > files.length ? '; and others' : ''}.`,
    next: () => ['Repair or remove them, or let the lab leave such files out.'],
  },
  'data.changed': {
    message: ({ file }: { file: string }) =>
      `The folder changed while its images were decoded: ${file} is gone.`,
    next: () => ['Put it back, or start again when the folder is complete.'],
  },
  'data.changed/study': {
    message: ({ data }: { data: string }) =>
      `The images of ${data} are not the ones that the earlier runs learned from, so results could not be compared.`,
    next: () => ['Put the earlier images back, or begin a new study on the changed ones.'],
  },
  'data.images-option': {
    message: ({ option, sides }: { option: string; sides: string }) =>
      `Image folders have no option "${option}". They have side (${sides}), seed, bad (skip or refuse), and path, which comes last.`,
    next: () => [{ do: 'give-option', example: '--data images:side=64,path=/photos' }],
  },
  'data.in-use': {
    message: ({ path, users }: { path: string; users: readonly string[] }) =>
      `${path} is not deleted: ${users.length > 0 ? `${users.join(', ')} still ${users.length === 1 ? 'needs' : 'need'} it` : 'another entry of the list needs it'}.`,
    next: () => ['Stop the study first, or remove the set from the list and keep the copy.'],
  },
  'data.no-images/folder': {
    message: ({ path, some }: { path: string; some: readonly string[] }) =>
      `${path} holds no images in folders of their classes${some.length > 0 ? `: ${some.join('; ')}` : ''}.`,
    next: () => [
      'Put JPEG, PNG or WebP files into train/CLASS/, and test images, if you have them, into test/CLASS/.',
    ],
  },
  'data.no-space/decoded': {
    message: ({ folder, needed, free }: { folder: string; needed: number; free: number }) =>
      `There is no room for the decoded images in ${folder}: they need ${(needed / 1e6).toFixed(1)} MB, and ${(free / 1e6).toFixed(1)} MB are free.`,
    next: () => [
      'Free some space, remove the decoded images of other sets, choose a smaller side, or point KTG_DATA to a folder on another disk.',
    ],
  },
  'data.not-an-archive/zip': {
    message: ({ path, reason }: { path: string; reason: string }) =>
      `${path} is no zip archive, or is cut off: ${reason}`,
    next: () => ['Copy or download the archive again.'],
  },
  'data.one-class': {
    message: ({
      path,
      classes,
      problems,
    }: {
      path: string;
      classes: readonly string[];
      problems: { count: number; files: readonly { file: string; why: string }[] };
    }) =>
      `${path} has training images of ${classes.length === 0 ? 'no class' : `one class, ${classes[0]}`}, but at least two are needed.${
        problems.count > 0
          ? ` ${problems.count} files were left out: ${problems.files
              .slice(0, 3)
              .map(({ file, why }) => `${file} ${why}`)
              .join('; ')}.`
          : ''
      }`,
    next: () => ['Put the images of each class into a folder of its own: train/CLASS/.'],
  },
  'data.too-large/memory': {
    message: ({
      path,
      count,
      side,
      bytes,
      memory,
    }: {
      path: string;
      count: number;
      side: number;
      bytes: number;
      memory: number;
    }) =>
      `${path}: ${count} images of ${side} x ${side} pixels need ${(bytes / 1e9).toFixed(1)} GB, and this machine has ${(memory / 1e9).toFixed(1)} GB.`,
    next: () => ['Choose a smaller side, or fewer images.'],
  },
  'data.too-many-files': {
    message: ({ path, limit }: { path: string; limit: number }) =>
      `${path} holds more than ${limit} files.`,
    next: () => ['Name the folder of one data set.'],
  },
} satisfies ProblemTable;
