import { LabError, messageOf } from '../base/errors.ts';
import { CHUNK_BYTES, CHUNKS_AHEAD } from './messages.ts';
import type { ChunkMessage, ChunkTakenMessage, TransferEndedMessage } from './messages.ts';

type Post = (message: ChunkMessage | ChunkTakenMessage | TransferEndedMessage) => void;

const broken = (why: string): LabError => new LabError('workers.transfer-broken', { why });

interface Sending {
  /** Chunks that the receiver has taken. */
  taken: number;
  problem: LabError | null;
  wake: () => void;
}

/** Sends weights in chunks, never further ahead of the receiver than agreed. */
export class Outbox {
  readonly #post: Post;
  readonly #sending = new Map<number, Sending>();

  constructor(post: Post) {
    this.#post = post;
  }

  /**
   * Settles when the receiver has taken everything.
   *
   * @throws LabError `workers.transfer-broken` when the receiver gave up or the connection closed;
   * what the source throws is told to the receiver and thrown here
   */
  async send(
    transfer: number,
    chunks: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ): Promise<void> {
    const state: Sending = { taken: 0, problem: null, wake: () => undefined };
    this.#sending.set(transfer, state);
    const until = async (fits: () => boolean): Promise<void> => {
      while (!state.problem && !fits())
        await new Promise<void>((resolve) => (state.wake = resolve));
      if (state.problem) throw state.problem;
    };
    let index = 0;
    try {
      for await (const chunk of chunks()) {
        for (let start = 0; start < chunk.length; start += CHUNK_BYTES) {
          await until(() => index - state.taken < CHUNKS_AHEAD);
          this.#post({
            type: 'chunk',
            transfer,
            index,
            data: chunk.subarray(start, start + CHUNK_BYTES),
          });
          index++;
        }
      }
      await until(() => state.taken >= index);
    } catch (error) {
      if (!state.problem)
        this.#post({ type: 'transfer-ended', transfer, problem: messageOf(error) });
      throw error;
    } finally {
      this.#sending.delete(transfer);
    }
  }

  taken({ transfer, index }: ChunkTakenMessage): void {
    const state = this.#sending.get(transfer);
    if (!state) return; // given up meanwhile
    state.taken = Math.max(state.taken, index + 1);
    state.wake();
  }

  ended({ transfer, problem }: TransferEndedMessage): void {
    const state = this.#sending.get(transfer);
    if (!state) return;
    state.problem = broken(`The receiver gave the transfer up: ${problem}`);
    state.wake();
  }

  close(why: string): void {
    for (const state of this.#sending.values()) {
      state.problem = broken(why);
      state.wake();
    }
  }
}

interface Receiving {
  readonly waiting: Uint8Array[];
  received: number;
  bytes: number;
  next: number;
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
    const state: Receiving = {
      waiting: [],
      received: 0,
      bytes,
      next: 0,
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
    const { received, bytes, next, waiting } = state;
    const wrong =
      index !== next
        ? `chunk ${index} came in the place of chunk ${next}`
        : received + data.length > bytes
          ? `more than the announced ${bytes} bytes came`
          : waiting.length > CHUNKS_AHEAD
            ? `more than ${CHUNKS_AHEAD} chunks came before they were taken`
            : '';
    if (wrong !== '') throw new LabError('workers.bad-message/transfer', { transfer, wrong });
    waiting.push(data);
    state.received += data.length;
    state.next++;
    state.wake();
  }

  ended({ transfer, problem }: TransferEndedMessage): void {
    const state = this.#receiving.get(transfer);
    if (!state) return;
    state.problem = broken(`The sender gave the transfer up: ${problem}`);
    state.wake();
  }

  close(why: string): void {
    for (const state of this.#receiving.values()) {
      state.problem = broken(why);
      state.wake();
    }
  }

  async *#chunks(transfer: number, state: Receiving): AsyncIterable<Uint8Array> {
    let read = 0;
    try {
      for (let index = 0; read < state.bytes; index++) {
        while (!state.problem && state.waiting.length === 0)
          await new Promise<void>((resolve) => (state.wake = resolve));
        const chunk = state.waiting.shift();
        if (!chunk) throw state.problem!;
        read += chunk.length;
        yield chunk;
        this.#post({ type: 'chunk-taken', transfer, index });
      }
    } finally {
      this.#receiving.delete(transfer);
      if (read < state.bytes && !state.problem)
        this.#post({ type: 'transfer-ended', transfer, problem: 'it is not wanted any more' });
    }
  }
}

/** Gathers all chunks in one buffer. */
export async function gather(
  chunks: AsyncIterable<Uint8Array>,
  bytes: number,
): Promise<Uint8Array> {
  const whole = new Uint8Array(bytes);
  let at = 0;
  for await (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
