import { setImmediate } from 'node:timers/promises';

/**
 * Work cut into portions, at most one per turn of the event loop however many ask, so that messages and timers get
 * their turn between any two. A portion should take a millisecond or two.
 */
export class Portions {
  #last: Promise<void> = Promise.resolve();

  /** Runs a portion after those asked for before. A portion that throws fails its own asker only. */
  async turn<T>(portion: () => T): Promise<T> {
    const before = this.#last;
    const mine = before.then(() => setImmediate()).then(portion);
    this.#last = mine.then(
      () => undefined,
      () => undefined,
    );
    return mine;
  }

  /** Settles when all portions asked for so far are done. */
  async rest(): Promise<void> {
    await this.#last;
  }
}
