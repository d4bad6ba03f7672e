import { ChunkReceiver, ChunkSender, type ChunkFault } from '../base/chunks.ts';
import { LabError, messageOf } from '../base/errors.ts';
import { CHUNK_BYTES, CHUNKS_AHEAD } from './messages.ts';
import type { ChunkMessage, ChunkTakenMessage, TransferEndedMessage } from './messages.ts';

type Post = (message: ChunkMessage | ChunkTakenMessage | TransferEndedMessage) => void;

const broken = (why: string): LabError => new LabError('workers.transfer-broken', { why });

/** Sends weights in chunks, never further ahead of the receiver than agreed. */
export class Outbox {
  readonly #post: Post;
  readonly #sending = new Map<number, ChunkSender>();

  constructor(post: Post) {
    this.#post = post;
  }

  /**
   * Settles when the receiver has taken everything.
   *
   * @throws LabError `workers.transfer-broken` when the receiver gave up or the connection closed;
   * a failure of the source goes to the receiver and is thrown here
   */
  async send(
    transfer: number,
    chunks: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ): Promise<void> {
    const sender = new ChunkSender(CHUNKS_AHEAD);
    this.#sending.set(transfer, sender);
    try {
      for await (const chunk of chunks()) {
        for (let start = 0; start < chunk.length; start += CHUNK_BYTES) {
          const data = chunk.subarray(start, start + CHUNK_BYTES);
          this.#post({ type: 'chunk', transfer, index: await sender.next(), data });
        }
      }
      await sender.allTaken();
    } catch (error) {
      if (!sender.problem)
        this.#post({ type: 'transfer-ended', transfer, problem: messageOf(error) });
      throw error;
    } finally {
      this.#sending.delete(transfer);
    }
  }

  /** An acknowledgement came; one of a transfer that was given up is ignored. */
  taken({ transfer, index }: ChunkTakenMessage): void {
    this.#sending.get(transfer)?.taken(index);
  }

  ended({ transfer, problem }: TransferEndedMessage): void {
    this.#sending.get(transfer)?.end(broken(`The receiver cancelled the transfer: ${problem}`));
  }

  close(why: string): void {
    for (const sender of this.#sending.values()) sender.end(broken(why));
  }
}

interface Receiving {
  readonly chunks: ChunkReceiver;
  readonly waiting: Uint8Array[];
  problem: LabError | null;
  wake: () => void;
}

/**
 * Receives weights in chunks; a chunk is acknowledged once its reader comes back for the next one.
 */
export class Inbox {
  readonly #post: Post;
  readonly #receiving = new Map<number, Receiving>();

  constructor(post: Post) {
    this.#post = post;
  }

  /**
   * The chunks of a transfer, to be read once. Throws LabError `workers.transfer-broken` when it
   * does not come to its end.
   */
  expect(transfer: number, bytes: number): AsyncIterable<Uint8Array> {
    const limits = { total: bytes, largest: CHUNK_BYTES, ahead: CHUNKS_AHEAD };
    const state: Receiving = {
      chunks: new ChunkReceiver(limits),
      waiting: [],
      problem: null,
      wake: () => undefined,
    };
    this.#receiving.set(transfer, state);
    return this.#chunks(transfer, state);
  }

  /**
   * Throws LabError `workers.bad-message` for a chunk that breaks the rules; one that nobody waits
   * for any more is dropped.
   */
  chunk({ transfer, index, data }: ChunkMessage): void {
    const state = this.#receiving.get(transfer);
    if (!state) return;
    const fault = state.chunks.receive({ index }, data.length);
    if (fault)
      throw new LabError('workers.bad-message/transfer', {
        transfer,
        wrong: faultText(fault, index, state.chunks),
      });
    state.waiting.push(data);
    state.wake();
  }

  ended({ transfer, problem }: TransferEndedMessage): void {
    const state = this.#receiving.get(transfer);
    if (!state) return;
    state.problem = broken(`The sender cancelled the transfer: ${problem}`);
    state.wake();
  }

  close(why: string): void {
    for (const state of this.#receiving.values()) {
      state.problem = broken(why);
      state.wake();
    }
  }

  async *#chunks(transfer: number, state: Receiving): AsyncIterable<Uint8Array> {
    const { chunks, waiting } = state;
    let read = 0;
    try {
      while (read < chunks.limits.total) {
        while (!state.problem && waiting.length === 0)
          await new Promise<void>((resolve) => (state.wake = resolve));
        const chunk = waiting.shift();
        if (!chunk) throw state.problem!;
        read += chunk.length;
        yield chunk;
        this.#post({ type: 'chunk-taken', transfer, index: chunks.take() });
      }
    } finally {
      this.#receiving.delete(transfer);
      if (read < chunks.limits.total && !state.problem)
        this.#post({ type: 'transfer-ended', transfer, problem: 'it is no longer needed' });
    }
  }
}

/** The fault of a chunk, in words for the log. */
function faultText(fault: ChunkFault, index: number, { next, limits }: ChunkReceiver): string {
  switch (fault) {
    case 'order':
      return `chunk ${index} arrived instead of chunk ${next}`;
    case 'largest':
      return `a chunk of more than ${limits.largest} bytes came`;
    case 'total':
      return `more than the announced ${limits.total} bytes came`;
    case 'ahead':
      return `more than ${CHUNKS_AHEAD} chunks came before they were taken`;
  }
}

/** Gathers all chunks in one buffer. */
export async function gather(
  chunks: AsyncIterable<Uint8Array>,
  bytes: number,
): Promise<Uint8Array> {
  const gathered = new Uint8Array(bytes);
  let offset = 0;
  for await (const chunk of chunks) {
    gathered.set(chunk, offset);
    offset += chunk.length;
  }
  return gathered;
}
