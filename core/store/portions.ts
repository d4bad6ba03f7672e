import { setImmediate } from 'node:timers/promises';

/**
 * Work cut into portions, at most one per turn of the event loop however many ask, so that messages and timers get
 * their turn between any two. A portion should take a millisecond or two.
 */
export class Portions {
  /** Waits until there is room for what writes much. */
  readonly room: () => Promise<void>;
  #last: Promise<void> = Promise.resolve();

  constructor(room: () => Promise<void> = () => Promise.resolve()) {
    this.room = room;
  }

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
}
