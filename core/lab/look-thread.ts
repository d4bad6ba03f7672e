import { Worker } from 'node:worker_threads';
import { LabError } from '../base/errors.ts';
import type { OptunaEntry, OptunaStudy } from '../store/transfer/optuna-file.ts';
import type { LabProblem } from '../base/problem.ts';
import { Queue } from './queue.ts';

/** What a look into a data set finds. */
export interface DataLook {
  name: string;
  classes: number;
  /** Pixels on a side. */
  side: number;
  classNames?: readonly string[];
  trainCount: number;
  testCount: number;
  identity: string;
  source: string;
  /** PNG as data URLs. */
  samples: { label: string; image: string }[];
}

/** What is read from a file of a stranger, by kind of look. */
export interface Looks {
  data: DataLook;
  /** The studies that a file of Optuna holds. */
  'optuna-list': OptunaEntry[];
  /** One of them, or the only one. */
  'optuna-study': OptunaStudy;
}

interface Requests {
  data: { spec: string; folder: string; count: number };
  'optuna-list': { path: string };
  'optuna-study': { path: string; study: string | undefined };
}

export type LookKind = keyof Looks;
export type LookRequest = { [Kind in LookKind]: { kind: Kind } & Requests[Kind] }[LookKind];
export type LookResult = { look: Looks[LookKind] } | { problem: LabProblem };

/** Longest time for a look, in seconds: a data set may lie on a slow disk. */
const LIMITS: Readonly<Record<LookKind, number>> = {
  data: 900,
  'optuna-list': 60,
  'optuna-study': 300,
};

/** Threads that look into files at once: each may hold a whole data set. */
const LOOKS_AT_ONCE = 2;
const looks = new Queue(LOOKS_AT_ONCE);

/**
 * Reads a file in a thread of its own, so that no file can hold the lab up. Few are read at once.
 *
 * @param signal takes a look that has not begun out of the queue
 * @param seconds after which the thread is ended
 * @throws LabError those of the reading, `files.too-slow`
 */
export async function lookInThread<Kind extends LookKind>(
  kind: Kind,
  request: Requests[Kind],
  signal?: AbortSignal,
  seconds = LIMITS[kind],
): Promise<Looks[Kind]> {
  return looks.run(async () => inThread(kind, request, seconds), signal);
}

async function inThread<Kind extends LookKind>(
  kind: Kind,
  request: Requests[Kind],
  seconds: number,
): Promise<Looks[Kind]> {
  const workerData = { kind, ...request };
  const thread = new Worker(new URL('./data-look.ts', import.meta.url), { workerData });
  let timer: NodeJS.Timeout | undefined;
  try {
    const result = await new Promise<LookResult>((done, failed) => {
      thread.once('message', done).once('error', failed);
      timer = setTimeout(() => {
        failed(tooSlow(seconds));
      }, seconds * 1000);
    });
    if ('look' in result) return result.look as Looks[Kind];
    throw new LabError(result.problem);
  } finally {
    clearTimeout(timer);
    await thread.terminate(); // its memory is free before the next look begins
  }
}

const tooSlow = (seconds: number): LabError => new LabError('files.too-slow', { seconds });
