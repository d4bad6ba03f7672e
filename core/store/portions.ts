import { setImmediate } from 'node:timers/promises';

/** Milliseconds of a portion of many small things. */
const PORTION = 2;

/**
 * Work cut into portions, at most one per turn of the event loop however many ask, so that messages
 * and timers get their turn between any two. A portion should take a millisecond or two.
 */
export class Portions {
  /** Waits until there is room for what writes much. */
  readonly room: () => Promise<void>;
  #last: Promise<void> = Promise.resolve();

  constructor(room: () => Promise<void> = () => Promise.resolve()) {
    this.room = room;
  }

  /** Does something with each item, with as many in a portion as fit into it. */
  async map<Item, Result>(items: readonly Item[], work: (item: Item) => Result): Promise<Result[]> {
    const results: Result[] = [];
    while (results.length < items.length)
      await this.turn(() => {
        const end = performance.now() + PORTION;
        do results.push(work(items[results.length]!));
        while (results.length < items.length && performance.now() < end);
      });
    return results;
  }

  /**
   * Runs a portion after those asked for before. A portion that throws fails its own asker only.
   */
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
