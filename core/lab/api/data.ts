import type { LabProblem } from '../../base/problem.ts';

export interface DataSetView {
  /** Of an official or built-in set (`cifar100`, `synthetic`), or a path. */
  name: string;
  title: string;
  /** `added`: a file or folder that a person has named. */
  kind: 'official' | 'built-in' | 'added';
  state: 'ready' | 'missing' | 'downloading' | 'unpacking' | 'failed';
  trainCount: number;
  testCount: number;
  classes: number;
  /** Pixels on a side of every image. */
  side: number;
  /** One per class; null when the files do not say. */
  classNames: string[] | null;
  /** Images of every class; null where they were not counted. */
  classCounts: number[] | null;
  /** Files that are no usable image: how many, and the first of them. */
  leftOut: { count: number; files: { file: string; why: string }[] } | null;
  /** `<name>:<24 hex digits>` once read. */
  identity: string | null;
  source: string;
  /** It was sent to the lab, which keeps a copy in its data folder. */
  isCopy: boolean;
  /** On this machine. */
  bytes: number;
  /** Of all official files; null where there is nothing to download. */
  downloadBytes: number | null;
  download: Transfer | null;
  problem: LabProblem | null;
}

/** How many images of a folder are decoded; it has ended when `total` is 0. */
export interface DataDecoding {
  name: string;
  done: number;
  total: number;
}

export interface Transfer {
  bytes: number;
  /** null when the server does not say. */
  total: number | null;
  bytesPerSecond: number;
  /** Seconds. */
  timeLeft: number | null;
}

/** Room that decoded images take in the data folder. */
export interface DecodedImages {
  bytes: number;
  /** Of sets that are not in the list and that no study needs that has not ended. */
  unneededBytes: number;
}
