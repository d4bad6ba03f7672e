import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { LabError, messageOf } from '../base/errors.ts';
import { nodeProgram, outsideArchive } from '../base/node-program.ts';
import type { OptunaEntry, OptunaStudy } from '../store/transfer/optuna-file.ts';
import type { LabProblem } from '../base/problem.ts';
import type { LeftOut } from '../data/dataset.ts';
import type { Delivery } from '../data/delivery.ts';
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
  validationCount?: number;
  leftOut?: LeftOut;
  /** Training and test images of every class. */
  classCounts: number[];
  /** PNG as data URLs. */
  samples: { label: string; image: string }[];
}

/** What is read from a file of a stranger, by kind of look. */
export interface Looks {
  data: DataLook;
  /** A data set, made ready for other machines. */
  delivery: Delivery;
  /** The studies that a file of Optuna holds. */
  'optuna-list': OptunaEntry[];
  /** One of them, or the only one. */
  'optuna-study': OptunaStudy;
}

interface Requests {
  data: { spec: string; folder: string; count: number };
  delivery: { spec: string; folder: string };
  'optuna-list': { path: string };
  'optuna-study': { path: string; study: string | undefined };
}

export type LookKind = keyof Looks;
export type LookRequest = { [Kind in LookKind]: { kind: Kind } & Requests[Kind] }[LookKind];
export type LookResult = { look: Looks[LookKind] } | { problem: LabProblem };
/** How many images of how many are decoded. */
export interface LookProgress {
  readonly done: number;
  readonly total: number;
}
export type LookMessage = LookResult | { progress: LookProgress };

export interface LookOptions {
  /** Takes a look out of the queue, and ends one that has begun. */
  signal?: AbortSignal | undefined;
  /** After which the process is ended. */
  seconds?: number;
  onProgress?: (progress: LookProgress) => void;
}

/** Longest time for a look, in seconds: a million photographs may lie on a slow disk. */
const LIMITS: Readonly<Record<LookKind, number>> = {
  data: 6 * 3600,
  delivery: 6 * 3600,
  'optuna-list': 60,
  'optuna-study': 300,
};

/** Processes that look into files at once: each may hold a whole data set. */
const LOOKS_AT_ONCE = 2;
const looks = new Queue(LOOKS_AT_ONCE);

const program = outsideArchive(fileURLToPath(new URL('./look-program.ts', import.meta.url)));

/**
 * Reads a file in a process of its own, under Node: no file can hold the lab up or end it, and the
 * decoders of images stay out of Electron's main process. Few are read at once.
 *
 * @throws LabError those of the reading, `files.too-slow`, `data.unreadable`; the signal's reason
 * when it is aborted
 */
export async function readApart<Kind extends LookKind>(
  kind: Kind,
  request: Requests[Kind],
  options: LookOptions = {},
): Promise<Looks[Kind]> {
  return looks.run(async () => inProcess(kind, request, options), options.signal);
}

async function inProcess<Kind extends LookKind>(
  kind: Kind,
  request: Requests[Kind],
  { signal, seconds = LIMITS[kind], onProgress }: LookOptions,
): Promise<Looks[Kind]> {
  const child = spawn(nodeProgram(), [program], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    serialization: 'advanced', // manifests are bytes
  });
  const { promise, resolve, reject } = Promise.withResolvers<LookResult>();
  const abort = (): void => {
    reject(signal?.reason as Error);
  };
  signal?.addEventListener('abort', abort);
  const timer = setTimeout(() => {
    reject(tooSlow(seconds));
  }, seconds * 1000);
  child.on('message', (sent) => {
    const message = sent as LookMessage;
    if ('progress' in message) onProgress?.(message.progress);
    else resolve(message);
  });
  child.on('error', (error) => {
    reject(endedEarly(messageOf(error), error));
  });
  child.on('exit', (code, ended) => {
    // After an answer this changes nothing.
    reject(endedEarly(ended === null ? `its exit code is ${code}` : `it got the signal ${ended}`));
  });
  child.send({ kind, ...request });
  try {
    const result = await promise;
    if ('look' in result) return result.look as Looks[Kind];
    throw new LabError(result.problem);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
    // Its memory is free before the next look begins.
    if (child.kill('SIGKILL')) await once(child, 'exit');
  }
}

const endedEarly = (what: string, cause?: unknown): LabError =>
  new LabError('data.unreadable/ended', { what }, { cause });

const tooSlow = (seconds: number): LabError => new LabError('files.too-slow', { seconds });
