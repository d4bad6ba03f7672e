import type { Step } from '../actions.ts';
import type { ProblemTable } from './_base.ts';

export const downloadProblems = {
  'data.bad-mirror': {
    message: ({ site }: { site: string }) =>
      `KTG_DATA_MIRROR is "${site}", expected the http or https address of a folder.`,
    next: () => [`Correct it, or use a file on this machine by its path.`],
  },
  'data.download-broken': {
    message: ({
      address,
      failures,
      reason,
    }: {
      address: string;
      failures: number;
      reason: string;
    }) => `The connection to ${address} broke ${failures} times in a row: ${reason}`,
    next: ({ received, otherWay }: { received: number; otherWay: Step }) => [
      `Start it again: it continues after ${received} bytes.`,
      otherWay,
    ],
  },
  'data.download-refused': {
    message: ({ said }: { said: string }) => `${said}, expected the archive.`,
    next: ({ otherWay }: { otherWay: Step }) => [otherWay],
  },
  'data.download-refused/redirects': {
    message: ({ origin, pathname, limit }: { origin: string; pathname: string; limit: number }) =>
      `${origin}${pathname} redirects more than ${limit} times.`,
    next: () => ['Check KTG_DATA_MIRROR.'],
  },
  'data.download-underway': {
    message: ({ target }: { target: string }) => `${target} is already being downloaded.`,
    next: () => ['Wait until that download ends.'],
  },
  'data.folder-not-writable': {
    message: ({ folder, reason }: { folder: string; reason: string }) =>
      `The data folder ${folder} cannot be written: ${reason}`,
    next: () => ['Point KTG_DATA to a folder that can be written.'],
  },
  'data.no-network': {
    message: ({ address, reason }: { address: string; reason: string }) =>
      `${address} cannot be reached: ${reason}`,
    next: ({ otherWay }: { otherWay: Step }) => [otherWay],
  },
  'data.no-space': {
    message: ({ folder, found }: { folder: string; found: string }) =>
      `There is no room for the download in ${folder}: ${found}`,
    next: () => ['Free some space, or point KTG_DATA to a folder on another disk.'],
  },
  'data.too-large/download': {
    message: ({ address, bytes, file }: { address: string; bytes: number; file: string }) =>
      `${address} sends more than the ${bytes} bytes of ${file}`,
    next: ({ otherWay }: { otherWay: Step }) => [
      'The server or a proxy sends another file.',
      otherWay,
    ],
  },
  'data.wrong-checksum': {
    message: ({ address, found }: { address: string; found: string }) =>
      `The file that ${address} sent ${found}`,
    next: ({ otherWay }: { otherWay: Step }) => [
      'The server or a proxy sent another file.',
      otherWay,
    ],
  },
} satisfies ProblemTable;
