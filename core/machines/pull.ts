import { type Msg, headers } from '@nats-io/transport-node';
import { LabError } from '../base/errors.ts';
import type { Budget, Urgency } from './budget.ts';
import { type Link, pause } from './link.ts';
import { type JobKey, PART_BYTES, PROBLEM_HEADER } from './messages.ts';
import { encode } from './wire.ts';

/** Parts of one transfer on their way at once. */
const PARTS_AHEAD = 4;
/** Milliseconds until a part is asked for again. */
const PART_WAIT = 4000;
const NOBODY_WAIT = 300;

export interface PullOptions {
  link: Link;
  subject: string;
  budget: Budget;
  urgency: Urgency;
  /** Says in each request whose bytes they are. */
  key: Partial<JobKey>;
  sha256: string;
  bytes: number;
  /** Ends the transfer. */
  signal: AbortSignal;
  /** Counts bytes that have come. */
  onBytes?: (bytes: number) => void;
}

/**
 * Pulls weights part by part from the other side; a broken connection goes on at its part. Read it
 * once. Throws LabError `workers.transfer-broken` when the other side no longer has them, sends too
 * much, or the signal is given.
 */
export async function* pull(options: PullOptions): AsyncGenerator<Uint8Array> {
  const { bytes, budget, urgency, signal, onBytes } = options;
  const givenUp = new Promise<'no-answer'>((resolve) => {
    signal.addEventListener('abort', () => resolve('no-answer'), { once: true });
  });
  const ahead: { part: Promise<Uint8Array>; release: () => void }[] = [];
  let asked = 0;
  const ask = (release: () => void): void => {
    const size = Math.min(PART_BYTES, bytes - asked);
    const part = partAt(options, asked, size, givenUp);
    part.catch(() => undefined); // thrown below, when its turn comes
    ahead.push({ part, release });
    asked += size;
  };
  try {
    while (asked < bytes || ahead.length > 0) {
      if (ahead.length === 0) ask(await budget.take(PART_BYTES, urgency));
      while (asked < bytes && ahead.length < PARTS_AHEAD) {
        // Never waits for more while it holds a part: all transfers could wait for one another.
        const release = budget.tryTake(PART_BYTES);
        if (!release) break;
        ask(release);
      }
      const { part, release } = ahead[0]!;
      const data = await part;
      onBytes?.(data.length);
      yield data;
      ahead.shift();
      release();
    }
  } finally {
    for (const { release } of ahead) release();
  }
}

async function partAt(
  { link, subject, key, sha256, signal }: PullOptions,
  offset: number,
  size: number,
  givenUp: Promise<'no-answer'>,
): Promise<Uint8Array> {
  const request = encode({ ...key, sha256, offset });
  while (!signal.aborted) {
    const answer = await Promise.race([link.askOnce(subject, request, PART_WAIT), givenUp]);
    if (typeof answer === 'object') return partOf(answer, size);
    await pause(NOBODY_WAIT, signal);
  }
  throw broken('The transfer was given up.');
}

function partOf(answer: Msg, size: number): Uint8Array {
  const problem = answer.headers?.get(PROBLEM_HEADER);
  if (problem) throw broken(problem.slice(0, 300));
  if (answer.data.length !== size)
    throw broken(`A part has ${answer.data.length} bytes, expected ${size}.`);
  return answer.data;
}

/** Answers a pull with bytes. */
export function sendPart(request: Msg, data: Uint8Array): void {
  request.respond(data);
}

/** Answers a pull that cannot be served. */
export function refusePart(request: Msg, why: string): void {
  const head = headers();
  head.set(PROBLEM_HEADER, why.replaceAll(/[^\x20-\x7e]/g, '?'));
  request.respond(new Uint8Array(), { headers: head });
}

const broken = (why: string): LabError => new LabError('workers.transfer-broken', { why });
