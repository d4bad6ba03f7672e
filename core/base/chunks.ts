/**
 * The rules of every transfer in chunks: uploads (lab/files.ts), weights of workers
 * (workers/transfer.ts) and long answers (connection/parts.ts). A sender is never further ahead of
 * the acknowledgements than its window; a receiver checks order, size and total. The messages
 * themselves belong to the three protocols.
 */

/** The sender's side of one transfer: a window of chunks that are not acknowledged yet. */
export class ChunkSender {
  readonly #ahead: number;
  #sent = 0;
  #taken = 0;
  #problem: Error | null = null;
  readonly #waiting: (() => void)[] = [];

  /** @param ahead chunks that may be on their way at once */
  constructor(ahead: number) {
    this.#ahead = ahead;
  }

  /** Why the transfer has ended; null while it goes on. */
  get problem(): Error | null {
    return this.#problem;
  }

  /**
   * Waits until the window has room, and returns the index of the chunk to send now.
   *
   * @param windowed false for a receiver of an older version, which acknowledges nothing
   * @throws the problem that ended the transfer
   */
  async next(windowed = true): Promise<number> {
    await this.#until(() => !windowed || this.#sent - this.#taken < this.#ahead);
    return this.#sent++;
  }

  /**
   * Waits until every chunk that was sent is acknowledged.
   *
   * @throws the problem that ended the transfer
   */
  async allTaken(): Promise<void> {
    await this.#until(() => this.#taken >= this.#sent);
  }

  /** Acknowledges the chunks up to this index. */
  taken(index: number): void {
    this.#taken = Math.max(this.#taken, Math.min(index + 1, this.#sent));
    this.#wakeAll();
  }

  /** Ends the transfer: `next` and `allTaken` throw the first problem from now on. */
  end(problem: Error): void {
    this.#problem ??= problem;
    this.#wakeAll();
  }

  async #until(fits: () => boolean): Promise<void> {
    while (!this.#problem && !fits())
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.#problem) throw this.#problem;
  }

  #wakeAll(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

/** What the receiver of a transfer takes. Sizes are in bytes. */
export interface ChunkLimits {
  /** Size of the whole transfer. */
  readonly total: number;
  /** Size of the largest chunk. */
  readonly largest: number;
  /** Chunks that may wait to be taken at once. */
  readonly ahead: number;
}

/** Which rule a chunk breaks. */
export type ChunkFault = 'order' | 'largest' | 'total' | 'ahead';

/** The receiver's side of one transfer. */
export class ChunkReceiver {
  readonly limits: ChunkLimits;
  #received = 0;
  #next = 0;
  #taken = 0;

  constructor(limits: ChunkLimits) {
    this.limits = limits;
  }

  /** Bytes that have come: the place of the next chunk. */
  get received(): number {
    return this.#received;
  }

  /** Index of the next chunk, from 0. */
  get next(): number {
    return this.#next;
  }

  /** Whether all bytes have come and are used up. */
  get complete(): boolean {
    return this.#received === this.limits.total && this.#taken === this.#next;
  }

  /**
   * Counts a chunk that has come, unless it breaks a rule.
   *
   * @param place the chunk's index, or the offset of its first byte
   * @returns the broken rule; null when the chunk is taken in
   */
  receive(place: { index: number } | { offset: number }, size: number): ChunkFault | null {
    const inOrder = 'index' in place ? place.index === this.#next : place.offset === this.#received;
    if (!inOrder) return 'order';
    if (size > this.limits.largest) return 'largest';
    if (this.#received + size > this.limits.total) return 'total';
    if (this.#next - this.#taken >= this.limits.ahead) return 'ahead';
    this.#received += size;
    this.#next++;
    return null;
  }

  /** Notes that the oldest chunk is used up; returns its index, to be acknowledged. */
  take(): number {
    return this.#taken++;
  }
}
