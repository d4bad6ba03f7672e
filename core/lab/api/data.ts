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
  /** `<name>:<24 hex digits>` once read. */
  identity: string | null;
  source: string;
  /** On this machine. */
  bytes: number;
  /** Of all official files; null where there is nothing to download. */
  downloadBytes: number | null;
  download: Transfer | null;
  problem: LabProblem | null;
}

export interface Transfer {
  bytes: number;
  /** null when the server does not say. */
  total: number | null;
  bytesPerSecond: number;
  /** Seconds. */
  timeLeft: number | null;
}
