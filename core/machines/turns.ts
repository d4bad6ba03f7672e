/** Milliseconds of work in one turn of the event loop; other requests wait for no longer. */
const TURN = 8;

/**
 * Handles what comes in order, in portions of a few milliseconds: one read of a socket may hold a
 * hundred reports, and each of them is a transaction.
 */
export class Turns<Item> {
  readonly #handle: (item: Item) => void;
  readonly #waiting: Item[] = [];
  #until = 0;
  #isPlanned = false;

  constructor(handle: (item: Item) => void) {
    this.#handle = handle;
  }

  take(item: Item): void {
    if (!this.#isPlanned) this.#plan();
    if (this.#waiting.length === 0 && performance.now() < this.#until) this.#handle(item);
    else this.#waiting.push(item);
  }

  #plan(): void {
    this.#isPlanned = true;
    this.#until = performance.now() + TURN;
    setImmediate(() => {
      this.#isPlanned = false;
      if (this.#waiting.length === 0) return;
      this.#plan();
      while (this.#waiting.length > 0 && performance.now() < this.#until)
        this.#handle(this.#waiting.shift()!);
    });
  }
}
